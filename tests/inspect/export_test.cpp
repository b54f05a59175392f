#include "wengert/export.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
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

// The page after all its steps, as Chromium sees it; empty where there is no Chromium.
std::string page_after_all_steps(const std::string& html) {
  const TemporaryFolder folder;
  std::ofstream(folder / "page.html") << html;
  const std::string options =
      "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
      "--disable-component-update --disable-sync --virtual-time-budget=5000 --user-data-dir='" +
      folder / "profile" + "' --dump-dom 'file://";
  return run_program("chromium", options + (folder / "page.html") + "#all'").out;
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
    EXPECT_THAT(error.what(), HasSubstr("3006 nodes, more than the limit of 1000; ask for a window around a node"));
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
    const Index i = node["index"];
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
}

TEST_F(Export, HtmlPageEndsAtTheGradientInABrowser) {
  if (!has_graphviz()) GTEST_SKIP() << "no Graphviz";
  if (run_program("chromium", "--version").status != 0) GTEST_SKIP() << "no Chromium";
  const std::string html = to_html(t);
  EXPECT_THAT(html, Not(HasSubstr("src=")));  // self-contained
  const std::string page = page_after_all_steps(html);
  EXPECT_THAT(page, HasSubstr("step 6 of 6"));
  const Gradient g = gradient(t);
  const std::regex node("<g id=\"n(\\d+)\"[^>]*data-adjoint=\"([^\"]+)\"");
  int nodes = 0;
  for (std::sregex_iterator found(page.begin(), page.end(), node), end; found != end; ++found, ++nodes)
    EXPECT_EQ(std::stod((*found)[2]), g.adjoints[std::stoi((*found)[1])]);
  EXPECT_EQ(nodes, t.index() + 1);
}

}  // namespace
