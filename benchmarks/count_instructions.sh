#!/bin/sh
# Instructions per recorded and swept operation, counted by callgrind: they repeat exactly where times do not.
#   count_instructions.sh PROGRAM           prints the table
#   count_instructions.sh PROGRAM RECORDED  compares with recorded values; exit 1 if one has grown by more than 10 %
# PROGRAM is wengert_instructions. What a run costs besides (starting, inputs) cancels: 21 repetitions less 1.
set -eu
program=$1
recorded=${2:-}
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

count() { # kernel repetitions -> instructions
  valgrind --tool=callgrind --callgrind-out-file="$directory/out" "$program" "$1" "$2" >"$directory/nodes" 2>"$directory/log" ||
    { cat "$directory/log" >&2; exit 1; }
  sed -n 's/^summary: \([0-9]*\).*/\1/p; s/^totals: \([0-9]*\).*/\1/p' "$directory/out" | head -1
}

status=0
for kernel in vae_kl gmm product mlp; do
  few=$(count $kernel 1)
  many=$(count $kernel 21)
  nodes=$(cat "$directory/nodes")
  now=$(awk "BEGIN { printf \"%.1f\", ($many - $few) / 20 / $nodes }")
  if [ -z "$recorded" ]; then
    echo "$kernel $now"
    continue
  fi
  before=$(awk -v kernel=$kernel '$1 == kernel { print $2 }' "$recorded")
  if awk "BEGIN { exit !($now > 1.1 * $before) }"; then
    echo "$kernel: $now instructions per operation, recorded are $before: more than 10 % over" >&2
    status=1
  else
    echo "$kernel: $now instructions per operation, recorded are $before"
  fi
done
exit $status
