// check_gradient(f, x): is the gradient that the reverse sweep gives right? Asks oracles that know nothing of the rules.
//
//   #include <wengert/check_gradient.hpp>
//
//   const auto f = [](const auto& x) { return log(x[0]) * sin(x[1]); };
//   const std::vector x = {0.7, 1.9};
//   std::cout << check_gradient(f, x);
//   EXPECT_TRUE(check_gradient(f, x));                                         // prints the report where it fails
//   EXPECT_TRUE(check_gradient([](auto a, auto b) { return a / b; }, {1, 3}));  // numbers in braces: one argument each
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "wengert/location.hpp"
#include "wengert/tape.hpp"
#include "wengert/var.hpp"

namespace wengert {

/// Who says what the derivative should be, in the order in which they are asked.
enum class Oracle {
  DotProduct,   ///< u.(Jv) by a forward sweep with tangents equals (J'u).v: the reverse sweep transposes the forward one
  ComplexStep,  ///< imag f(x + ihv) / h, from the functions' complex continuations: no cancellation, so accurate to rounding
  Differences,  ///< differences of f itself, called anew on both sides (at the edge of its domain on one), extrapolated
  Symmetry,     ///< second order: v.(Hw) equals w.(Hv)
  GradientDifferences,  ///< second order: central differences of the gradient
};

/// One question and its answer: a directional derivative as the sweep under test gives it, and as an oracle does.
struct CheckLine {
  /// Who was asked.
  Oracle oracle;
  std::ptrdiff_t input;   ///< the derivative in which input; -1 for one along a random direction
  double found;           ///< by the reverse sweep
  double expected;        ///< by the oracle
  double expected_error;  ///< bound on the rounding of both, and on the oracle's own error

  /// How far apart, in units of the expected error. At most 1 is agreement. 0 where the oracle can't tell: its error is infinite.
  double units() const;
  /// Whether the oracle sees well enough to pass a gradient: its error is small beside the derivative (1e-4 of it, five times
  /// less than a rule that is 0.05 % wrong). A derivative that is 0 is measured by the magnitudes of its paths, or by how much f
  /// changes close by.
  bool sharp = true;
};

/// What check_gradient may be told.
struct CheckOptions {
  /// Check Hessian-vector products too.
  bool second_order = false;
  /// Of the random directions and weights.
  std::uint64_t seed = 1;
  /// Inputs are asked one by one up to this number; beyond it, `directions` random directions stand for all of them.
  std::size_t each_input_up_to = 100;
  /// How many random directions, where inputs are not asked one by one.
  int directions = 3;
  /// How accurate f is, relatively, where that is less than rounding: an operation by quadrature, in single precision, or by a
  /// series cut short. Its values and derivatives may then be off by as much, oracles need to be no sharper than a tenth of a
  /// derivative, and the report says so.
  double accuracy = 0;
};

/// What check_gradient found. True where the gradient agrees with every oracle; text() and << tell the story.
class CheckReport {
 public:
  /// What came of the questions.
  enum class Outcome {
    Agrees,       ///< every oracle that could tell, within its error bound
    Disagrees,    ///< one differs by more than its error bound
    Refused,      ///< no derivative to check: a kink, a value that is not finite, nothing recorded
    Inconclusive  ///< no oracle independent of the rules and of the recording could tell
  };

  /// `outcome`: what came of it; `lines`: each question and its answer.
  Outcome outcome = Outcome::Agrees;
  std::vector<CheckLine> lines;
  /// Why it was refused, which oracle could not be asked and why.
  std::vector<std::string> notes;
  /// Where it disagrees, or is not what was recorded: the node that looks guilty and why; empty if none does.
  std::string suspect;
  /// Its line in the source, where known.
  Location suspect_location;
  /// Where check_gradient was called.
  Location called_at;

  /// Whether the gradient agrees with every oracle that could tell.
  explicit operator bool() const { return outcome == Outcome::Agrees; }
  /// The line that is furthest off in units of its expected error; nullptr if there is none.
  const CheckLine* worst() const;
  /// The report for people, several lines.
  std::string text() const;
  /// Prints text().
  friend std::ostream& operator<<(std::ostream& out, const CheckReport& report);

  /// Lets EXPECT_TRUE(check_gradient(…)) print the report. For testing::AssertionResult, without including GoogleTest.
  template <class Assertion>
    requires requires(Assertion a) {
      { a.failure_message() } -> std::convertible_to<const char*>;
      a << std::string();
    }
  operator Assertion() const {
    return Assertion(outcome == Outcome::Agrees) << text();
  }
};

namespace detail {

/// The function under test as the checker sees it: records itself on the tape of x and returns its dependents.
struct Recording {
  const void* function;
  std::vector<Var> (*call)(const void* function, std::span<const Var> x);
};
CheckReport check_gradient(Recording f, std::span<const double> x, const CheckOptions& options, Location at);

inline std::vector<Var> as_vars(const Var& y) { return {y}; }
template <class Range>
  requires(!std::is_convertible_v<const Range&, Var>)
std::vector<Var> as_vars(const Range& ys) {
  std::vector<Var> result;
  for (const auto& y : ys) result.push_back(Var(y));
  return result;
}
/// f of a span of variables, or of a vector where f asks for one.
template <class Callable>
std::vector<Var> call_with_range(const void* f, std::span<const Var> x) {
  const Callable& function = *static_cast<const Callable*>(f);
  if constexpr (std::is_invocable_v<const Callable&, std::span<const Var>>)
    return as_vars(function(x));
  else
    return as_vars(function(std::vector<Var>(x.begin(), x.end())));
}
template <class Callable, std::size_t... k>
std::vector<Var> call_with_each(const Callable& function, std::span<const Var> x, std::index_sequence<k...>) {
  return as_vars(function(x[k]...));
}

}  // namespace detail

/// Checks the derivatives of f at x against independent oracles, see Oracle. f takes a std::span or std::vector of variables and
/// returns a variable or several (a range); it is called with Var only, many times, and must give the same each time. With
/// several dependents, a random combination of them is checked.
/// Needs x finite, f finite there, and no kink. Costs some 30 calls of f for each input, more where f varies on a scale that its
/// operations don't tell; the tape keeps locations, so that a disagreement can name the source line.
template <class Callable>
CheckReport check_gradient(const Callable& f, std::span<const double> x, const CheckOptions& options = {},
                           Location at = Location::current()) {
  const std::decay_t<Callable>& object = f;  // a plain function by a pointer to it
  return detail::check_gradient({&object, &detail::call_with_range<std::decay_t<Callable>>}, x, options, at);
}
template <class Callable>
CheckReport check_gradient(const Callable& f, const std::vector<double>& x, const CheckOptions& options = {},
                           Location at = Location::current()) {
  return check_gradient(f, std::span<const double>(x), options, at);
}
/// The same for f(a, b, c), a variable for each number in braces: check_gradient(f, {0.5, 0.8, 0.3}).
template <class Callable, std::size_t length>
CheckReport check_gradient(const Callable& f, const double (&x)[length], const CheckOptions& options = {},
                           Location at = Location::current()) {
  const std::decay_t<Callable>& object = f;
  constexpr auto call = [](const void* function, std::span<const Var> vars) {
    return detail::call_with_each(*static_cast<const std::decay_t<Callable>*>(function), vars,
                                  std::make_index_sequence<length>());
  };
  return detail::check_gradient({&object, call}, x, options, at);
}

}  // namespace wengert
