#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>
#include <wengert/eigen.hpp>

auto f(const Eigen::Array<wengert::Var, 2, 1>& a, const Eigen::Array<wengert::Var, 2, 1>& x) { return zeta(a, x).eval(); }
