#include "wengert/export.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>

#include "support/run_program.hpp"
#include "wengert/error.hpp"
#include "wengert/wengert.hpp"

namespace {

using namespace wengert;
using testing::HasSubstr;
using testing::Not;

struct Export : testing::Test {
  Tape tape{true};
  Var x = tape.variable(3, "x"), y = tape.variable(4, "say \"y\"");
  Var z = named("z", x* y);
  Var t = named("t", sin(z) + 2 * x);
};

bool has_graphviz() { return run_program("dot", "-V").status == 0; }

// What is at the address, page.html or frame.html, as Chromium sees it.
std::string page_in_chromium(const std::string& html, const std::string& address, const std::string& frame = {}) {
  const TemporaryFolder folder;
  std::ofstream(folder / "page.html") << html;
  std::ofstream(folder / "frame.html") << frame;
  const std::string options =
      "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
      "--disable-component-update --disable-sync --virtual-time-budget=5000 --window-size=2000,1200 --user-data-dir='" +
      folder / "profile" + "' --dump-dom 'file://";
  return run_program("chromium", options + (folder / address) + "'").out;
}

// What a script in the page tells its parent, a page that shows it in a frame of that size: no window is as narrow as a
// telephone.
std::string verdict(const std::string& html, int width = 1280, int height = 800) {
  const std::string page = page_in_chromium(
      html, "frame.html",
      "<script>onmessage = event => document.body.dataset.verdict = event.data</script><iframe src='page.html' width=" +
          std::to_string(width) + " height=" + std::to_string(height) + "></iframe>");
  std::smatch found;
  return std::regex_search(page, found, std::regex("data-verdict=\"([^\"]*)\"")) ? found[1].str() : "no verdict";
}

bool has_chromium() { return run_program("chromium", "--version").status == 0; }

// What a program called `dot` does for as long as this lives, and nothing else is on the PATH but the system's own folders.
class InPlaceOfDot {
 public:
  explicit InPlaceOfDot(const std::string& script) : path_(std::getenv("PATH")) {
    std::ofstream(folder_ / "dot") << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(folder_ / "dot", std::filesystem::perms::owner_all);
    ::setenv("PATH", (folder_.path().string() + ":/bin:/usr/bin").c_str(), 1);
  }
  ~InPlaceOfDot() { ::setenv("PATH", path_.c_str(), 1); }
  InPlaceOfDot(const InPlaceOfDot&) = delete;
  InPlaceOfDot& operator=(const InPlaceOfDot&) = delete;
  std::string operator/(const std::string& name) const { return folder_ / name; }

