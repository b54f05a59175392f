// Custom operations: a named function of any number of arguments with the user's own value and partials, recorded as one node.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "wengert/nary.hpp"
#include "wengert/sweep/nary_sweep.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {
/// What makes a custom operation a compile-time error inside fuse(…): not constexpr.
void a_fused_function_cannot_use_a_custom_operation_record_it_instead();
}  // namespace detail

/// y = f(x…) with rules of the user's own. Copies share the rules; a tape keeps a copy, so the object may go out of scope.
///
///     const CustomOperation j0("j0", 1, [](auto x) { return std::cyl_bessel_j(0, x[0]); },
///                              [](auto x, double, auto partials) { partials[0] = -std::cyl_bessel_j(1, x[0]); });
///     Var y = j0(x);
///
/// The functions are called at any time, from any thread, and must depend on their arguments alone.
class CustomOperation final : public NaryOperation {
  // before its callers: clang instantiates it for them while compiling only where it has read the body
  template <std::size_t length>
  constexpr Var at_each(const Operand (&operands)[length]) const {
    if (std::is_constant_evaluated()) detail::a_fused_function_cannot_use_a_custom_operation_record_it_instead();
    Var vars[length], result;
    for (std::size_t k = 0; k < length; ++k) vars[k] = operands[k].var;
    // asked again, because gcc looks for a way through that is all constexpr before it reads the line above
    if (!std::is_constant_evaluated()) result = (*this)(std::span<const Var>(vars), operands[length - 1].at);
    return result;
  }

 public:
  /// The value at x.
  using Value = std::function<double(std::span<const double> x)>;
  /// Writes the partial in each argument; `result` is the value at x.
  using PartialsOf = std::function<void(std::span<const double> x, double result, std::span<double> partials)>;
  /// A bound on the error of the value, for checks: its rounding, and that of a series or quadrature that was cut short.
  using ErrorOf = std::function<double(std::span<const double> x, double result)>;
  /// The value, and the partials unless the span is empty, of numbers with bounds (bounded.hpp), for gradient_with_bounds.
  using BoundsOf = std::function<Bounded(std::span<const Bounded> x, std::span<Bounded> partials)>;

  /// `partial_operations`, where given, has one operation for each argument that computes the partial in it: the second-order
  /// rules (and, if they have such operations themselves, third order and so on). Without them gradients can still be recorded,
  /// but Hessians throw NoSecondOrder. Throws ShapeMismatch if their number, or their own arity, is not `arity`.
  /// `error`, where given, says how far off a value may be; else four units in the last place.
  /// `bounds`, where given, computes on numbers with bounds. Else gradient_with_bounds goes by `error`, the operation's own and
  /// those of its partial operations, and throws NoSecondOrder where there is none.
  CustomOperation(std::string name, int arity, Value value, PartialsOf partials,
                  std::vector<CustomOperation> partial_operations = {}, ErrorOf error = {}, BoundsOf bounds = {});

  /// Records the operation on the tape of its variables; of numbers alone it is the plain value. Throws ShapeMismatch for a wrong
  /// number of arguments, ForeignVariable and StaleVariable as any operation.
  Var operator()(std::span<const Var> x, Location at = Location::current()) const;
  // An Operand for each argument catches the caller's line; beyond seven of them the span above does.
  constexpr Var operator()(Operand x) const { return at_each({x}); }
  constexpr Var operator()(Operand x, Operand y) const { return at_each({x, y}); }
  constexpr Var operator()(Operand x, Operand y, Operand z) const { return at_each({x, y, z}); }
  constexpr Var operator()(Operand x, Operand y, Operand z, Operand w) const { return at_each({x, y, z, w}); }
  constexpr Var operator()(Operand a, Operand b, Operand c, Operand d, Operand e) const { return at_each({a, b, c, d, e}); }
  constexpr Var operator()(Operand a, Operand b, Operand c, Operand d, Operand e, Operand f) const {
    return at_each({a, b, c, d, e, f});
  }
  constexpr Var operator()(Operand a, Operand b, Operand c, Operand d, Operand e, Operand f, Operand g) const {
    return at_each({a, b, c, d, e, f, g});
  }
  template <class... Arguments>
    requires((std::is_convertible_v<Arguments, Operand> && ...) && sizeof...(Arguments) > 7)
  constexpr Var operator()(const Arguments&... x) const {
    return at_each({Operand(x, Location{})...});
  }
  template <class... Numbers>
    requires((detail::Number<Numbers> && ...) && sizeof...(Numbers) > 0)
  constexpr double operator()(const Numbers&... x) const {
    return at_each({Operand(x, Location{})...}).value();
  }

  /// What every n-ary operation answers, see NaryOperation: name(), arity(), value(), partials(), partial(), identity(), clone(),
  /// value_error(), bounded().
  const char* name() const override;
  int arity() const override;
  double value(std::span<const double> x) const override;
  void partials(std::span<const double> x, double result, std::span<double> partials) const override;
  const NaryOperation* partial(int k) const override;
  Identity identity() const override;
  const NaryOperation* clone() const override;
  double value_error(std::span<const double> x, double result) const override;
  Bounded bounded(std::span<const Bounded> x, std::span<Bounded> partials) const override;

 private:
  struct Rules;
  std::shared_ptr<const Rules> rules_;
};

}  // namespace wengert
