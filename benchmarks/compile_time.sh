#!/bin/sh
# Seconds to compile a program that takes one gradient, and one that fuses a function of N operations, as columns for gnuplot.
#   compile_time.sh INCLUDE_FOLDER [COMPILER...]   (default compilers: g++ clang++)
set -eu
include=$1
shift
[ $# -gt 0 ] || set -- g++ clang++
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

seconds() { # command... -> seconds of processor time and peak megabytes, best of three
  for _ in 1 2 3; do
    /usr/bin/env time -f '%U %S %M' "$@" 2>&1 >/dev/null | tail -1 | awk '{ printf "%.2f %.0f\n", $1 + $2, $3 / 1024 }'
  done | sort -n | head -1
}

cat >"$directory/one.cpp" <<'END'
#include <wengert/wengert.hpp>

int main() {
  wengert::Tape tape;
  const wengert::Var x = tape.variable(0.5), y = tape.variable(0.8);
  return wengert::gradient(sin(x) * y).wrt(x) > 0 ? 0 : 1;
}
END
echo "# compiler  flags  program  seconds  MB"
for compiler in "$@"; do
  command -v "$compiler" >/dev/null || continue
  for level in -O0 -O2; do
    echo "$compiler $level one_gradient $(seconds "$compiler" -std=c++20 $level -I"$include" -c "$directory/one.cpp" -o "$directory/one.o")"
  done
done
for compiler in "$@"; do
  command -v "$compiler" >/dev/null || continue
  for operations in 10 100 300 1000; do
    cat >"$directory/fused.cpp" <<END
#include <wengert/fuse.hpp>

double f(double x, double y) {
  constexpr auto chain = wengert::fuse([](auto a, auto b) {
    auto z = a;
    for (int k = 0; k < $operations / 2; ++k) z = z * b + a;
    return z;
  });
  return chain.gradient(x, y)[0];
}
END
    limits=
    case $compiler in *clang*) limits="-fconstexpr-steps=100000000" ;; esac
    echo "$compiler -O2 fused_$operations $(seconds "$compiler" -std=c++20 -O2 $limits -I"$include" -c "$directory/fused.cpp" -o "$directory/fused.o")"
  done
done
