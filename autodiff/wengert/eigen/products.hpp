// Matrix products with Vars in one factor or both, coefficient by coefficient. Eigen's blocked kernels want one type of scalar,
// and record a product with 1 and a sum with 0 besides.
#pragma once

#include "wengert/eigen/number.hpp"

namespace wengert::detail {

using AnyMatrix = Eigen::Matrix<Var, Eigen::Dynamic, Eigen::Dynamic>;

/// A product, assigned, added or subtracted: what Eigen asks of a generic_product_impl, from Derived::product(lhs, rhs).
template <class Lhs, class Rhs, class Derived>
struct CoefficientProduct {
  template <class Result>
  static void evalTo(Result& result, const Lhs& lhs, const Rhs& rhs) {
    result.noalias() = Derived::product(lhs, rhs);
  }
  template <class Result>
  static void addTo(Result& result, const Lhs& lhs, const Rhs& rhs) {
    result.noalias() += Derived::product(lhs, rhs);
  }
  template <class Result>
  static void subTo(Result& result, const Lhs& lhs, const Rhs& rhs) {
    result.noalias() -= Derived::product(lhs, rhs);
  }
  template <class Result>
  static void scaleAndAddTo(Result& result, const Lhs& lhs, const Rhs& rhs, const Var& scale) {
    result.noalias() += scale * Derived::product(lhs, rhs);
  }
};

template <class Lhs, class Rhs>
struct DenseProduct : CoefficientProduct<Lhs, Rhs, DenseProduct<Lhs, Rhs>> {
  static auto product(const Lhs& lhs, const Rhs& rhs) { return lhs.lazyProduct(rhs); }
};

/// A triangular view times a dense matrix: the zeros of the other half take no part.
template <class View, class Dense>
AnyMatrix triangular_product(const View& view, const Dense& dense) {
  constexpr auto mode = static_cast<unsigned>(View::Mode);
  constexpr bool lower = (mode & Eigen::Lower) != 0, whole = (mode & (Eigen::UnitDiag | Eigen::ZeroDiag)) == 0;
  const auto& factor = view.nestedExpression();
  const typename Eigen::internal::nested_eval<Dense, Eigen::Dynamic>::type rows(dense);
  AnyMatrix result(view.rows(), dense.cols());
  for (Eigen::Index i = 0; i < view.rows(); ++i) {
    const Eigen::Index on = i < view.cols() ? i : view.cols();  // below the diagonal's end there is none
    const bool has_diagonal = on == i && i < view.cols();
    const Eigen::Index first = lower ? 0 : whole ? on : has_diagonal ? on + 1 : on;
    const Eigen::Index last = !lower ? view.cols() : whole && has_diagonal ? on + 1 : on;
    result.row(i) = factor.row(i).segment(first, last - first).lazyProduct(rows.middleRows(first, last - first));
    if ((mode & Eigen::UnitDiag) && has_diagonal) result.row(i) += rows.row(i);
  }
  return result;
}

template <class View, class Dense>
struct TriangularProduct : CoefficientProduct<View, Dense, TriangularProduct<View, Dense>> {
  static auto product(const View& view, const Dense& dense) { return triangular_product(view, dense); }
};
template <class Dense, class View>
struct ProductTriangular : CoefficientProduct<Dense, View, ProductTriangular<Dense, View>> {
  static AnyMatrix product(const Dense& dense, const View& view) {
    return triangular_product(view.transpose(), dense.transpose()).transpose();
  }
};

/// A self-adjoint view as a whole matrix; copies of Vars are no operations.
template <class View>
Eigen::Matrix<typename View::Scalar, Eigen::Dynamic, Eigen::Dynamic> whole(const View& view) {
  return view;
}
template <class View, class Dense>
struct SelfAdjointProduct : CoefficientProduct<View, Dense, SelfAdjointProduct<View, Dense>> {
  static AnyMatrix product(const View& view, const Dense& dense) { return whole(view).lazyProduct(dense); }
};
template <class Dense, class View>
struct ProductSelfAdjoint : CoefficientProduct<Dense, View, ProductSelfAdjoint<Dense, View>> {
  static AnyMatrix product(const Dense& dense, const View& view) { return dense.lazyProduct(whole(view)); }
};

}  // namespace wengert::detail

namespace Eigen::internal {

template <class Lhs, class Rhs>
  requires wengert::detail::WithVars<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, GemmProduct> : wengert::detail::DenseProduct<Lhs, Rhs> {};
template <class Lhs, class Rhs>
  requires wengert::detail::WithVars<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, DenseShape, GemvProduct> : wengert::detail::DenseProduct<Lhs, Rhs> {};

template <class Lhs, class Rhs, int Tag>
  requires wengert::detail::WithVars<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, TriangularShape, DenseShape, Tag> : wengert::detail::TriangularProduct<Lhs, Rhs> {};
template <class Lhs, class Rhs, int Tag>
  requires wengert::detail::WithVars<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, TriangularShape, Tag> : wengert::detail::ProductTriangular<Lhs, Rhs> {};

template <class Lhs, class Rhs, int Tag>
  requires wengert::detail::WithVars<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, SelfAdjointShape, DenseShape, Tag> : wengert::detail::SelfAdjointProduct<Lhs, Rhs> {};
template <class Lhs, class Rhs, int Tag>
  requires wengert::detail::WithVars<Lhs, Rhs>
struct generic_product_impl<Lhs, Rhs, DenseShape, SelfAdjointShape, Tag> : wengert::detail::ProductSelfAdjoint<Lhs, Rhs> {};

}  // namespace Eigen::internal
