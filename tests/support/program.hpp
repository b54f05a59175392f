// Random programs: expression graphs over the whole table, with sharing, constants on either side, fan-out, long chains, choices
// and branches. Decoded from bytes, so that a property test shrinks them and a fuzzer mutates them.
//
// Decoding keeps every operation inside its domain and away from its kinks: an argument that does not suit is first led there
// by operations of the table (0.9 sin(x) into (-1, 1), atan(x) from far out), which makes the programs richer, not poorer.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "wengert/operations.hpp"
#include "wengert/ops.hpp"

namespace program {

using wengert::Op;

/// One operation: arguments are earlier values (0 and up, inputs first) or constants (-1 and down).
struct Step {
  Op op;
  std::array<int, 3> arguments;
  /// arguments[0] < arguments[1] ? arguments[2] : arguments[1], by a branch of the recording program.
  bool branch = false;
};

struct Program {
  std::vector<double> inputs;
  std::vector<double> constants;
  std::vector<Step> steps;
};

/// What a step is decoded from: an operation and a place for each argument.
using Raw = std::array<std::uint8_t, 4>;

inline constexpr std::array all_operations{
#define X(Rule, function) Op::Rule,
    WENGERT_OPERATIONS(X)
#undef X
};

/// Whether programs have it: not where the reference is a series of hundreds of terms.
inline bool is_decoded(Op op) { return op < Op::IncompleteGamma || op > Op::IbetaBB; }

/// Value of a step of the table, by its rule, for decoding only.
inline double value_by_rule(Op op, double x, double y, double z) {
  return wengert::dispatch(op, [&]<class Rule>() {
    if constexpr (Rule::arity == 1)
      return Rule::template value<double>(x);
    else if constexpr (Rule::arity == 2)
      return Rule::template value<double>(x, y);
    else
      return Rule::template value<double>(x, y, z);
  });
}

class Decoder {
 public:
  explicit Decoder(std::vector<double> inputs) : values_(inputs) { program_.inputs = std::move(inputs); }

  void step(const Raw& raw) {
    const std::array<int, 3> arguments = {place(raw[1]), place(raw[2]), place(raw[3])};
    if (raw[0] >= 240) return branch(arguments);
    add(all_operations[raw[0] % all_operations.size()], arguments);
  }
  /// The program so far; its result is the last step's value.
  Program finish() {
    if (program_.steps.empty()) add(Op::Add, {0, 0, 0});
    return std::move(program_);
  }

 private:
  /// Recent values, for long chains; any value, for sharing; constants.
  int place(std::uint8_t byte) {
    static constexpr std::array palette{-2.0, -1.0, -0.5, 0.0,  0.5,    1.0,  1.5, 2.0,
                                        3.0,  1e-3, 0.1,  10.0, 0.7071, -3.0, 2.5, 100.0};
    const int count = static_cast<int>(values_.size());
    if (byte >= 208) return constant(palette[byte % palette.size()]);
    if (byte >= 96) return byte % count;
    return std::max(0, count - 1 - byte % 3);
  }
  int constant(double value) {
    program_.constants.push_back(value);
    return -static_cast<int>(program_.constants.size());
  }
  double at(int place) const {
    return place >= 0 ? values_[static_cast<std::size_t>(place)] : program_.constants[static_cast<std::size_t>(-1 - place)];
  }
  int append(Op op, int x, int y = 0, int z = 0, bool is_branch = false) {
    program_.steps.push_back({op, {x, y, z}, is_branch});
    values_.push_back(is_branch ? (at(x) < at(y) ? at(z) : at(y)) : value_by_rule(op, at(x), at(y), at(z)));
    return static_cast<int>(values_.size()) - 1;
  }

  // Ways into a domain.
  int plus(int x, double shift) { return append(Op::Add, x, constant(shift)); }
  int wave(int x, double amplitude, double middle = 0) {
    return append(Op::Fma, constant(amplitude), append(Op::Sin, x), constant(middle));
  }
  int above(int x, double low) { return append(Op::Fma, x, x, constant(low)); }
  int moderate(int x) { return std::abs(at(x)) <= 100 ? x : append(Op::Atan, x); }
  int between(int x, double low, double high) {
    return at(x) >= low && at(x) <= high ? x : wave(x, 0.45 * (high - low), 0.5 * (high + low));
  }
  int at_least(int x, double low) { return at(x) >= low ? x : above(x, low); }
  int not_small(int x) { return std::abs(at(x)) >= 0.1 ? x : plus(x, at(x) < 0 ? -0.5 : 0.5); }
  int apart(int x, int y) { return std::abs(at(x) - at(y)) > 0.05 || x == y ? y : plus(y, 0.5); }
  int off_the_grid(int x, double grid_origin) {
    const double away = std::abs(std::remainder(at(x) - grid_origin, 1));
    return away > 0.05 ? x : plus(x, 0.3);
  }

  void branch(std::array<int, 3> a) {
    for (int& x : a) x = moderate(x);
    if (a[0] == a[1]) a[1] = plus(a[1], 1);
    a[1] = apart(a[0], a[1]);
    append(Op::Less, a[0], a[1], a[2], true);
  }

