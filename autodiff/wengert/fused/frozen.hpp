// A tape recorded during compilation, as constants: what fused code is expanded from.
//
// A Tape that lives in constant evaluation must be gone when it ends, and the size of what it leaves must be known before. So a
// program is built once, into arrays with room to spare, and copied from there into arrays of its size.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "wengert/batch/program.hpp"
#include "wengert/tape.hpp"
#include "wengert/transform/optimise.hpp"

namespace wengert::detail {

/// A node with all its arguments in place; where it has fewer than three, the last of them again, or the node itself.
struct FrozenNode {
  Op op = Op::Independent;
  NodeId x = 0, y = 0, z = 0;
  bool varying = false;  // depends on a sample's own inputs
  NodeId name = 0, name_length = 0;
};

/// What a build records: a tape, its outputs, and for batches the conditions on shared values and the frontier.
struct Build {
  BatchProgram program;
  std::vector<NodeId> frontier;
  OptimiseReport report;
  NodeId shared = 0;  // independents that are no sample's own
};

template <std::size_t Nodes, std::size_t Constants, std::size_t Outputs, std::size_t Finite, std::size_t Divisors,
          std::size_t Frontier, std::size_t Text>
struct FrozenProgram {
  static constexpr NodeId size = static_cast<NodeId>(Nodes);
  std::array<FrozenNode, Nodes> nodes{};
  std::array<double, Constants> constants{};
  std::array<NodeId, Outputs> outputs{};
  std::array<NodeId, Finite> finite{};
  std::array<NodeId, Divisors> divisors{};
  std::array<NodeId, Frontier> frontier{};
  std::array<char, Text + 1> text{};  // names, each with a 0 behind it
  OptimiseReport report{};
  NodeId shared = 0;
  NodeId independents = 0;

  constexpr const FrozenNode& operator[](NodeId i) const { return nodes[static_cast<std::size_t>(i)]; }
  constexpr double constant(NodeId i) const { return constants[static_cast<std::size_t>(-1 - i)]; }
  constexpr bool varies(NodeId i) const { return i >= 0 && nodes[static_cast<std::size_t>(i)].varying; }
  /// The node's name, or else that of its operation.
  constexpr const char* label(NodeId i) const {
    const FrozenNode& node = nodes[static_cast<std::size_t>(i)];
    return node.name_length > 0 ? text.data() + node.name : name(node.op);
  }

  /// The same program on a tape, for printing and for sweeps at run time.
  constexpr void thaw(Tape& tape) const {
    for (const double constant : constants) tape.constant(constant);  // in their old order: no two are equal
    for (NodeId i = 0; i < size; ++i) {
      const FrozenNode& node = (*this)[i];
      if (node.op == Op::Independent) {
        tape.variable(0, {}, Location{});
      } else {
        tape.push(node.op, node.x, node.y, node.z, 0.0, Location{});
      }
      if (node.name_length > 0) tape.set_name(i, {text.data() + node.name, static_cast<std::size_t>(node.name_length)});
    }
  }
};

struct FrozenSizes {
  std::size_t nodes, constants, outputs, finite, divisors, frontier, text;
};

/// What a recipe built, in arrays of `Room` cells; without contents, if that was too little.
template <std::size_t Room>
struct Draft {
  FrozenSizes sizes{};
  bool fits = false;
  FrozenProgram<Room, Room, Room, Room, Room, Room, 4 * Room> program{};
};

/// Recipe::build(tape) records on an empty tape and returns a Build; here during compilation.
template <class Recipe, std::size_t Room>
consteval Draft<Room> draft() {
  Tape tape(false);
  const Build build = Recipe::build(tape);
  Draft<Room> draft;
  FrozenSizes& sizes = draft.sizes;
  sizes = {static_cast<std::size_t>(tape.size()),
           static_cast<std::size_t>(tape.constants()),
           build.program.outputs.size(),
           build.program.finite.size(),
           build.program.divisors.size(),
           build.frontier.size(),
           0};
  for (NodeId i = 0; i < tape.size(); ++i) sizes.text += tape.name(i).empty() ? 0 : tape.name(i).size() + 1;
  for (const std::size_t size :
       {sizes.nodes, sizes.constants, sizes.outputs, sizes.finite, sizes.divisors, sizes.frontier, sizes.text / 4})
    if (size > Room) return draft;
  draft.fits = true;

  auto& program = draft.program;
  program.report = build.report;
  program.shared = build.shared;
  program.independents = static_cast<NodeId>(tape.independents().size());
  const std::vector<unsigned char> varying = varying_nodes(tape, build.shared);
  NodeId text = 0;
  for (NodeId i = 0; i < tape.size(); ++i) {
    FrozenNode& node = program.nodes[static_cast<std::size_t>(i)];
    const Arguments arguments = tape.arguments(i);
    node.op = tape[i].op;
    node.x = arguments.size() > 0 ? arguments[0] : i;
    node.y = arguments.size() > 1 ? arguments[1] : node.x;
    node.z = arguments.size() > 2 ? arguments[2] : node.y;
    node.varying = varying[static_cast<std::size_t>(i)] != 0;
    const std::string_view name = tape.name(i);
    if (name.empty()) continue;
    node.name = text;
    node.name_length = static_cast<NodeId>(name.size());
    for (const char c : name) program.text[static_cast<std::size_t>(text++)] = c;
    ++text;
  }
  for (std::size_t k = 0; k < sizes.constants; ++k) program.constants[k] = tape.value(-1 - static_cast<NodeId>(k));
  const auto copy = [](const std::vector<NodeId>& from, auto& to) {
    for (std::size_t k = 0; k < from.size(); ++k) to[k] = from[k];
  };
  copy(build.program.outputs, program.outputs);
  copy(build.program.finite, program.finite);
  copy(build.program.divisors, program.divisors);
  copy(build.frontier, program.frontier);
  return draft;
}

template <class Recipe, std::size_t Room>
consteval auto freeze() {
  constexpr Draft<Room> made = draft<Recipe, Room>();
  if constexpr (!made.fits) {
    // what is no constant, for an error in the callable, never fits
    constexpr bool may_fit = Room < 256 * Recipe::room;
    static_assert(
        may_fit,
        "fuse: the callable cannot be recorded during compilation; the first error says why (of a limit of steps or "
        "operations: raise it, by clang's -fconstexpr-steps=1000000000 or gcc's -fconstexpr-ops-limit=4000000000), or it "
        "takes more than 65536 operations");
    if constexpr (may_fit) return freeze<Recipe, 4 * Room>();
  } else {
    constexpr FrozenSizes sizes = made.sizes;
    FrozenProgram<sizes.nodes, sizes.constants, sizes.outputs, sizes.finite, sizes.divisors, sizes.frontier, sizes.text> frozen;
    frozen.report = made.program.report;
    frozen.shared = made.program.shared;
    frozen.independents = made.program.independents;
    const auto copy = [](const auto& from, auto& to) {
      for (std::size_t k = 0; k < to.size(); ++k) to[k] = from[k];
    };
    copy(made.program.nodes, frozen.nodes);
    copy(made.program.constants, frozen.constants);
    copy(made.program.outputs, frozen.outputs);
    copy(made.program.finite, frozen.finite);
    copy(made.program.divisors, frozen.divisors);
    copy(made.program.frontier, frozen.frontier);
    copy(made.program.text, frozen.text);
    return frozen;
  }
}

/// The program of a recipe, built during compilation.
template <class Recipe>
inline constexpr auto frozen = freeze<Recipe, Recipe::room>();

}  // namespace wengert::detail
