#include "wengert/evaluation_trace.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <vector>

#include "wengert/notation.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {

namespace {

constexpr std::size_t columns = 6;
constexpr std::size_t name_column = 1, statement_column = 2, value_column = 3, adjoint_column = 4, place_column = 5;
constexpr std::array<const char*, columns> heads{"node", "name", "is", "value", "adjoint", "recorded at"};
using Row = std::array<std::string, columns>;

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// The first characters and "…", whole characters only.
std::string shortened(std::string_view text, std::size_t width) {
  if (characters(text) <= width) return std::string(text);
  std::size_t end = 0, taken = 0;
  for (; end < text.size(); ++end)
    if ((text[end] & 0xC0) != 0x80 && taken++ + 1 == width) break;
  return std::string(text.substr(0, end)) + "…";
}

// Column widths: as wide as the text, then the widest of the three that may be shortened gives way until the line fits.
std::array<std::size_t, columns> fit(const std::vector<Row>& rows, int width) {
  std::array<std::size_t, columns> widths{};
  for (std::size_t c = 0; c < columns; ++c)
    for (const Row& row : rows) widths[c] = std::max(widths[c], characters(row[c]));
  for (std::size_t c = 0; c < columns; ++c)
    if (widths[c] > 0) widths[c] = std::max(widths[c], characters(heads[c]));
  const auto total = [&] {
    std::size_t sum = 0;
    for (const std::size_t w : widths) sum += w == 0 ? 0 : w + 2;
    return sum;
  };
  while (width > 0 && total() > static_cast<std::size_t>(width) + 2) {
    std::size_t widest = statement_column;
    for (const std::size_t c : {name_column, place_column})
      if (widths[c] > widths[widest]) widest = c;
    if (widths[widest] <= 8) break;  // numbers are never cut
    --widths[widest];
  }
  return widths;
}

std::string line(const Row& row, const std::array<std::size_t, columns>& widths) {
  std::string text;
  for (std::size_t c = 0; c < columns; ++c) {
    if (widths[c] == 0) continue;
    const std::string cell = shortened(row[c], widths[c]);
    const std::string space(widths[c] - characters(cell), ' ');
    text += c == value_column || c == adjoint_column ? space + cell : cell + space;
    text += "  ";
  }
  text.erase(text.find_last_not_of(' ') + 1);
  return text + '\n';
}

std::vector<bool> used_nodes(const Tape& tape) {
  std::vector<bool> used(static_cast<std::size_t>(tape.size()));
  for (NodeId i = 0; i < tape.size(); ++i) {
    const Arguments arguments = tape.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) used[static_cast<std::size_t>(arguments[k])] = true;
  }
  return used;
}

}  // namespace

std::string evaluation_trace(const Tape& tape, ValuesView<double> values, ValuesView<double> adjoints,
                             const TableOptions& options) {
  const std::vector<bool> used = used_nodes(tape);
  std::array<std::vector<NodeId>, 3> parts;
  const NodeId first = options.around < 0 ? 0 : std::max<NodeId>(0, options.around - options.reach);
  const NodeId last = options.around < 0 ? tape.size() : std::min(tape.size(), options.around + options.reach + 1);
  for (NodeId i = first; i < last; ++i)
    parts[tape[i].op == Op::Independent ? 0 : used[static_cast<std::size_t>(i)] ? 1 : 2].push_back(i);

  std::vector<Row> rows;  // an empty row stands for a rule, one with only a number for what is left out
  for (const std::vector<NodeId>& part : parts) {
    if (part.empty()) continue;
    if (!rows.empty()) rows.push_back({});
    const std::size_t most = static_cast<std::size_t>(std::max<NodeId>(2, options.most_rows));
    const std::size_t head = part.size() > most ? most / 2 : part.size();
    const std::size_t tail = part.size() > most ? part.size() - (most - head) : part.size();
    for (std::size_t k = 0; k < part.size(); k = k + 1 == head ? tail : k + 1) {
      const NodeId i = part[k];
      const char* mark = options.mark < 0 ? "" : options.mark == i ? "> " : "  ";
      rows.push_back({fmt::format("{}v{}", mark, i), std::string(tape.name(i)), statement(tape, i),
                      i < values.nodes ? short_number(values[i], options.digits) : "",
                      i < adjoints.nodes ? short_number(adjoints[i], options.digits) : "", short_location(tape.location(i))});
      if (k + 1 == head && head != part.size()) rows.push_back({fmt::format("{}", tail - head)});
    }
  }

  std::string text;
  if (options.around >= 0) text += fmt::format("nodes {} to {} of {}\n", first, last - 1, tape.size());
  const auto widths = fit(rows, options.width);
  Row head;
  std::copy(heads.begin(), heads.end(), head.begin());
  const std::string head_line = line(head, widths);
  std::size_t total = 0;
  for (const std::size_t w : widths) total += w == 0 ? 0 : w + 2;
  std::string rule;
  for (std::size_t k = 2; k < total; ++k) rule += "─";
  rule += '\n';
  text += head_line + rule;
  for (const Row& row : rows) {
    if (row[0].empty())
      text += rule;
    else if (row[statement_column].empty())
      text += fmt::format("  … {} nodes left out; ask for a window around a node, or for more rows\n", row[0]);
    else
      text += line(row, widths);
  }
  return text;
}

std::string evaluation_trace(const Tape& tape, const TableOptions& options) {
  return evaluation_trace(tape, tape.values(), {}, options);
}

std::string evaluation_trace(const Tape& tape, const Gradient& gradient, const TableOptions& options) {
  detail::check_adjoints_of(tape, gradient, "evaluation_trace");
  return evaluation_trace(tape, tape.values(), gradient.adjoints, options);
}

}  // namespace wengert
