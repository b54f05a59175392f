// Householder reflections of Vars, on which QR decompositions, and the reductions before eigenvalues and singular values, stand.
#pragma once

#include "wengert/eigen/number.hpp"

namespace wengert::detail {

/// The elementary reflector I - tau v v' that takes x to (beta, 0, …, 0), v = (1, essential).
// Eigen reflects nothing where the tail is 0: a jump, and neither tau nor beta has the derivatives of the way there. So only a
// tail that is 0 for good is left as it is.
template <class Argument, class Essential>
void make_reflector(const Argument& x, Essential& essential, Var& tau, Var& beta) {
  const Var head = x.coeff(0);
  Var squares = head * head;
  bool zero_tail = true;
  for (Eigen::Index k = 1; k < x.size(); ++k)
    if (const Var entry = x.coeff(k); !always_zero(entry)) {
      squares += entry * entry;
      zero_tail = false;
    }
  if (zero_tail || squares <= std::numeric_limits<double>::min()) {
    tau = 0;
    beta = head;
    essential.setZero();
    return;
  }
  beta = sqrt(squares);
  if (head >= 0) beta = -beta;
  const Var first = head - beta;
  for (Eigen::Index k = 1; k < x.size(); ++k) essential.coeffRef(k - 1) = x.coeff(k) / first;
  tau = -first / beta;
}

}  // namespace wengert::detail

namespace Eigen {

/// A segment of a vector: its reflections are ours.
template <class Vector, int Size>
  requires wengert::detail::OfVars<Vector>
class VectorBlock<Vector, Size> : public Block<Vector, internal::traits<Vector>::Flags & RowMajorBit ? 1 : Size,
                                               internal::traits<Vector>::Flags & RowMajorBit ? Size : 1> {
  static constexpr bool is_column = !(internal::traits<Vector>::Flags & RowMajorBit);
  using Base = Block<Vector, is_column ? Size : 1, is_column ? 1 : Size>;

 public:
  EIGEN_DENSE_PUBLIC_INTERFACE(VectorBlock)
  EIGEN_INHERIT_ASSIGNMENT_OPERATORS(VectorBlock)

  VectorBlock(Vector& vector, Index start, Index size)
      : Base(vector, is_column ? start : 0, is_column ? 0 : start, is_column ? size : 1, is_column ? 1 : size) {}
  VectorBlock(Vector& vector, Index start) : Base(vector, is_column ? start : 0, is_column ? 0 : start) {}

  void makeHouseholderInPlace(wengert::Var& tau, wengert::Var& beta) {
    auto essential = this->derived().tail(this->size() - 1);
    wengert::detail::make_reflector(this->derived(), essential, tau, beta);
  }
  template <class Essential>
  void makeHouseholder(Essential& essential, wengert::Var& tau, wengert::Var& beta) const {
    wengert::detail::make_reflector(this->derived(), essential, tau, beta);
  }
};

}  // namespace Eigen
