#include "wengert/cursor.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "wengert/error.hpp"
#include "wengert/forward_sweep.hpp"
#include "wengert/inspect/contributions.hpp"
#include "wengert/notation.hpp"
#include "wengert/reverse_sweep.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {

using namespace detail;

namespace {

// "src/graph.hpp" ends with "graph.hpp", but not with "raph.hpp".
bool ends_with_file(std::string_view path, std::string_view file) {
  return path.ends_with(file) && (path.size() == file.size() || path[path.size() - file.size() - 1] == '/' ||
                                  path[path.size() - file.size() - 1] == '\\');
}

}  // namespace

Cursor::Cursor(const Tape& tape, Direction direction)
    : tape_(&tape), generation_(tape.generation()), direction_(direction), nodes_(tape.size()), position_(-1) {}

Cursor Cursor::reverse(const Var& t, Location at) {
  if (t.is_constant())
    throw NotRecorded(fmt::format("{}: {} is on no tape, there is nothing to sweep; start from a recorded variable",
                                  detail::called("Cursor::reverse", at), wengert::detail::describe(t)));
  const Seed<double> seed{t, 1};
  return reverse(*t.tape(), t.tape()->values(), std::span(&seed, 1), at);
}

Cursor Cursor::reverse(const Tape& tape, ValuesView<double> values, std::span<const Seed<double>> seeds, Location at) {
  Cursor cursor(tape, Direction::reverse);
  // No nodes yet: this checks as the sweep does, finds how many nodes there are to pass, and puts the seeds in.
  Adjoints<double> start;
  seed_adjoints(tape, values, seeds, start, at);
  cursor.adjoints_ = static_cast<Values<double>&&>(start.adjoints);
  cursor.nodes_ = cursor.position_ = cursor.adjoints_.nodes();
  cursor.values_.reset(values.constants, values.nodes);
  std::copy(values.base - values.constants, values.base + values.nodes, cursor.values_.base() - values.constants);
  return cursor;
}

Cursor Cursor::forward(const Tape& tape, std::span<const double> independents) {
  if (independents.size() != tape.independents().size())
    detail::throw_independents("Cursor::forward", static_cast<NodeId>(tape.independents().size()), independents.size());
  Cursor cursor(tape, Direction::forward);
  cursor.values_.reset(tape.constants(), tape.size());
  for (NodeId k = -tape.constants(); k < 0; ++k) cursor.values_[k] = tape.value(k);
  for (std::size_t k = 0; k < independents.size(); ++k) cursor.values_[tape.independents()[k]] = independents[k];
  return cursor;
}

Cursor Cursor::forward(const Tape& tape) {
  std::vector<double> point;
  for (const NodeId i : tape.independents()) point.push_back(tape.value(i));
  return forward(tape, point);
}

void Cursor::check_tape() const {
  if (tape_->generation() != generation_)
    throw StaleVariable("Cursor: the tape was cleared since the cursor was made; make another on the new recording");
}

void Cursor::check_guards(NodeId position) const {
  const auto& guards = tape_->guards();
  auto guard = std::lower_bound(guards.begin(), guards.end(), position, [](const Guard& g, NodeId p) { return g.position < p; });
  for (; guard != guards.end() && guard->position == position; ++guard)
    if (!detail::same_branch(*guard, values_.base()))
      detail::throw_branch_changed(*tape_, *guard, values_[guard->x], values_[guard->y]);
}

bool Cursor::step() {
  check_tape();
  if (done()) return false;
  if (direction_ == Direction::forward) {
    const NodeId i = position_ + 1;
    check_guards(i);
    double value = values_[i];
    if ((*tape_)[i].op != Op::Independent) value = evaluate_node(*tape_, values_.base(), i);
    before_.push_back(values_[i]);
    std::swap(values_[i], value);
    position_ = i;
    return true;
  }
  --position_;
  const Arguments arguments = tape_->arguments(position_);
  for (NodeId k = 0; k < arguments.size(); ++k) before_.push_back(adjoints_[arguments[k]]);
  pull_back(*tape_, static_cast<const double*>(values_.base()), adjoints_.base(), position_);
  return true;
}

bool Cursor::back() {
  check_tape();
  if (before_first()) return false;
  if (direction_ == Direction::forward) {
    values_[position_--] = before_.back();
    before_.pop_back();
    return true;
  }
  const Arguments arguments = tape_->arguments(position_);
  for (NodeId k = arguments.size(); k-- > 0;) {
    adjoints_[arguments[k]] = before_.back();
    before_.pop_back();
  }
  ++position_;
  return true;
}

void Cursor::run_to(NodeId node) {
  if (node < 0 || node >= nodes_)
    throw NotRecorded(fmt::format("run_to: the sweep passes nodes 0 to {}, not {}; start it from a later dependent", nodes_ - 1,
                                  node < 0 ? fmt::format("node {}", node) : wengert::detail::describe(*tape_, node)));
  while (!reached(node)) step();
  while (this->node() != node) back();
}

void Cursor::run_to(const Var& x, Location at) {
  if (x.is_constant() || x.tape() != tape_ || x.generation() != generation_)
    detail::throw_not_on("run_to", x, tape_, generation_, at);
  run_to(x.index());
}