 private:
  TemporaryFolder folder_;
  std::string path_;
};

std::string message_of_svg(const Var& t, const GraphOptions& options = {}) {
  try {
    to_svg(t, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// r = sin(r) + s, n times: 2 n + 1 nodes, and s is used n times.
Var shared_sum(Tape& tape, int n) {
  const Var s = tape.variable(0.1, "s");
  Var r = s;
  for (int k = 0; k < n; ++k) r = sin(r) + s;
  return named("t", r);
}

// The sum of the squares of w x + b - y over n points.
Var regression(Tape& tape, int n) {
  const Var w = tape.variable(0.1, "w"), b = tape.variable(0.2, "b");
  Var loss = 0.0;
  for (int i = 0; i < n; ++i) {
    const Var rest = w * (0.1 * i) + b - 0.3 * i;
    loss = loss + rest * rest;
  }
  return named("loss", loss);
}

// The boxes of a picture in columns by their nodes: where they stand.
struct Box {
  double x, y, width, height;
};
std::map<NodeId, Box> boxes(const std::string& svg) {
  std::map<NodeId, Box> result;
  const std::regex node(
      "<g id=\"n(\\d+)\" class=\"node\"><title>[^<]*</title><rect x=\"([^\"]+)\" y=\"([^\"]+)\" width=\"([^\"]+)\" "
      "height=\"([^\"]+)\"");
  for (std::sregex_iterator found(svg.begin(), svg.end(), node), end; found != end; ++found)
    result[std::stoi((*found)[1])] = {std::stod((*found)[2]), std::stod((*found)[3]), std::stod((*found)[4]),
                                      std::stod((*found)[5])};
  return result;
}

TEST_F(Export, DotNamesNodesWithValuesAndAdjointsAndPutsPartialsOnEdges) {
  const std::string dot = to_dot(t);
  EXPECT_THAT(dot, HasSubstr("label=\"z = x * say \\\"y\\\"\\nvalue 12\\nadjoint 0.8439\""));  // cos(12)
  EXPECT_THAT(dot, HasSubstr("n0 -> n2 [id=\"e2_0\", label=\"4\""));
  EXPECT_THAT(dot, HasSubstr("subgraph \"cluster_2\""));
  EXPECT_THAT(dot, HasSubstr("label=\"z\";"));
  EXPECT_THAT(dot, HasSubstr("export_test.cpp:"));
}

TEST_F(Export, LeavesOutWhatTheDependentDoesNotNeed) {
  const Var other = named("other", exp(x));
  EXPECT_THAT(to_dot(t), Not(HasSubstr("other")));
  EXPECT_THAT(to_dot(other), Not(HasSubstr("sin")));
}

TEST_F(Export, OfALargeGraphAsksForAWindowAndDrawsIt) {
  Var u = t;
  for (int k = 0; k < 3000; ++k) u = sin(u);
  try {
    to_dot(u);
    FAIL();
  } catch (const ShapeMismatch& error) {
    EXPECT_THAT(error.what(), HasSubstr("3006 nodes, more than the limit of 2500; ask for a window around a node"));
  }
  GraphOptions window;
  window.around = 1000;
  window.reach = 2;
  const std::string dot = to_dot(u, window);
  EXPECT_THAT(dot, HasSubstr("n998 ["));
  EXPECT_THAT(dot, HasSubstr("n1002 ["));
  EXPECT_THAT(dot, Not(HasSubstr("n1003 [")));
  window.around = 5000;
  EXPECT_THROW(to_dot(u, window), NotRecorded);
}

TEST_F(Export, JsonReadsBackToTheBit) {
  const Var w = log(x - 3);  // -inf
  const Var sum = w + t;
  const auto json = nlohmann::json::parse(to_json(sum));
  const Gradient g = gradient(sum);
  for (const auto& node : json["nodes"]) {
    const NodeId i = node["index"];
    if (node["value"].is_number()) {
      EXPECT_EQ(node["value"].get<double>(), tape.value(i));
    }
    if (node["adjoint"].is_number()) {
      EXPECT_EQ(node["adjoint"].get<double>(), g.adjoints[i]);
    }
  }
  EXPECT_EQ(json["nodes"][static_cast<std::size_t>(w.index())]["value"], "-inf");
  EXPECT_EQ(json["nodes"][0]["name"], "x");
}

TEST_F(Export, RefusesConstantsAndStaleVariables) {
  EXPECT_THROW(to_dot(Var(1)), NotRecorded);
  tape.clear();
  EXPECT_THROW(to_json(t), StaleVariable);
}

TEST_F(Export, SvgSaysWhatToInstallWithoutGraphviz) {
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nonexistent", 1);
  std::string message;
  try {
    to_svg(t);
  } catch (const Error& error) {
    message = error.what();
  }
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_THAT(message, HasSubstr("`dot`"));
  EXPECT_THAT(message, HasSubstr("install Graphviz"));
}

TEST_F(Export, SvgIsLaidOutByGraphviz) {
  if (!has_graphviz()) GTEST_SKIP() << "no Graphviz";
  EXPECT_THAT(to_svg(t), HasSubstr("<svg"));
  EXPECT_THAT(to_svg(t), HasSubstr("Generated by graphviz"));
}

TEST_F(Export, SvgDoesNotMindWhereTemporaryFilesGo) {
  if (!has_graphviz()) GTEST_SKIP() << "no Graphviz";
  const char* was = std::getenv("TMPDIR");
  const std::string before = was == nullptr ? "" : was;
  for (const char* folder : {"/nowhere", "/tmp/it's; here\""}) {
    ::setenv("TMPDIR", folder, 1);
    EXPECT_EQ(message_of_svg(t), "no error") << folder;
  }
  was == nullptr ? ::unsetenv("TMPDIR") : ::setenv("TMPDIR", before.c_str(), 1);
}

TEST_F(Export, SvgEndsGraphvizWhenItsTimeIsOver) {
  const InPlaceOfDot dot("echo $$ > \"$(dirname \"$0\")/pid\"; exec sleep 60");
  GraphOptions options;
  options.seconds = 0.5;
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(message_of_svg(t, options), HasSubstr("`dot` took longer than 0.5 s and was ended; options.graphviz_nodes = 0"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  const std::string pid = file_text(dot / "pid");
  ASSERT_FALSE(pid.empty());
  EXPECT_EQ(::kill(std::stoi(pid), 0), -1);  // there is no such process any more
}

TEST_F(Export, SvgSaysHowGraphvizFailed) {
  {
    const InPlaceOfDot dot("exit 3");
    EXPECT_THAT(message_of_svg(t), HasSubstr("failed (status 3)"));
  }
  {
    const InPlaceOfDot dot("kill -9 $$");
    EXPECT_THAT(message_of_svg(t), HasSubstr("failed (status 137)"));
  }
  // One that reads nothing of a long text must not end us with it.
  GraphOptions options;
  options.graphviz_nodes = 3000;
  Tape large;
  const Var sum = shared_sum(large, 1000);
  const InPlaceOfDot dot("exec <&-; exit 0");
  EXPECT_THAT(message_of_svg(sum, options), HasSubstr("failed (status 0)"));
}

TEST_F(Export, SvgOfALargeGraphNeedsNoGraphvizAndNoTime) {
  const InPlaceOfDot dot("exit 3");
  Tape first, second, third;
  Var chain = third.variable(0.3, "x");
  for (int k = 0; k < 1999; ++k) chain = sin(chain);
  for (const Var& u : {shared_sum(first, 1000), regression(second, 400), chain}) {
    const auto start = std::chrono::steady_clock::now();
    const std::string svg = to_svg(u);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
    EXPECT_EQ(boxes(svg).size(), static_cast<std::size_t>(u.index()) + 1);
  }
}

// Columns are read like lines of text: from left to right, and band after band.
TEST_F(Export, ColumnsShowArgumentsBeforeTheirUseAndNoTwoNodesInOnePlace) {
  Tape tape_of_regression;
  const Var loss = regression(tape_of_regression, 60);
  const std::string svg = to_svg(loss);
  const std::map<NodeId, Box> at = boxes(svg);
  ASSERT_EQ(at.size(), static_cast<std::size_t>(loss.index()) + 1);
  std::smatch size;
  ASSERT_TRUE(std::regex_search(svg, size, std::regex("viewBox=\"0 0 ([^ ]+) ([^\"]+)\"")));
  EXPECT_LE(std::stod(size[1]), 1280);  // a usual screen
  for (const auto& [i, box] : at) {
    EXPECT_GE(box.x, 0);
    EXPECT_GE(box.y, 0);
    EXPECT_LE(box.x + box.width, std::stod(size[1]));
    EXPECT_LE(box.y + box.height, std::stod(size[2]));
    for (const auto& [j, other] : at)
      EXPECT_TRUE(i == j || box.x + box.width <= other.x || other.x + other.width <= box.x || box.y + box.height <= other.y ||
                  other.y + other.height <= box.y)
          << i << " and " << j;
  }
  int edges = 0, drawn = 0;
  for (NodeId i = 0; i <= loss.index(); ++i) {
    const Arguments arguments = tape_of_regression.arguments(i);
    for (NodeId k = 0; k < arguments.size(); ++k) {
      if (arguments[k] < 0) continue;
      ++edges;
      const Box from = at.at(arguments[k]), to = at.at(i);
      EXPECT_TRUE(from.x + from.width < to.x || from.y < to.y) << arguments[k] << " of " << i;
      if (svg.find("<g id=\"e" + std::to_string(i) + '_' + std::to_string(k) + '"') != svg.npos) ++drawn;
    }
  }
  EXPECT_EQ(drawn, edges);
}

TEST_F(Export, ColumnsEscapeNamesAndKeepCharactersWhole) {
  GraphOptions options;
  options.graphviz_nodes = 0;
  const Var u = named("a <b> & \"c\" ééééééééééééééééééééééé", t * 2);
  const std::string svg = to_svg(u, options);
  EXPECT_THAT(svg, HasSubstr("a &lt;b&gt; &amp; &quot;c&quot; "));
  EXPECT_THAT(svg, HasSubstr("é…</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("\xC3…")));
}

TEST_F(Export, HtmlPageEndsAtTheGradientInABrowser) {
  if (!has_chromium()) GTEST_SKIP() << "no Chromium";
  GraphOptions by_graphviz, in_columns;
  in_columns.graphviz_nodes = 0;
  for (const GraphOptions& options : {by_graphviz, in_columns}) {
    if (options.graphviz_nodes > 0 && !has_graphviz()) continue;
    const std::string html = to_html(t, options);
    EXPECT_THAT(html, Not(HasSubstr("src=")));  // self-contained
    const std::string page = page_in_chromium(html, "page.html#all");
    EXPECT_THAT(page, HasSubstr("step 6 of 6"));
    const Gradient g = gradient(t);
    const std::regex node("<g id=\"n(\\d+)\"[^>]*data-adjoint=\"([^\"]+)\"");
    int nodes = 0;
    for (std::sregex_iterator found(page.begin(), page.end(), node), end; found != end; ++found, ++nodes)
      EXPECT_EQ(std::stod((*found)[2]), g.adjoints[std::stoi((*found)[1])]);
    EXPECT_EQ(nodes, t.index() + 1);
    EXPECT_THAT(page, HasSubstr("∂t/∂x = 5.3754</span>"));  // 4 cos(12) + 2
  }
}

// Run in the page: a complaint for each thing that cannot be seen at the beginning, in the middle and at the end of the sweep.
constexpr const char* audit = R"js(<script>
{
  const wrong = [], rect = element => element.getBoundingClientRect();
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const apart = (a, b) => a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
  const screen_ = {left: 0, top: 0, right: innerWidth, bottom: innerHeight};
  for (const to of [0, Math.floor(data.steps.length / 2), data.steps.length, 0]) {
    go(to);
    into_view();
    const at_ = to === 0 ? data.dependent : data.steps[to - 1].index;
    if (!inside(rect(nodes.get(at_).g), rect(group("picture")))) wrong.push("node " + at_ + " is out of sight at " + to);
    const parts = ["controls", "legend", "gradient", "now", "picture"].map(group);
    for (const part of parts) if (!inside(rect(part), screen_)) wrong.push(part.id + " leaves the screen at " + to);
    for (const a of parts) for (const b of parts) if (a !== b && !apart(rect(a), rect(b))) wrong.push(a.id + " covers " + b.id);
    if (rect(group("picture")).height < innerHeight / 4) wrong.push("little is left for the picture");
    if (rect(nodes.get(at_).text[0]).height < 9) wrong.push("nobody can read that");
  }
  group("fit").click();
  if (!inside(rect(svg), rect(group("picture")))) wrong.push("fit does not fit");
  for (let k = 0; k < 3; ++k) document.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowRight"}));
  document.dispatchEvent(new KeyboardEvent("keydown", {key: "ArrowLeft"}));
  if (at !== 2) wrong.push("keys");
  parent.postMessage(wrong.join("; ") || "fine in " + innerWidth + " x " + innerHeight, "*");
}
</script>)js";

TEST_F(Export, HtmlPageShowsWhatItSpeaksOfOnScreensOfEverySize) {
  if (!has_chromium()) GTEST_SKIP() << "no Chromium";
  Tape first, second;
  for (const Var& u : {t, regression(first, 20), shared_sum(second, 500)}) {
    GraphOptions options;
    if (!has_graphviz()) options.graphviz_nodes = 0;
    std::string html = to_html(u, options);
    html.insert(html.rfind("</body>"), audit);
    for (const auto& [width, height] : {std::pair{1280, 800}, {390, 844}, {1920, 1080}})
      EXPECT_EQ(verdict(html, width, height), fmt::format("fine in {} x {}", width, height)) << u.index() + 1 << " nodes";
  }
}

// Forwards and back again by every way there is, each node ends as it was.
TEST_F(Export, HtmlPageGoesBackToWhereItWas) {
  if (!has_chromium()) GTEST_SKIP() << "no Chromium";
  GraphOptions options;
  options.graphviz_nodes = 0;
  std::string html = to_html(t, options);
  html.insert(html.rfind("</body>"), R"js(<script>
{
  const of = g => [g.id, ...Array.from(g.classList).sort(), ...Array.from(g.querySelectorAll("text"), text => text.textContent), g.dataset.adjoint].join();
  const look = () => Array.from(svg.querySelectorAll("g.node, g.edge"), of).join() + group("now").innerHTML + group("gradient").innerHTML.replaceAll(' class=""', "");
  const seen = [], steps = data.steps.length;
  for (let k = 0; k <= steps; ++k) { go(k); seen.push(look()); }
  const other = [];
  const compare = k => { go(k); if (look() !== seen[k]) other.push("step " + k + " is " + look() + " and was " + seen[k]); };
  for (let k = steps; k >= 0; --k) compare(k);
  for (const k of [steps, 0, 3, 1, steps]) compare(k);
  parent.postMessage(other[0] || "the same", "*");
}
</script>)js");
  EXPECT_EQ(verdict(html), "the same");
}

}  // namespace
