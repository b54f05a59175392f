// A fused function as a cost function of Ceres Solver: residuals and Jacobians in straight-line code, no Jets.
//
//   constexpr auto residual = [](const auto& camera, const auto& point, auto u, auto v) { …; return std::array{…}; };
//   problem.AddResidualBlock(new wengert::FusedCostFunction<residual, 2, 9, 3>(u, v), nullptr, camera, point);
#pragma once

#include <ceres/sized_cost_function.h>

#include <array>
#include <cstddef>
#include <utility>

#include "wengert/fuse.hpp"

namespace wengert {

/// `callable` takes an array of each parameter block's size, then plain numbers, the data of this residual block; it returns an
/// array (or tuple) of `residuals` numbers. Fused as fuse(callable): it may not capture anything nor branch on values. The data
/// are handed to the constructor, a number for each. Nothing is allocated by an evaluation; several threads may evaluate.
template <auto callable, int residuals, int... blocks>
class FusedCostFunction final : public ceres::SizedCostFunction<residuals, blocks...> {
 public:
  /// The data of this residual block, a number for each, converted to double: 32 at most.
  template <class... Data>
  explicit FusedCostFunction(Data... data) : evaluate_(&evaluate_at<sizeof...(Data)>) {
    static_assert(sizeof...(Data) <= most_data, "FusedCostFunction: 32 numbers of data at most");
    double* next = data_.data();
    ((*next++ = static_cast<double>(data)), ...);
  }
  /// What Ceres calls: residuals, and where `jacobians` asks for them the derivatives in each parameter block. Always true.
  bool Evaluate(const double* const* parameters, double* values, double** jacobians) const override {
    evaluate_(parameters, data_.data(), values, jacobians);
    return true;
  }

 private:
  static constexpr std::size_t most_data = 32;
  static constexpr auto fused = fuse(callable);

  template <std::size_t count>
  static void evaluate_at(const double* const* parameters, const double* data, double* values, double** jacobians) {
    static constexpr std::array<std::size_t, sizeof...(blocks)> sizes{static_cast<std::size_t>(blocks)...};
    const auto call = [&]<std::size_t... b, std::size_t... d>(std::index_sequence<b...>, std::index_sequence<d...>, auto with) {
      return with(block<sizes[b]>(parameters[b])..., data[d]...);
    };
    const auto with_all = [&](auto with) {
      return call(std::make_index_sequence<sizeof...(blocks)>(), std::make_index_sequence<count>(), with);
    };
    if (jacobians == nullptr) {
      const auto all = with_all([](const auto&... x) { return fused.values(x...); });
      put(all, values);
      return;
    }
    const auto all = with_all([](const auto&... x) { return fused.values_and_jacobian(x...); });
    put(all.values, values);
    std::size_t first = 0;
    for (std::size_t b = 0; b < sizes.size(); first += sizes[b++])
      if (jacobians[b] != nullptr)
        for (std::size_t i = 0; i < residuals; ++i)
          for (std::size_t k = 0; k < sizes[b]; ++k) jacobians[b][i * sizes[b] + k] = all.jacobian[i][first + k];
  }
  template <std::size_t length>
  static void put(const std::array<double, length>& from, double* to) {
    static_assert(length == residuals, "FusedCostFunction: the callable returns another number of residuals");
    for (std::size_t i = 0; i < length; ++i) to[i] = from[i];
  }
  template <std::size_t size>
  static std::array<double, size> block(const double* from) {
    std::array<double, size> numbers;
    for (std::size_t k = 0; k < size; ++k) numbers[k] = from[k];
    return numbers;
  }

  std::array<double, most_data> data_{};
  void (*evaluate_)(const double* const*, const double*, double*, double**);
};

}  // namespace wengert
