// Eigen: tensors of variables.
#include <gmock/gmock.h>

#include <unsupported/Eigen/CXX11/Tensor>
#include <wengert/eigen.hpp>
#include <wengert/std.hpp>
#include <wengert/wengert.hpp>

#include "like_numbers.hpp"

namespace {

using consumers::like_numbers;

const std::vector<std::array<double, 3>> points = {{0.7, 1.3, 0.3}, {0.2, -1.1, 0.7}};

/// Entries sin(a i) + b.
template <class T, int rank>
Eigen::Tensor<T, rank> filled(const Eigen::array<Eigen::Index, rank>& sizes, const T& a, const T& b) {
  Eigen::Tensor<T, rank> t(sizes);
  for (Eigen::Index i = 0; i < t.size(); ++i) t.data()[i] = sin(a * T(i)) + b;
  return t;
}
/// A sum in which no entry can hide.
template <class T, int rank>
T weighed(const Eigen::Tensor<T, rank>& t) {
  T sum = 0;
  for (Eigen::Index i = 0; i < t.size(); ++i) sum += t.data()[i] * T(i % 5 + 1);
  return sum;
}

// The widest difference turns sin(60 a) by less than a tenth.
const consumers::Limits limits{.reach = 1.0 / 2048};

TEST(EigenTensors, ContractAndConvolve) {
  const auto contract = []<class T>(T a, T b, T c) {
    const Eigen::Tensor<T, 3> t = filled<T, 3>({3, 4, 5}, a, b);
    const Eigen::Tensor<T, 2> u = filled<T, 2>({5, 2}, c, a);
    const Eigen::array<Eigen::IndexPair<int>, 1> last_with_first{Eigen::IndexPair<int>(2, 0)};
    return weighed<T, 3>(t.contract(u, last_with_first));
  };
  like_numbers<3>("contract", contract, points, limits);
  const auto convolve = []<class T>(T a, T b, T c) {
    const Eigen::Tensor<T, 2> t = filled<T, 2>({6, 5}, a, b), kernel = filled<T, 2>({2, 2}, c, b);
    const Eigen::array<int, 2> both{0, 1};
    return weighed<T, 2>(t.convolve(kernel, both));
  };
  like_numbers<3>("convolve", convolve, points, limits);
}

TEST(EigenTensors, ReduceShuffleAndTakeFunctions) {
  const auto f = []<class T>(T a, T b, T c) {
    const Eigen::Tensor<T, 3> t = filled<T, 3>({3, 4, 5}, a, b + T(3));
    const Eigen::array<int, 1> along{1};
    const Eigen::Tensor<T, 2> r = t.sum(along) + t.maximum(along) + t.minimum(along) + t.mean(along) * c + t.prod(along);
    const Eigen::array<int, 2> turn{1, 0};
    const Eigen::Tensor<T, 2> q = (r.shuffle(turn) * T(0.01)).exp();
    return weighed<T, 2>(q.log().sqrt() + q.abs() + q.tanh() + q.sigmoid() + q.square() + q.cwiseMax(T(1.25)) + q.inverse());
  };
  like_numbers<3>("functions", f, points, limits);
}

}  // namespace
