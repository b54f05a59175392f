#!/bin/sh
# Seconds to compile a program that takes one gradient, one that fuses a function of N operations, and derivatives of elements, as
# columns for gnuplot.
#   compile_time.sh INCLUDE_FOLDER [COMPILER...]   (default compilers: g++ clang++)
set -eu
include=$1
here=$(cd "$(dirname "$0")" && pwd)
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
for compiler in "$@"; do
  command -v "$compiler" >/dev/null || continue
  while read -r what kernel shape gathered call; do
    cat >"$directory/elements.cpp" <<END
#include <wengert/fused_elements.hpp>

#include "kernels/elastic.hpp"
#include "kernels/reprojection.hpp"

auto f(std::span<const double> x, const wengert::Elements& elements, const wengert::Samples& data) {
  return $call(wengert::fuse(kernels::$kernel, wengert::Shape<$shape>()).gathering<$gathered>(), x, elements, data);
}
END
    echo "$compiler -O2 ${what}_of_$kernel $(seconds "$compiler" -std=c++20 -O2 -I"$include" -I"$here" -c "$directory/elements.cpp" -o "$directory/elements.o")"
  done <<END
jacobian_2x15 reprojection 11,3,1,2 15 residuals
gradient_6 spring 3,3,0 6 sum_gradient
hessian_6x6 spring 3,3,0 6 sum_hessian
gradient_12 tetrahedron 12,10 12 sum_gradient
hessian_12x12 tetrahedron 12,10 12 sum_hessian
END
done
