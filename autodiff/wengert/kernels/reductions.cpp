#include "wengert/reductions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "wengert/error.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/vector_math.hpp"

namespace wengert::detail {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

class ReductionOperation final : public NaryOperation {
 public:
  ReductionOperation(Reduction reduction, std::size_t arguments) : reduction_(reduction), arguments_(arguments) {}

  const char* name() const override {
    return visit_reduction(reduction_, []<class Rule>(Rule) { return Rule::name; });
  }
  int arity() const override { return static_cast<int>(arguments_); }
  double value(std::span<const double> x) const override {
    Scratch<double> partials(arity());
    return compute(reduction_, x, partials.span());
  }
  void partials(std::span<const double> x, double, std::span<double> out) const override { compute(reduction_, x, out); }
  const NaryOperation* partial(int) const override { return nullptr; }  // sweeps ask the rule
  Identity identity() const override {
    static constexpr std::array<char, 8> address{};
    return {&address[static_cast<std::size_t>(reduction_)], arguments_};
  }
  const NaryOperation* clone() const override { return new ReductionOperation(*this); }
  double value_error(std::span<const double> x, double result) const override {
    return visit_reduction(reduction_, [&]<class Rule>(Rule) { return Rule::error(x, result) * 0x1p-53; });
  }
  Reduction reduction() const override { return reduction_; }

 private:
  Reduction reduction_;
  std::size_t arguments_;
};

/// The largest of some numbers, minus infinity of none; where one is NaN, any.
double largest_of(std::span<const double> x) {
  double largest[] = {-infinity, -infinity, -infinity, -infinity};  // side by side, not one after the other
  std::size_t k = 0;
  for (; k + 4 <= x.size(); k += 4)
    for (std::size_t lane = 0; lane < 4; ++lane) largest[lane] = largest[lane] < x[k + lane] ? x[k + lane] : largest[lane];
  for (; k < x.size(); ++k) largest[0] = largest[0] < x[k] ? x[k] : largest[0];
  return *std::max_element(std::begin(largest), std::end(largest));
}

/// With the largest argument taken out of the exponentials, which therefore don't overflow.
double log_sum_exp_of(std::span<const double> x, std::span<double> partials) {
  const double largest = largest_of(x);
  const double shift = largest == -infinity ? 0 : largest;  // the sum is 0 then
  for (std::size_t k = 0; k < x.size(); ++k) partials[k] = x[k] - shift;
  vector_math::exp(partials, partials);
  double sum = 0;
  for (const double exponential : partials) sum += exponential;
  const double share = 1 / sum;
  for (double& partial : partials) partial *= share;  // 0 * inf where all are minus infinity
  return largest == infinity ? infinity : std::log(sum) + shift;
}

}  // namespace

double compute(Reduction reduction, std::span<const double> x, std::span<double> partials) {
  const std::size_t n = reduction == Reduction::Dot ? x.size() / 2 : x.size();
  double sum = 0;
  switch (reduction) {
    case Reduction::Sum:
      for (std::size_t k = 0; k < n; ++k) sum += x[k];
      std::fill(partials.begin(), partials.end(), 1.0);
      return sum;
    case Reduction::Dot:
      for (std::size_t k = 0; k < n; ++k) sum += x[k] * x[n + k];
      std::copy(x.begin() + static_cast<std::ptrdiff_t>(n), x.end(), partials.begin());
      std::copy(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(n), partials.begin() + static_cast<std::ptrdiff_t>(n));
      return sum;
    case Reduction::SquaredNorm:
      for (std::size_t k = 0; k < n; ++k) {
        sum += x[k] * x[k];
        partials[k] = 2 * x[k];
      }
      return sum;
    default:
      return log_sum_exp_of(x, partials);
  }
}

NodeId adopt(Tape& tape, Reduction reduction, std::size_t arguments) {
  return tape.adopt(ReductionOperation(reduction, arguments));
}

void throw_lengths(const char* name, std::size_t x, std::size_t y, Location at) {
  throw ShapeMismatch(fmt::format("{}: {} entries times {}; both ranges must have the same length", called(name, at), x, y));
}

}  // namespace wengert::detail
