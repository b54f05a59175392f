#include "wengert/export.hpp"

#include <fmt/core.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "wengert/cursor.hpp"
#include "wengert/error.hpp"
#include "wengert/sweep/complaints.hpp"
#include "wengert/nary.hpp"
#include "wengert/notation.hpp"

namespace wengert {

namespace {

using nlohmann::ordered_json;

// For Graphviz, between double quotes.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '\n' ? ' ' : c;
  }
  return result;
}

// What t was computed from, or the window of it, in the order of recording.
std::vector<Index> shown_nodes(const Var& t, const GraphOptions& options, const char* function) {
  if (t.is_constant())
    throw NotRecorded(fmt::format("{}: {} is on no tape, there is no graph; give a recorded variable", function, detail::describe(t)));
  const Tape& tape = *t.tape();
  if (t.generation() != tape.generation()) detail::throw_stale(function, t, {});
  const auto size = static_cast<std::size_t>(t.index()) + 1;
  std::vector<bool> needed(size), near(size);
  needed[size - 1] = true;
  std::size_t count = 0;
  const auto each_argument = [&](std::size_t i, auto visit) {
    const Arguments arguments = tape.arguments(static_cast<Index>(i));
    for (Index k = 0; k < arguments.size(); ++k)
      if (arguments[k] >= 0) visit(static_cast<std::size_t>(arguments[k]));
  };
  for (std::size_t i = size; i-- > 0;) {
    if (!needed[i]) continue;
    ++count;
    each_argument(i, [&](std::size_t argument) { needed[argument] = true; });
  }
  if (options.around >= 0) {
    if (options.around > t.index() || !needed[static_cast<std::size_t>(options.around)])
      throw NotRecorded(fmt::format("{}: node {} is no part of what {} was computed from; choose a window around one that is",
                                    function, options.around, detail::describe(t)));
    near[static_cast<std::size_t>(options.around)] = true;
    for (int k = 0; k < options.reach; ++k) {
      std::vector<bool> next = near;
      for (std::size_t i = 0; i < size; ++i) {
        if (!needed[i]) continue;
        each_argument(i, [&](std::size_t argument) {
          if (near[i]) next[argument] = true;
          if (near[argument]) next[i] = true;
        });
      }
      near = next;
    }
    needed = near;
    count = static_cast<std::size_t>(std::count(near.begin(), near.end(), true));
  }
  if (count > static_cast<std::size_t>(options.most_nodes))
    throw ShapeMismatch(fmt::format(
        "{}: the graph has {} nodes, more than the limit of {}; ask for a window around a node (options.around, options.reach), "
        "or raise options.most_nodes",
        function, count, options.most_nodes));
  std::vector<Index> nodes;
  for (std::size_t i = 0; i < size; ++i)
    if (needed[i]) nodes.push_back(static_cast<Index>(i));
  return nodes;
}

// The named node that a node was recorded on the way to, or -1.
std::map<Index, Index> groups(const Tape& tape, const std::vector<Index>& nodes) {
  std::map<Index, Index> result;
  Index group = -1;
  for (auto node = nodes.rbegin(); node != nodes.rend(); ++node) {
    if (tape[*node].op == Op::Independent) continue;
    if (!tape.name(*node).empty()) group = *node;
    if (group >= 0) result[*node] = group;
  }
  return result;
}

