// One page that replays the reverse sweep: player.html, with the picture and what each step does put in.
#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "wengert/export/graph.hpp"
#include "wengert/notation.hpp"

namespace wengert {

using namespace detail;
using nlohmann::ordered_json;

namespace {

constexpr char player[] =
#include "player.inc"  // player.html, as CMake wrote it
    ;

ordered_json json_step(const Cursor& cursor) {
  const Tape& tape = cursor.tape();
  const NodeId i = cursor.node();
  ordered_json step = json_node(tape, i);
  step["adjoint"] = json_number(cursor.adjoint());
  if (tape[i].op != Op::Independent && tape[i].op != Op::Custom)
    step["rule"] = dispatch(tape[i].op, []<class Rule>() -> std::string { return Rule::formula.value; });
  ordered_json adds = ordered_json::array();
  for (const Contribution& c : cursor.contributions())
    if (c.to >= 0)
      adds.push_back({{"edge", fmt::format("e{}_{}", i, c.argument)},
                      {"node", c.to},
                      {"label", label(tape, c.to)},
                      {"formula", partial_statement(tape, i, c.argument)},
                      {"partial", json_number(c.partial)},
                      {"amount", json_number(c.amount)},
                      {"now", json_number(cursor.adjoint(c.to))}});
  step["adds"] = adds;
  return step;
}

}  // namespace

std::string to_html(const Var& t, const GraphOptions& options) {
  const std::vector<NodeId> nodes = shown_nodes(t, options, "to_html");
  const Tape& tape = *t.tape();
  std::string svg = svg_text(t, options, "to_html");
  svg.erase(0, svg.find("<svg"));
  ordered_json starts = ordered_json::array(), steps = ordered_json::array(), outcome = ordered_json::array();
  for (const NodeId i : nodes) starts.push_back({{"node", i}, {"label", label(tape, i)}, {"value", json_number(tape.value(i))}});
  Cursor cursor = Cursor::reverse(t);
  while (cursor.step())
    if (std::binary_search(nodes.begin(), nodes.end(), cursor.node())) steps.push_back(json_step(cursor));
  for (const NodeId i : tape.independents())
    if (i <= t.index()) outcome.push_back({{"node", i}, {"label", label(tape, i)}, {"adjoint", json_number(cursor.adjoint(i))}});
  const ordered_json data = {
      {"dependent", t.index()}, {"label", label(tape, t.index())}, {"nodes", starts}, {"steps", steps}, {"gradient", outcome}};
  std::string json = data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  // "</script>" in a name would end the data: in JSON a slash may be written \/
  for (std::size_t at = 0; (at = json.find("</", at)) != std::string::npos; at += 3) json.replace(at, 2, "<\\/");
  std::string page = player;
  const auto put = [&](std::string_view mark, const std::string& content) {
    page.replace(page.find(mark), mark.size(), content);
  };
  put("{{data}}", json);
  put("{{picture}}", svg);
  return page;
}

}  // namespace wengert
