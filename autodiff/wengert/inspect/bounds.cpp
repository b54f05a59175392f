#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "wengert/forward_sweep.hpp"
#include "wengert/gradient_with_bounds.hpp"
#include "wengert/notation.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {
namespace {

// At the point that was recorded.
Values<Bounded> values_with_bounds(const Tape& tape) {
  std::vector<Bounded> point;
  point.reserve(tape.independents().size());
  for (const NodeId i : tape.independents()) point.emplace_back(tape.value(i), 0.0);
  return forward_sweep(tape, std::span<const Bounded>(point));
}

/// What a node made of the digits that went in.
struct Loss {
  NodeId node = -1;
  bool on_the_way_back = false;
  double before = 0, after = 0;

  double digits() const { return before - after; }
};

/// The digits of the least precise of some numbers that count: not those that are far smaller than the largest.
class Digits {
 public:
  void add(const Bounded& x) {
    const double size = std::fabs(x.value);
    largest_ = std::max(largest_, size);
    parts_.push_back(x);
  }
  double least() const {
    double least = Bounded(1.0, 0.0).digits();
    for (const Bounded& x : parts_)
      if (std::fabs(x.value) >= 1e-3 * largest_) least = std::min(least, x.digits());
    return least;
  }

 private:
  double largest_ = 0;
  std::vector<Bounded> parts_;
};

}  // namespace

GradientWithBounds gradient_with_bounds(const Var& t, Location at) {
  if (t.is_constant()) return {};
  if (t.generation() != t.tape()->generation()) detail::throw_stale("gradient_with_bounds", t, at);
  const Values<Bounded> values = values_with_bounds(*t.tape());
  const Seed<Bounded> seed{t, Bounded(1.0, 0.0)};
  return reverse_sweep<Bounded>(*t.tape(), values, std::span(&seed, 1), at);
}

Cancellation explain_cancellation(const Var& t, Location at) {
  Cancellation result;
  result.message = fmt::format("no digits were lost on the way to the gradient of {}", detail::describe(t));
  if (t.is_constant()) return result;
  const GradientWithBounds gradient = gradient_with_bounds(t, at);
  const Tape& tape = *t.tape();
  const Values<Bounded> values = values_with_bounds(tape);
  const Values<Bounded>& adjoints = gradient.adjoints;

  Loss worst;
  const auto see = [&](const Loss& loss) {
    if (loss.digits() >= 1 && (worst.node < 0 || loss.digits() > worst.digits())) worst = loss;
  };
  std::vector<Digits> reached(static_cast<std::size_t>(adjoints.nodes()));
  Values<Bounded> parts(tape.constants(), tape.size());
  for (NodeId i = adjoints.nodes(); i-- > 0;) {
    if (adjoints[i].value == 0 && adjoints[i].error == 0) continue;
    const Digits& sum = reached[static_cast<std::size_t>(i)];
    if (i != t.index()) see({i, true, sum.least(), adjoints[i].digits()});
    if (tape[i].op == Op::Independent) continue;
    Digits arguments;
    for (const NodeId k : tape.arguments(i)) arguments.add(values[k]);
    see({i, false, arguments.least(), values[i].digits()});
    // what it sends, told apart from what others send
    parts[i] = adjoints[i];
    for (const NodeId k : tape.arguments(i)) parts[k] = Bounded(0.0, 0.0);
    pull_back(tape, values.base(), parts.base(), i);
    for (const NodeId k : tape.arguments(i))
      if (k >= 0 && parts[k].value != 0) reached[static_cast<std::size_t>(k)].add(parts[k]);
  }
  if (worst.node < 0) return result;
  result.node = worst.node;
  result.on_the_way_back = worst.on_the_way_back;
  result.digits_before = worst.before;
  result.digits_after = worst.after;
  result.location = tape.location(worst.node);
  const Bounded& what = worst.on_the_way_back ? adjoints[worst.node] : values[worst.node];
  result.message =
      worst.on_the_way_back
          ? fmt::format(
                "backwards, the adjoint of {}, {}, is a sum of larger numbers: of {:.1f} digits that went in {:.1f} are left",
                detail::describe(tape, worst.node), short_number(what.value), worst.before, worst.after)
          : fmt::format(
                "forwards, {} = {} = {} is the difference of larger numbers, or magnifies their errors: of {:.1f} digits that "
                "went in {:.1f} are left",
                detail::describe(tape, worst.node), statement(tape, worst.node), short_number(what.value), worst.before,
                worst.after);
  return result;
}

}  // namespace wengert