NodeId Cursor::find(std::string_view name) const {
  const NodeId found = tape_->find(name);
  if (found >= 0) return found;
  NodeId number = -1;
  if (name.starts_with('v')) {
    const auto [end, error] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size() && number < tape_->size()) return number;
  }
  std::string names;
  int left_out = 0;
  for (NodeId i = 0; i < tape_->size(); ++i) {
    if (tape_->name(i).empty()) continue;
    if (names.size() > 200)
      ++left_out;
    else
      names += fmt::format("{}`{}`", names.empty() ? "" : ", ", tape_->name(i));
  }
  if (left_out > 0) names += fmt::format(" and {} more", left_out);
  throw NotRecorded(fmt::format("no node is called `{}`; there are {}, and numbers as in v{}", name,
                                names.empty() ? "no names" : names, tape_->size() - 1));
}

void Cursor::run_to(std::string_view name) { run_to(find(name)); }

bool Cursor::run_to(Location place) {
  const auto there = [&](NodeId i) {
    const Location at = tape_->location(i);
    return at.known() && at.line == place.line && ends_with_file(at.file, place.file);
  };
  bool any = false;
  for (NodeId i = 0; i < nodes_ && !any; ++i) any = there(i);
  if (!any)
    throw NotRecorded(
        fmt::format("run_to: no node of the sweep was recorded at {}:{}{}", place.file, place.line,
                    tape_->keeps_locations() ? "" : "; tape.keep_locations(true) before recording keeps the lines"));
  return run_to([&](const Cursor& cursor) { return there(cursor.node()); });
}

std::vector<Contribution> Cursor::contributions() const {
  check_tape();
  if (direction_ == Direction::forward || before_first()) return {};
  return detail::contributions(*tape_, values_, position_, adjoints_[position_]);
}

std::vector<Contribution> Cursor::contributions_to(NodeId node) const {
  check_tape();
  if (direction_ == Direction::forward) return {};
  return detail::contributions_to(*tape_, values_, adjoints_, node, position_);
}

std::string describe(const Cursor& cursor, int digits) {
  const Tape& tape = cursor.tape();
  const bool reverse = cursor.direction() == Cursor::Direction::reverse;
  if (cursor.before_first())
    return fmt::format("before the first of {} steps, going {}\n", cursor.steps(), reverse ? "backwards" : "forwards");
  const auto number = [&](double x) { return short_number(x, digits); };
  const NodeId i = cursor.node();
  const std::string place = short_location(tape.location(i));
  std::string text = fmt::format("step {} of {}, node {}: {}{}\n", cursor.steps_done(), cursor.steps(), i, equation(tape, i),
                                 place.empty() ? "" : "  at " + place);
  if (!reverse) {
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) text += fmt::format("  {} is {}\n", label(tape, arguments[k]), number(cursor.value(arguments[k])));
    return text + fmt::format("  value {}\n", number(cursor.value()));
  }
  text += fmt::format("  value {}, adjoint {}\n", number(cursor.value()), number(cursor.adjoint()));
  for (const Contribution& c : cursor.contributions()) {
    if (c.to < 0) continue;  // a constant has no adjoint
    std::string partial = partial_statement(tape, i, c.argument);
    if (partial.find(' ') != std::string::npos) partial = '(' + partial + ')';
    const std::string rule = fmt::format("  adj({}) += adj({}) * {}", label(tape, c.to), label(tape, i), partial);
    const std::string numbers = fmt::format("= {} * {} = {}, now {}\n", number(cursor.adjoint()), number(c.partial),
                                            number(c.amount), number(cursor.adjoint(c.to)));
    text += rule + (rule.size() + numbers.size() > 80 ? "\n      " : " ") + numbers;
  }
  return text;
}

std::string explain_adjoint(const Cursor& cursor, NodeId node, int digits) {
  const Tape& tape = cursor.tape();
  const auto number = [&](double x) { return short_number(x, digits); };
  std::string text = fmt::format("adjoint of {}: {}{}\n", label(tape, node), number(cursor.adjoint(node)),
                                 cursor.reached(node) ? "" : ", so far");
  const std::vector<Contribution> parts = cursor.contributions_to(node);
  // Of many the largest, in their order, and what the others add up to.
  constexpr std::size_t most = 10;
  std::vector<std::size_t> shown(parts.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (parts.size() > most) {
    const auto larger = [&](std::size_t a, std::size_t b) {
      const auto size = [&](std::size_t k) { return std::isnan(parts[k].amount) ? HUGE_VAL : std::abs(parts[k].amount); };
      return size(a) != size(b) ? size(a) > size(b) : a < b;
    };
    std::partial_sort(shown.begin(), shown.begin() + most, shown.end(), larger);
    shown.resize(most);
    std::sort(shown.begin(), shown.end());
  }
  for (const std::size_t k : shown) {
    const Contribution& c = parts[k];
    text += fmt::format("  {} * {} = {} from node {}: {}\n", number(cursor.adjoint(c.from)), number(c.partial), number(c.amount),
                        c.from, equation(tape, c.from));
  }
  if (shown.size() < parts.size()) {
    double rest = 0;
    for (std::size_t k = 0; k < parts.size(); ++k)
      if (!std::binary_search(shown.begin(), shown.end(), k)) rest += parts[k].amount;
    text += fmt::format("  and {} smaller ones, together {}\n", parts.size() - shown.size(), number(rest));
  }
  if (parts.empty()) text += node == cursor.steps() - 1 ? "  the seed\n" : "  nothing reached it\n";
  return text;
}

}  // namespace wengert
