#include "wengert/notation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <span>
#include <vector>

#include "wengert/function.hpp"
#include "wengert/nary.hpp"

namespace wengert {

namespace {

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// The formula with x, y, z and `result` replaced by labels. A negative number is bracketed unless it comes first.
std::string substitute(const Tape& tape, NodeId i, std::string_view formula) {
  const Arguments arguments = tape.arguments(i);
  std::string text;
  for (std::size_t from = 0; from < formula.size();) {
    std::size_t to = from;
    while (to < formula.size() && in_word(formula[to])) ++to;
    if (to == from) {
      text += formula[from++];
      continue;
    }
    const std::string_view word = formula.substr(from, to - from);
    from = to;
    std::string in_its_place(word);
    if (word == "result")
      in_its_place = label(tape, i);
    else if (word == "x" || word == "y" || word == "z")
      in_its_place = label(tape, arguments[word[0] - 'x']);
    const bool first = text.empty() || text.back() == '(' || text.ends_with(", ");
    text += in_its_place.starts_with('-') && !first ? '(' + in_its_place + ')' : in_its_place;
  }
  return text;
}

Formula formula_of(Op op) {
  return dispatch(op, []<class Rule>() { return Rule::formula; });
}

}  // namespace

std::string short_number(double value, int digits) { return fmt::format("{:.{}g}", detail::printed(value), digits); }

std::string label(const Tape& tape, NodeId i) {
  if (i < 0) return short_number(tape.value(i));
  const std::string_view name = tape.name(i);
  return name.empty() ? fmt::format("v{}", i) : std::string(name);
}

std::string statement(const Tape& tape, NodeId i) {
  const Node node = tape[i];
  if (node.op == Op::Independent) return "independent";
  if (node.op != Op::Custom) return substitute(tape, i, formula_of(node.op).value);
  const Arguments arguments = tape.arguments(i);
  std::string text = tape.nary(node.y).name();
  for (NodeId k = 0; k < arguments.size(); ++k) text += (k == 0 ? "(" : ", ") + label(tape, arguments[k]);
  return text + ')';
}

std::string equation(const Tape& tape, NodeId i) {
  return label(tape, i) + (tape[i].op == Op::Independent ? ", " : " = ") + statement(tape, i);
}

std::string partial_statement(const Tape& tape, NodeId i, NodeId k) {
  const Node node = tape[i];
  if (node.op == Op::Custom) return fmt::format("d {} / d {}", tape.nary(node.y).name(), label(tape, tape.arguments(i)[k]));
  const Formula formula = formula_of(node.op);
  const char* const partials[] = {formula.partial_x, formula.partial_y, formula.partial_z};
  return substitute(tape, i, partials[k]);
}

std::string to_string(const Function& f, NodeId most_lines) {
  const Tape& tape = f.tape();
  const auto list = [&](std::span<const NodeId> nodes) {
    std::vector<std::string> labels;
    for (const NodeId i : nodes) labels.push_back(label(tape, i));
    return labels.size() == 1 ? labels[0] : fmt::format("({})", fmt::join(labels, ", "));
  };
  std::string text = list(tape.independents()) + " ->\n";
  NodeId lines = 0;
  for (NodeId i = 0; i < tape.size(); ++i) lines += tape[i].op != Op::Independent;
  const NodeId head = lines <= most_lines ? lines : most_lines / 2, tail = lines <= most_lines ? 0 : most_lines - head;
  NodeId line = 0;
  for (NodeId i = 0; i < tape.size(); ++i) {
    if (tape[i].op == Op::Independent) continue;
    if (line < head || line >= lines - tail) text += fmt::format("  {}\n", equation(tape, i));
    if (++line == head && lines > most_lines) text += fmt::format("  ... {} more ...\n", lines - most_lines);
  }
  return text + "  " + list(f.dependents());
}

std::string short_location(Location at) {
  if (!at.known()) return {};
  std::string_view file = at.file;
  file.remove_prefix(file.find_last_of("/\\") + 1);  // npos + 1 is 0
  return fmt::format("{}:{}", file, at.line);
}

}  // namespace wengert
