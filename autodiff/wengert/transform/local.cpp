#include "wengert/local.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "wengert/bounded.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/jacobian.hpp"
#include "wengert/sweep/scratch.hpp"

namespace wengert::detail {
namespace {

using Numbers = std::span<const double>;

/// The side tapes of a thread, the outermost first; those from `in_use` on are free.
struct SideTapes {
  std::vector<std::unique_ptr<Tape>> tapes;
  std::size_t in_use = 0;

  Tape& take() {
    if (in_use == tapes.size()) tapes.push_back(std::make_unique<Tape>(false));
    Tape& tape = *tapes[in_use++];
    tape.clear();
    return tape;
  }
};
thread_local SideTapes side_tapes;

}  // namespace

SideTape::SideTape() : tape_(side_tapes.take()) {}
SideTape::~SideTape() { --side_tapes.in_use; }

void differentiate(Tape& tape, const Var& y, std::span<double> out) {
  const NodeId dependent = index_on(tape, y, "local", {});
  thread_local Values<double> spare;
  Values<double> adjoints = std::exchange(spare, {});  // a sweep may meet a piece that makes one of its own
  adjoints.reset(tape.constants(), tape.size());
  adjoints[dependent] = 1;
  pull_back_all(tape, tape.values().base, adjoints.base(), dependent + 1);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = adjoints[tape.independents()[k]];
  spare = std::move(adjoints);
}

void hessian_row(Tape& tape, const Var& y, std::size_t k, std::span<double> out) {
  index_on(tape, y, "local", {});
  std::vector<Var> variables;
  std::vector<double> direction(out.size());
  for (std::size_t j = 0; j < out.size(); ++j) variables.emplace_back(tape, tape.independents()[j]);
  direction[k] = 1;
  const std::vector<double> row = hessian_vector_product(y, variables, direction);
  std::copy(row.begin(), row.end(), out.begin());
}

Bounded differentiate_with_bounds(const Tape& tape, NodeId dependent, std::span<const Bounded> x, std::span<Bounded> out) {
  const Values<Bounded> values = forward_sweep(tape, x);
  if (out.empty()) return values[dependent];
  Values<Bounded> adjoints(tape.constants(), tape.size());
  adjoints[dependent] = Bounded(1.0, 0.0);
  pull_back_all(tape, values.base(), adjoints.base(), dependent + 1);
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = adjoints[tape.independents()[k]];
  return values[dependent];
}

CustomOperation local_operation(std::size_t inputs, CustomOperation::Value value,
                                std::function<void(Numbers x, std::span<double> out)> gradient,
                                std::function<void(Numbers x, std::size_t k, std::span<double> out)> hessian_row,
                                CustomOperation::BoundsOf bounds) {
  const auto arity = static_cast<int>(inputs);
  std::vector<CustomOperation> partials;
  for (std::size_t k = 0; k < inputs; ++k)
    partials.emplace_back(
        "local'", arity,
        [gradient, k](Numbers x) {
          Scratch<double> all(static_cast<NodeId>(x.size()));
          gradient(x, all.span());
          return all.span()[k];
        },
        [hessian_row, k](Numbers x, double, std::span<double> out) { hessian_row(x, k, out); });
  return CustomOperation(
      "local", arity, std::move(value), [gradient](Numbers x, double, std::span<double> out) { gradient(x, out); },
      std::move(partials), {}, std::move(bounds));
}

CustomOperation local_operation(const Function& function) {
  return local_operation(
      function.inputs(), [function](Numbers x) { return function(x); },
      [function](Numbers x, std::span<double> out) {
        const std::vector<double> gradient = function.gradient(x);
        std::copy(gradient.begin(), gradient.end(), out.begin());
      },
      [function](Numbers x, std::size_t k, std::span<double> out) {
        std::vector<double> direction(x.size());
        direction[k] = 1;
        const std::vector<double> row = function.hessian_vector(x, std::span<const double>(direction));
        std::copy(row.begin(), row.end(), out.begin());
      },
      [function](std::span<const Bounded> x, std::span<Bounded> out) {
        return differentiate_with_bounds(function.tape(), function.dependents()[0], x, out);
      });
}

}  // namespace wengert::detail
