// What a reverse sweep starts from and returns: seeds, and the adjoint of every node.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "wengert/location.hpp"
#include "wengert/tape.hpp"
#include "wengert/values.hpp"
#include "wengert/var.hpp"

namespace wengert {

namespace detail {
[[noreturn]] void throw_not_on(const char* function, const Var& x, const Tape* tape, std::uint32_t generation, Location at);
[[noreturn]] void throw_values(NodeId constants, NodeId nodes, NodeId expected_constants, NodeId expected_nodes);
/// What maps a Var to a number, for constraints: clang 14 crashes over a lambda in one.
template <class T>
struct NumberOfVar {
  T operator()(const Var&) const;
};
}  // namespace detail

/// What a reverse sweep returns: the adjoint of every node, the derivative of the seeded combination of dependents in it.
template <class T>
class Adjoints {
 public:
  Adjoints() = default;
  /// Of that tape as it is recorded now, each still 0.
  constexpr Adjoints(const Tape& tape) : tape_(&tape), generation_(tape.generation()) {}

  /// The derivative with respect to x; 0 if nothing seeded depends on it. Throws ForeignVariable or StaleVariable for a variable
  /// of another recording and NotRecorded for a constant.
  constexpr T wrt(const Var& x, Location at = Location::current()) const {
    if (x.is_constant() || (tape_ != nullptr && (x.tape() != tape_ || x.generation() != generation_)))
      detail::throw_not_on("wrt", x, tape_, generation_, at);
    return (*this)[x.index()];
  }
  std::vector<T> wrt(std::span<const Var> xs, Location at = Location::current()) const {
    std::vector<T> result;
    result.reserve(xs.size());
    for (const Var& x : xs) result.push_back(wrt(x, at));
    return result;
  }
  /// The same for Eigen's vectors and matrices of Vars: a matrix of that shape.
  template <class Vars>
    requires requires(const Vars& xs) { xs.unaryExpr(detail::NumberOfVar<T>()).eval(); }
  auto wrt(const Vars& xs, Location at = Location::current()) const {
    return xs.unaryExpr([&](const Var& x) { return wrt(x, at); }).eval();
  }
  /// nullptr for the gradient of a constant.
  constexpr const Tape* tape() const { return tape_; }
  /// That of the tape when it was differentiated.
  constexpr std::uint32_t generation() const { return generation_; }

  /// Whether the tape still holds what was differentiated.
  constexpr bool current() const { return tape_ == nullptr || tape_->generation() == generation_; }
  /// The adjoint of node i.
  constexpr T operator[](NodeId i) const { return i < adjoints.nodes() ? adjoints[i] : T(0); }

  /// By node. Nodes after the last dependent are left out: their adjoint is 0.
  Values<T> adjoints;

 private:
  const Tape* tape_ = nullptr;
  std::uint32_t generation_ = 0;
};

/// A dependent `variable` and the `adjoint` to start from.
template <class T>
struct Seed {
  Var variable;
  T adjoint;
};

namespace detail {

/// The adjoints that a reverse sweep starts from: zeros, and the seeds in their dependents' places. Checks its arguments and
/// throws as reverse_sweep does.
template <class T>
constexpr void seed_adjoints(const Tape& tape, ValuesView<T> values, std::span<const Seed<T>> seeds, Adjoints<T>& result,
                             Location at) {
  if (values.nodes != tape.size() || values.constants != tape.constants())
    throw_values(values.constants, values.nodes, tape.constants(), tape.size());
  NodeId nodes = 0;
  for (const Seed<T>& seed : seeds) {
    if (seed.variable.is_constant()) continue;  // a constant has no derivative
    if (seed.variable.tape() != &tape || seed.variable.generation() != tape.generation())
      throw_not_on("reverse_sweep", seed.variable, &tape, tape.generation(), at);
    if (nodes <= seed.variable.index()) nodes = seed.variable.index() + 1;
  }
  Values<T> cells = static_cast<Values<T>&&>(result.adjoints);
  cells.reset(tape.constants(), nodes);
  for (const Seed<T>& seed : seeds)
    if (!seed.variable.is_constant()) cells[seed.variable.index()] += seed.adjoint;
  result = Adjoints<T>(tape);
  result.adjoints = static_cast<Values<T>&&>(cells);
}

}  // namespace detail
}  // namespace wengert