  void add(Op op, std::array<int, 3> a) {
    if (!is_decoded(op)) op = Op::Fma;
    for (int k = 0; k < wengert::arity(op); ++k) a[static_cast<std::size_t>(k)] = moderate(a[static_cast<std::size_t>(k)]);
    int &x = a[0], &y = a[1];
    switch (op) {
      case Op::Sqrt:
      case Op::Log:
      case Op::Log2:
      case Op::Log10:
        x = at_least(x, 0.05);
        break;
      case Op::Log1p:
        x = at_least(x, -0.9);
        break;
      case Op::Exp:
      case Op::Exp2:
      case Op::Expm1:
      case Op::Sinh:
      case Op::Cosh:
      case Op::Erf:
      case Op::Erfc:
        x = between(x, -4, 4);
        break;
      case Op::Erfinv:
        x = between(x, -0.95, 0.95);
        break;
      case Op::Erfcinv:
        x = between(x, 0.05, 1.95);
        break;
      case Op::Lgamma:
      case Op::Tgamma:
        x = between(x, 0.2, 12);
        break;
      case Op::Polygamma:
        x = constant(static_cast<double>(std::abs(x) % 3));
        y = between(y, 0.2, 12);
        break;
      case Op::Beta:
        x = between(x, 0.3, 6);
        y = between(y, 0.3, 6);
        break;
      case Op::Tanh:
        x = between(x, -25, 25);
        break;
      case Op::Pow:
        x = between(x, 0.1, 8);
        y = between(y, -3, 3);
        break;
      case Op::PowDerivative:
        x = between(x, 0.1, 8);
        y = between(y, -3, 3);
        a[2] = constant(0);
        break;
      case Op::Asin:
      case Op::Acos:
      case Op::Atanh:
        x = between(x, -0.95, 0.95);
        break;
      case Op::Acosh:
        x = at_least(x, 1.05);
        break;
      case Op::Tan:
        if (std::abs(std::cos(at(x))) < 0.1) x = wave(x, 1.2);
        break;
      case Op::Div:
        y = not_small(y);
        break;
      case Op::Atan2:  // the cut is on y < 0
        if (std::abs(at(x)) < 0.1 && at(y) < 0.1) y = above(y, 0.5);
        break;
      case Op::Hypot:
        if (std::abs(at(x)) < 0.1) y = not_small(y);
        break;
      case Op::Cbrt:
      case Op::Abs:
        x = not_small(x);
        break;
      case Op::Min:
      case Op::Max:
      case Op::Less:
      case Op::LessEqual:
      case Op::Equal:
        y = apart(x, y);
        break;
      case Op::Floor:
      case Op::Ceil:
      case Op::Trunc:
        x = off_the_grid(x, 0);
        break;
      case Op::Round:
        x = off_the_grid(x, 0.5);
        break;
      case Op::Select:
        x = append(Op::Less, x, apart(x, y));
        break;
      default:
        break;
    }
    append(op, a[0], a[1], a[2]);
  }

  Program program_;
  std::vector<double> values_;
};

/// A program from numbers: inputs in [-4, 4], then one step each.
inline Program decode(std::span<const std::int16_t> inputs, std::span<const Raw> steps) {
  std::vector<double> x;
  for (const std::int16_t number : inputs) x.push_back(number / 8192.0);
  if (x.empty()) x.push_back(0.5);
  Decoder decoder(std::move(x));
  for (const Raw& raw : steps) decoder.step(raw);
  return decoder.finish();
}

/// Runs a program on any number type: Machine computes a step of the table and takes a branch.
template <class T, class Machine>
T run(const Program& program, std::span<const T> inputs, const Machine& machine) {
  std::vector<T> values(inputs.begin(), inputs.end());
  for (const Step& step : program.steps) {
    const auto argument = [&](std::size_t k) {
      const int place = step.arguments[k];
      return place >= 0 ? values[static_cast<std::size_t>(place)]
                        : machine.constant(program.constants[static_cast<std::size_t>(-1 - place)]);
    };
    if (step.branch)
      values.push_back(machine.is_less(argument(0), argument(1)) ? argument(2) : argument(1));
    else
      values.push_back(machine.compute(step.op, {argument(0), argument(1), argument(2)}));
  }
  return values.back();
}

/// The program as text, as a failing test shows it.
inline std::string text(const Program& program) {
  std::string result;
  const auto number = [](double x) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.17g", x);
    return std::string(buffer);
  };
  const auto place = [&](int i) {
    return i >= 0 ? "v" + std::to_string(i) : number(program.constants[static_cast<std::size_t>(-1 - i)]);
  };
  for (std::size_t k = 0; k < program.inputs.size(); ++k)
    result += "v" + std::to_string(k) + " = " + number(program.inputs[k]) + "\n";
  for (std::size_t k = 0; k < program.steps.size(); ++k) {
    const Step& step = program.steps[k];
    result += "v" + std::to_string(program.inputs.size() + k) + " = ";
    if (step.branch) {
      result += place(step.arguments[0]) + " < " + place(step.arguments[1]) + " ? " + place(step.arguments[2]) + " : " +
                place(step.arguments[1]) + "\n";
      continue;
    }
    result += std::string(wengert::name(step.op)) + "(";
    for (int i = 0; i < wengert::arity(step.op); ++i)
      result += (i > 0 ? ", " : "") + place(step.arguments[static_cast<std::size_t>(i)]);
    result += ")\n";
  }
  return result;
}

}  // namespace program
