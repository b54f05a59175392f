#include "wengert/custom.hpp"

#include <fmt/format.h>

#include <utility>

#include "wengert/bounded.hpp"
#include "wengert/error.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {

using detail::called;

struct CustomOperation::Rules {
  std::string name;
  int arity;
  Value value;
  PartialsOf partials;
  std::vector<CustomOperation> partial_operations;
  ErrorOf error;
  BoundsOf bounds;
};

CustomOperation::CustomOperation(std::string name, int arity, Value value, PartialsOf partials,
                                 std::vector<CustomOperation> partial_operations, ErrorOf error, BoundsOf bounds)
    : rules_(std::make_shared<Rules>(Rules{std::move(name), arity, std::move(value), std::move(partials),
                                           std::move(partial_operations), std::move(error), std::move(bounds)})) {
  const auto& seconds = rules_->partial_operations;
  if (arity < 1)
    throw ShapeMismatch(fmt::format("custom operation `{}`: {} arguments; it needs at least one", rules_->name, arity));
  if (!seconds.empty() && seconds.size() != static_cast<std::size_t>(arity))
    throw ShapeMismatch(fmt::format("custom operation `{}`: {} partial operations for {} arguments; give one for each, or none",
                                    rules_->name, seconds.size(), arity));
  for (const CustomOperation& second : seconds)
    if (second.arity() != arity)
      throw ShapeMismatch(fmt::format(
          "custom operation `{}`: its partial `{}` takes {} arguments, not {}; a partial takes what the operation takes",
          rules_->name, second.name(), second.arity(), arity));
}

Var CustomOperation::operator()(std::span<const Var> x, Location at) const {
  if (x.size() != static_cast<std::size_t>(arity()))
    throw ShapeMismatch(fmt::format("{}: {} arguments, but it takes {}", called(name(), at), x.size(), arity()));
  return detail::record_nary(*this, x, at);
}

const char* CustomOperation::name() const { return rules_->name.c_str(); }
int CustomOperation::arity() const { return rules_->arity; }
double CustomOperation::value(std::span<const double> x) const { return rules_->value(x); }
void CustomOperation::partials(std::span<const double> x, double result, std::span<double> partials) const {
  rules_->partials(x, result, partials);
}
const NaryOperation* CustomOperation::partial(int k) const {
  return rules_->partial_operations.empty() ? nullptr : &rules_->partial_operations[static_cast<std::size_t>(k)];
}
NaryOperation::Identity CustomOperation::identity() const { return {rules_.get()}; }
double CustomOperation::value_error(std::span<const double> x, double result) const {
  if (rules_->error) return rules_->error(x, result);
  std::vector<Bounded> exact;
  for (const double number : x) exact.emplace_back(number, 0.0);
  try {
    if (rules_->bounds) return rules_->bounds(exact, {}).error;
  } catch (const NoSecondOrder&) {  // an operation within has none
  }
  return NaryOperation::value_error(x, result);
}
Bounded CustomOperation::bounded(std::span<const Bounded> x, std::span<Bounded> partials) const {
  if (rules_->bounds) return rules_->bounds(x, partials);
  if (!rules_->error || (!partials.empty() && rules_->partial_operations.empty())) detail::throw_no_bounds(name());
  for (std::size_t k = 0; k < partials.size(); ++k) partials[k] = rules_->partial_operations[k].bounded(x, {});
  return Bounded::of(*this, x);
}
const NaryOperation* CustomOperation::clone() const { return new CustomOperation(*this); }

// Never called: a call to it is what stops constant evaluation.
void detail::a_fused_function_cannot_use_a_custom_operation_record_it_instead() {}

}  // namespace wengert
