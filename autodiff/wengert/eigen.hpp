// Var as the scalar of Eigen's matrices: Eigen::Matrix<Var, …> in products, decompositions and solves. Needs Eigen 3.4.
//
// Every scalar operation of Eigen's algorithm is recorded, its pivoting comparisons as guarded branches. Matrices of numbers and
// of variables mix. x.cast<double>() gives values, without their derivatives. What Eigen's iterations lose: CONVENTIONS.md.
#pragma once

#include <Eigen/Core>

#include "wengert/eigen/number.hpp"
#include "wengert/eigen/products.hpp"
#include "wengert/eigen/reflections.hpp"
#include "wengert/eigen/solves.hpp"
#include "wengert/eigen/sparse.hpp"
#include "wengert/eigen/sparse_qr.hpp"
#include "wengert/var.hpp"

namespace wengert {

using MatrixXv = Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic>;
using VectorXv = Eigen::Matrix<Var, Eigen::Dynamic, 1>;

}  // namespace wengert