std::string dot_text(const Var& t, const std::vector<Index>& nodes, const Gradient& gradient, int digits) {
  const Tape& tape = *t.tape();
  const auto number = [&](double x) { return short_number(x, digits); };
  std::string text =
      "digraph tape {\n  rankdir=LR;\n  bgcolor=\"transparent\";\n"
      "  node [shape=box, style=rounded, fontname=\"Helvetica\", fontsize=11];\n"
      "  edge [fontname=\"Helvetica\", fontsize=9];\n";
  const auto node_text = [&](Index i, const char* indent) {
    const std::string place = short_location(tape.location(i));
    return fmt::format("{}n{} [id=\"n{}\", label=\"{}\\nvalue {}\\nadjoint {}\"{}, tooltip=\"node {}{}{}\"];\n", indent, i, i,
                       escaped(equation(tape, i)), number(tape.value(i)), number(gradient.adjoints[i]),
                       tape[i].op == Op::Independent ? ", style=\"rounded,bold\"" : "", i, place.empty() ? "" : ", ",
                       escaped(place));
  };
  std::map<Index, std::string> clusters;
  const std::map<Index, Index> group = groups(tape, nodes);
  for (const Index i : nodes)
    if (const auto found = group.find(i); found != group.end())
      clusters[found->second] += node_text(i, "    ");
    else
      text += node_text(i, "  ");
  for (const auto& [named, members] : clusters)
    text +=
        fmt::format("  subgraph \"cluster_{}\" {{\n    label=\"{}\";\n    fontname=\"Helvetica\";\n    style=dashed;\n{}  }}\n",
                    named, escaped(tape.name(named)), members);
  for (const Index i : nodes)
    for (const Contribution& c : contributions(tape, tape.values(), i, gradient.adjoints[i]))
      if (c.to >= 0 && std::binary_search(nodes.begin(), nodes.end(), c.to))
        text += fmt::format("  n{} -> n{} [id=\"e{}_{}\", label=\"{}\", tooltip=\"{}\"];\n", c.to, i, i, c.argument,
                            number(c.partial),
                            escaped(fmt::format("d {} / d {} = {} = {}", label(tape, i), label(tape, c.to),
                                                partial_statement(tape, i, c.argument), number(c.partial))));
  return text + "}\n";
}

