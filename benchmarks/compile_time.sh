#!/bin/sh
# Seconds to compile a program that takes one gradient, one that fuses a function of N operations, derivatives of elements, and
# other people's templates with Var where double stands, as columns for gnuplot.
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

# decompositions and the exponential of a matrix, solvers of differential equations, special functions
cat >"$directory/eigen.cpp" <<'END'
#include <Eigen/Dense>
#include <unsupported/Eigen/MatrixFunctions>
using Matrix = Eigen::Matrix<NUMBER, Eigen::Dynamic, Eigen::Dynamic>;
Matrix f(const Matrix& a) {
  const Eigen::JacobiSVD<Matrix> jacobi(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::BDCSVD<Matrix> divided(a, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const Eigen::FullPivLU<Matrix> lu(a);
  const Eigen::HouseholderQR<Matrix> qr(a);
  const Eigen::SelfAdjointEigenSolver<Matrix> symmetric(a);
  const Eigen::EigenSolver<Matrix> general(a);
  return jacobi.matrixU() + divided.matrixU() + lu.inverse() + qr.solve(a) + symmetric.eigenvectors() + general.pseudoEigenvectors() +
         Matrix(a.exp());
}
END
cat >"$directory/odeint.cpp" <<'END'
#include <boost/numeric/odeint.hpp>
#include <vector>
using State = std::vector<NUMBER>;
void f(State& x) {
  namespace odeint = boost::numeric::odeint;
  const auto pendulum = [](const State& at, State& slope, NUMBER) { slope = {at[1], -at[0]}; };
  odeint::runge_kutta4<State, NUMBER, State, NUMBER> steps;
  odeint::integrate_const(steps, pendulum, x, NUMBER(0), NUMBER(1), NUMBER(0.1));
  odeint::runge_kutta_dopri5<State, NUMBER, State, NUMBER> adaptive;
  odeint::integrate_adaptive(odeint::make_controlled(NUMBER(1e-8), NUMBER(1e-8), adaptive), pendulum, x, NUMBER(0), NUMBER(1), NUMBER(0.1));
}
END
cat >"$directory/special.cpp" <<'END'
#include <boost/math/special_functions.hpp>
NUMBER f(NUMBER x, NUMBER y) {
  using namespace boost::math;
  return boost::math::tgamma(x) + digamma(x) + boost::math::beta(x, y) + gamma_p(x, y) + ibeta(x, y, x) + cyl_bessel_j(1, x) +
         cyl_bessel_k(x, y) + boost::math::expint(x) + zeta(x) + ellint_1(x) + legendre_p(3, x) + airy_ai(x) + lambert_w0(x);
}
END
for compiler in "$@"; do
  command -v "$compiler" >/dev/null || continue
  while read -r program header; do
    "$compiler" -std=c++20 -E -I/usr/include/eigen3 "$directory/$program.cpp" >/dev/null 2>&1 || continue  # not installed
    for level in -O0 -O2; do
      for flags in -DNUMBER=double "-DNUMBER=wengert::Var -include wengert/$header.hpp"; do
        number=${flags#*=} number=${number%% *}
        echo "$compiler $level ${program}_of_${number#*::} $(seconds "$compiler" -std=c++20 $level $flags -I"$include" -I/usr/include/eigen3 -c "$directory/$program.cpp" -o "$directory/$program.o")"
      done
    done
  done <<END
eigen eigen
odeint boost
special boost
END
done
