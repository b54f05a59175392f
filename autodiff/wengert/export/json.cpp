// The tape as data.
#include <cmath>
#include <limits>

#include "wengert/export/graph.hpp"
#include "wengert/inspect/contributions.hpp"
#include "wengert/nary.hpp"
#include "wengert/notation.hpp"

namespace wengert {

using namespace detail;
using nlohmann::ordered_json;

ordered_json detail::json_number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

ordered_json detail::json_node(const Tape& tape, NodeId i) {
  const Node& node = tape[i];
  ordered_json json = {{"index", i},
                       {"name", tape.name(i)},
                       {"operation", node.op == Op::Custom ? tape.nary(node.y).name() : name(node.op)},
                       {"equation", equation(tape, i)},
                       {"value", json_number(tape.value(i))}};
  if (const Location at = tape.location(i); at.known()) json["place"] = {{"file", at.file}, {"line", at.line}};
  return json;
}

std::string to_json(const Var& t) {
  GraphOptions all;
  all.most_nodes = std::numeric_limits<NodeId>::max();
  shown_nodes(t, all, "to_json");  // for its errors: here every node counts, needed or not
  const Tape& tape = *t.tape();
  const Gradient g = gradient(t);
  ordered_json nodes = ordered_json::array(), constants = ordered_json::array();
  for (NodeId i = 0; i <= t.index(); ++i) {
    ordered_json node = json_node(tape, i);
    node["adjoint"] = json_number(g.adjoints[i]);
    ordered_json arguments = ordered_json::array();
    for (const Contribution& c : contributions(tape, tape.values(), i, g.adjoints[i]))
      arguments.push_back({{"node", c.to}, {"partial", json_number(c.partial)}, {"amount", json_number(c.amount)}});
    node["arguments"] = arguments;
    nodes.push_back(node);
  }
  for (NodeId k = -1; k >= -tape.constants(); --k) constants.push_back({{"index", k}, {"value", json_number(tape.value(k))}});
  const ordered_json result = {
      {"dependent", t.index()}, {"independents", tape.independents()}, {"constants", constants}, {"nodes", nodes}};
  return result.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace wengert