/// A file of its own that is gone at the end of the scope.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    const char* folder = std::getenv("TMPDIR");
    name_ = std::string(folder != nullptr && *folder != 0 ? folder : "/tmp") + "/wengert-XXXXXX";
    const int file = ::mkstemp(name_.data());
    if (file < 0) throw Error("to_svg: cannot write a temporary file " + name_ + "; set TMPDIR to a folder that can be written");
    std::FILE* stream = ::fdopen(file, "w");
    std::fwrite(content.data(), 1, content.size(), stream);
    std::fclose(stream);
  }
  ~TemporaryFile() { ::unlink(name_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
};

std::string laid_out(const std::string& dot, const char* function) {
  const TemporaryFile file(dot);
  std::FILE* pipe = ::popen(("dot -Tsvg '" + file.name() + "' 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) throw Error(fmt::format("{}: cannot run a program", function));
  std::string svg;
  char part[4096];
  for (std::size_t n; (n = std::fread(part, 1, sizeof part, pipe)) > 0;) svg.append(part, n);
  const int status = ::pclose(pipe);
  constexpr int not_found = 127;  // from the shell
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_found)
    throw Error(
        fmt::format("{}: Graphviz's program `dot` lays the graph out, and it is not on the PATH; install Graphviz (Debian: "
                    "apt install graphviz), or write DOT instead",
                    function));
  if (status != 0 || svg.empty())
    throw Error(fmt::format("{}: Graphviz's program `dot` failed (status {}); write DOT instead and run it by hand", function,
                            WIFEXITED(status) ? WEXITSTATUS(status) : status));
  return svg;
}

ordered_json json_number(double x) {
  if (std::isnan(x)) return "nan";
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

const char* operation_name(const Tape& tape, Index i) {
  return tape[i].op == Op::Custom ? tape.nary(tape[i].y).name() : name(tape[i].op);
}

ordered_json json_node(const Tape& tape, Index i) {
  ordered_json node = {{"index", i},
                       {"name", tape.name(i)},
                       {"operation", operation_name(tape, i)},
                       {"equation", equation(tape, i)},
                       {"value", json_number(tape.value(i))}};
  if (const Location at = tape.location(i); at.known()) node["place"] = {{"file", at.file}, {"line", at.line}};
  return node;
}

constexpr char player[] =
#include "wengert/export/player.inc"
    ;

}  // namespace

std::string to_dot(const Var& t, const GraphOptions& options) {
  const std::vector<Index> nodes = shown_nodes(t, options, "to_dot");
  return dot_text(t, nodes, gradient(t), options.digits);
}

std::string to_svg(const Var& t, const GraphOptions& options) {
  const std::vector<Index> nodes = shown_nodes(t, options, "to_svg");
  return laid_out(dot_text(t, nodes, gradient(t), options.digits), "to_svg");
}

std::string to_json(const Var& t) {
  GraphOptions all;
  all.most_nodes = std::numeric_limits<Index>::max();
  shown_nodes(t, all, "to_json");
  const Tape& tape = *t.tape();
  const Gradient g = gradient(t);
  ordered_json nodes = ordered_json::array(), constants = ordered_json::array();
  for (Index i = 0; i <= t.index(); ++i) {
    ordered_json node = json_node(tape, i);
    node["adjoint"] = json_number(g.adjoints[i]);
    ordered_json arguments = ordered_json::array();
    for (const Contribution& c : contributions(tape, tape.values(), i, g.adjoints[i]))
      arguments.push_back({{"node", c.to}, {"partial", json_number(c.partial)}, {"amount", json_number(c.amount)}});
    node["arguments"] = arguments;
    nodes.push_back(node);
  }
  for (Index k = -1; k >= -tape.constants(); --k) constants.push_back({{"index", k}, {"value", json_number(tape.value(k))}});
  const ordered_json result = {
      {"dependent", t.index()}, {"independents", tape.independents()}, {"constants", constants}, {"nodes", nodes}};
  return result.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string to_html(const Var& t, const GraphOptions& options) {
  const std::vector<Index> nodes = shown_nodes(t, options, "to_html");
  const Tape& tape = *t.tape();
  std::string svg = laid_out(dot_text(t, nodes, gradient(t), options.digits), "to_html");
  svg.erase(0, svg.find("<svg"));
  ordered_json steps = ordered_json::array(), starts = ordered_json::array();
  for (const Index i : nodes) starts.push_back({{"node", i}, {"label", label(tape, i)}, {"value", json_number(tape.value(i))}});
  Cursor cursor = Cursor::reverse(t);
  while (cursor.step()) {
    const Index i = cursor.node();
    if (!std::binary_search(nodes.begin(), nodes.end(), i)) continue;
    ordered_json step = json_node(tape, i);
    step["adjoint"] = json_number(cursor.adjoint());
    if (tape[i].op != Op::Independent && tape[i].op != Op::Custom)
      step["rule"] = dispatch(tape[i].op, []<class Rule>() -> std::string { return Rule::formula.value; });
    ordered_json adds = ordered_json::array();
    for (const Contribution& c : cursor.contributions()) {
      if (c.to < 0) continue;
      adds.push_back({{"edge", fmt::format("e{}_{}", i, c.argument)},
                      {"node", c.to},
                      {"label", label(tape, c.to)},
                      {"formula", partial_statement(tape, i, c.argument)},
                      {"partial", json_number(c.partial)},
                      {"amount", json_number(c.amount)},
                      {"now", json_number(cursor.adjoint(c.to))}});
    }
    step["adds"] = adds;
    steps.push_back(step);
  }
  const ordered_json data = {{"dependent", t.index()}, {"nodes", starts}, {"steps", steps}};
  std::string json = data.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  for (std::size_t at = 0; (at = json.find("</", at)) != std::string::npos; at += 3) json.replace(at, 2, "<\\/");
  std::string page = player;
  const auto put = [&](std::string_view mark, const std::string& content) {
    page.replace(page.find(mark), mark.size(), content);
  };
  put("@DATA@", json);
  put("@SVG@", svg);
  return page;
}

}  // namespace wengert
