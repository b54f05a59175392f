// The GradBench tool: requests as an eval sends them, and requests that are wrong.
//
// What is right comes from gradbench_requests.py, which computes it in 60 digits and in other ways.
#include "gradbench/protocol.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"

namespace {

using nlohmann::json;
using testing::HasSubstr;

json reply_to(const json& message) { return json::parse(gradbench::reply(message.dump())); }

json evaluate(const std::string& module, const std::string& function, const json& input) {
  return reply_to({{"id", 7}, {"kind", "evaluate"}, {"module", module}, {"function", function}, {"input", input}});
}

/// All numbers in it, in order.
void collect(const json& value, std::vector<double>& numbers) {
  if (value.is_number()) numbers.push_back(value.get<double>());
  if (value.is_structured())
    for (const json& part : value) collect(part, numbers);
}

/// The same without the numbers: names and shapes.
json shape_of(const json& value) {
  if (!value.is_structured()) return value.is_number() ? json(0) : value;
  json result = value;
  for (json& part : result) part = shape_of(part);
  return result;
}

/// Of the largest number of an output. Functions of a few hundred roundings (gmm's terms are some hundred times its sum).
/// Descents take the same steps here and there, with roundings of their own: saddle ends at a millionth of its start, and
/// particle's thousand steps of Euler's method pass close by a charge.
double tolerance(const std::string& module) { return module == "particle" || module == "saddle" ? 1e-11 : 1e-13; }

TEST(GradBench, AnswersWhatWasComputedIn60Digits) {
  std::ifstream file(GRADBENCH_REQUESTS);
  std::map<std::string, int> seen;
  for (std::string line; std::getline(file, line);) {
    const json request = json::parse(line);
    const std::string module = request["module"], function = request["function"];
    SCOPED_TRACE(module + "::" + function + " of " + request["input"].dump().substr(0, 200));
    const json reply = evaluate(module, function, request["input"]);
    ASSERT_EQ(reply["success"], true) << reply["error"];
    const json &output = reply["output"], &expected = request["output"];
    ASSERT_EQ(shape_of(output), shape_of(expected));
    std::vector<double> got, wanted;
    collect(output, got);
    collect(expected, wanted);
    double largest = 0;
    for (const double x : wanted) largest = std::max(largest, std::abs(x));
    for (std::size_t k = 0; k < wanted.size(); ++k) EXPECT_NEAR(got[k], wanted[k], tolerance(module) * largest) << "number " << k;
    ++seen[module + "::" + function];
  }
  for (const gradbench::Module& module : gradbench::modules())
    for (const auto& [function, prepare] : module.functions)
      EXPECT_GT(seen[module.name + "::" + function], 0) << module.name << " " << function;
  EXPECT_EQ(gradbench::modules().size(), 12u);
}

TEST(GradBench, AnswersASessionLineByLine) {
  std::istringstream in(
      R"({"id": 0, "kind": "start", "eval": "hello", "config": {"a": [1]}})"
      "\n"
      R"({"id": 1, "kind": "define", "module": "hello"})"
      "\n\n"
      R"({"id": 2, "kind": "evaluate", "module": "hello", "function": "square", "input": 3.0, "description": "3.0"})"
      "\r\n"
      R"({"id": 3, "kind": "analysis", "of": 2, "valid": true})"
      "\n"
      "this is no JSON\n"
      R"({"id": 4, "kind": "evaluate", "module": "hello", "function": "double", "input": 3.0})"
      "\n"
      R"({"id": 5, "kind": "end"})"
      "\n"
      R"({"id": 6, "kind": "start"})");
  std::ostringstream out;
  gradbench::serve(in, out);
  std::istringstream lines(out.str());
  std::vector<json> replies;
  for (std::string line; std::getline(lines, line);) replies.push_back(json::parse(line));
  ASSERT_EQ(replies.size(), 6u) << out.str();  // none to "end" and what comes after it
  EXPECT_EQ(replies[0], (json{{"id", 0}, {"tool", "wengert"}}));
  EXPECT_EQ(replies[1], (json{{"id", 1}, {"success", true}}));
  EXPECT_EQ(replies[2]["id"], 2);
  EXPECT_EQ(replies[2]["output"], 9.0);
  EXPECT_EQ(replies[3], (json{{"id", 3}}));
  EXPECT_EQ(replies[4]["id"], nullptr);
  EXPECT_EQ(replies[4]["success"], false);
  EXPECT_EQ(replies[5]["id"], 4);
  EXPECT_EQ(replies[5]["output"], 6.0);
}

TEST(GradBench, RunsAsOftenAsItIsAskedAndTellsEachTime) {
  const auto timings = [](const json& input) {
    const json reply = evaluate("lse", "gradient", input);
    EXPECT_EQ(reply["success"], true) << reply;
    int runs = 0;
    double seconds = 0;
    for (const json& timing : reply["timings"])
      if (timing["name"] == "evaluate") {
        ++runs;
        EXPECT_TRUE(timing["nanoseconds"].is_number_unsigned() || timing["nanoseconds"] >= 0);
        seconds += 1e-9 * timing["nanoseconds"].get<double>();
      }
    return std::pair(runs, seconds);
  };
  EXPECT_EQ(timings({{"x", {1.0, 2.0}}}).first, 1);
  EXPECT_EQ(timings({{"x", {1.0, 2.0}}, {"min_runs", 5}}).first, 5);
  EXPECT_EQ(timings({{"x", {1.0, 2.0}}, {"min_runs", 3}, {"min_seconds", 0}}).first, 3);
  EXPECT_GE(timings({{"x", {1.0, 2.0}}, {"min_runs", 1}, {"min_seconds", 0.005}}).second, 0.005);
}

// Each run computes the same again, whatever a module keeps between them.
TEST(GradBench, TheLastOfManyRunsAnswersAsTheFirst) {
  std::ifstream file(GRADBENCH_REQUESTS);
  for (std::string line; std::getline(file, line);) {
    json request = json::parse(line);
    json& input = request["input"];
    if (!input.is_object()) continue;
    const json once = evaluate(request["module"], request["function"], input);
    input["min_runs"] = 3;
    EXPECT_EQ(evaluate(request["module"], request["function"], input)["output"], once["output"]) << line.substr(0, 200);
  }
}

/// A refusal, by what its error says.
void expect_refusal(const json& reply, const std::string& error) {
  EXPECT_EQ(reply["success"], false) << reply;
  EXPECT_FALSE(reply.contains("output"));
  ASSERT_TRUE(reply["error"].is_string()) << reply;
  EXPECT_THAT(reply["error"].get<std::string>(), HasSubstr(error));
}

TEST(GradBench, RefusesMessagesThatItDoesNotUnderstand) {
  for (const char* line : {"{", "}", "\"start\" 3", "{\"id\": 1, \"kind\": \"define\"", "nul", "\xff\xfe"}) {
    const json reply = json::parse(gradbench::reply(line));
    expect_refusal(reply, "parse error");
    EXPECT_EQ(reply["id"], nullptr);
  }
  expect_refusal(reply_to(json::array({1, 2})), "a message must be an object, and is array");
  expect_refusal(reply_to({{"id", 1}}), "the message has no kind");
  expect_refusal(reply_to({{"id", 1}, {"kind", 4}}), "the message's kind must be a string, and is number");
  const json unknown = reply_to({{"id", 12}, {"kind", "optimise"}});
  expect_refusal(unknown, "kind `optimise` is unknown");
  EXPECT_EQ(unknown["id"], 12);
  expect_refusal(reply_to({{"id", 1}, {"kind", "define"}}), "the message has no module");
  expect_refusal(reply_to({{"id", 1}, {"kind", "define"}, {"module", "mandelbrot"}}),
                 "no module `mandelbrot`; there are hello, lse");
  expect_refusal(evaluate("mandelbrot", "objective", {}), "no module `mandelbrot`");
  expect_refusal(evaluate("gmm", "hessian", {}), "module gmm has no function `hessian`; it has jacobian, objective");
  expect_refusal(reply_to({{"id", 1}, {"kind", "evaluate"}, {"module", "lse"}, {"function", "primal"}}),
                 "the message has no input");
}

/// A request that is right, with one field put in place of another.
json changed(const std::string& module, const std::string& function, const json::json_pointer& field, const json& value) {
  std::ifstream file(GRADBENCH_REQUESTS);
  for (std::string line; std::getline(file, line);) {
    json request = json::parse(line);
    if (request["module"] != module || request["function"] != function) continue;
    json& at = request["input"][field];
    if (value.is_null())
      request["input"] = request["input"].patch({{{"op", "remove"}, {"path", field.to_string()}}});
    else
      at = value;
    return evaluate(module, function, request["input"]);
  }
  ADD_FAILURE() << module << " " << function;
  return {};
}

TEST(GradBench, RefusesInputsThatDoNotFit) {
  using P = json::json_pointer;
  const auto refuse = [](const char* module, const char* function, const char* field, const json& value, const char* error) {
    SCOPED_TRACE(std::string(module) + " " + field + " = " + value.dump());
    expect_refusal(changed(module, function, P(field), value), error);
  };
  expect_refusal(evaluate("hello", "square", "three"), "the input must be a number, and is string");
  expect_refusal(evaluate("lse", "primal", 3.0), "the input must be an object, and is number");
  refuse("lse", "primal", "/x", nullptr, "x is missing from the input");
  refuse("lse", "gradient", "/x", json::array(), "x must have a number at least");
  refuse("lse", "gradient", "/x", "1, 2", "x must be a list, and is string");
  refuse("lse", "gradient", "/x/1", "2", "x[1] must be a number, and is string");
  refuse("lse", "gradient", "/min_runs", 0, "min_runs must be a whole number, 1 or more, and is 0");
  refuse("lse", "gradient", "/min_seconds", "1", "min_seconds must be a number, and is string");
  refuse("llsq", "primal", "/n", 1, "n must be a whole number, 2 or more, and is 1");
  refuse("llsq", "gradient", "/n", 2.5, "n must be a whole number, 2 or more, and is 2.5");
  refuse("llsq", "gradient", "/n", -3, "n must be a whole number, 2 or more, and is -3");
  refuse("llsq", "gradient", "/x", json::array(), "x must have a number at least");
  refuse("det", "primal", "/ell", 0, "ell must be a whole number, 1 or more, and is 0");
  refuse("det", "gradient", "/ell", 33, "ell is too large");
  refuse("det", "gradient", "/A", {1.0, 2.0}, "A must have 1 numbers, and has 2");
  refuse("ode", "primal", "/s", 0, "s must be a whole number, 1 or more, and is 0");
  refuse("ode", "gradient", "/x", json::array(), "x must have a number at least");
  refuse("gmm", "objective", "/alpha", {1.0}, "alpha must have 3 numbers, and has 1");
  refuse("gmm", "jacobian", "/mu", {{1.0, 2.0}}, "mu must be 3 rows of 2 numbers, and is 1 rows of 2");
  refuse("gmm", "jacobian", "/x/1", {1.0}, "x[1] must have 2 numbers, as the rows before it, and has 1");
  refuse("gmm", "jacobian", "/l", json::array(), "l must be 3 rows of 1 numbers, and is 0 rows of 0");
  refuse("gmm", "jacobian", "/gamma", nullptr, "gamma is missing");
  refuse("lstm", "objective", "/sequence", {{1.0, 0.0}}, "sequence must have two rows at least");
  refuse("lstm", "jacobian", "/main_params", {{1.0}}, "main_params must have two rows for each layer");
  refuse("lstm", "jacobian", "/main_params", {{1.0}, {2.0}}, "main_params must have four numbers in a row");
  refuse("lstm", "jacobian", "/state", json::array(), "state must be 2 rows of 2 numbers, and is 0 rows of 0");
  refuse("ba", "objective", "/cam", {1.0, 2.0}, "cam must have 11 numbers, and has 2");
  refuse("ba", "jacobian", "/p", 0, "p must be a whole number, 1 or more, and is 0");
  refuse("ba", "jacobian", "/p", 100000000, "p must be 69273666 at most");
  refuse("ht", "objective", "/theta", {1.0}, "theta must have 26 numbers, and has 1");
  refuse("ht", "jacobian", "/data/model/bone_count", 3, "data.model.bone_count must be a whole number, 21 or more, and is 3");
  refuse("ht", "jacobian", "/data/model/weights/2", {1.0}, "data.model.weights[2] must have 22 numbers");
  refuse("ht", "jacobian", "/data/model/parents/3", 3, "data.model.parents must name bones that come before");
  refuse("ht", "jacobian", "/data/model/parents/3", 22,
         "data.model.parents[3] must be a whole number, -1 or more and below 22, and is 22");
  refuse("ht", "jacobian", "/data/model/base_relatives/0/3/3", 2.0,
         "data.model.base_relatives must be matrices whose last row is 0, 0, 0, 1");
  refuse("ht", "jacobian", "/data/model/base_relatives/0/3", nullptr,
         "data.model.base_relatives[0] must be 4 rows of 4 numbers, and is 3 rows of 4");
  refuse("ht", "jacobian", "/data/model/is_mirrored", 0, "data.model.is_mirrored must be true or false, and is number");
  refuse("ht", "jacobian", "/data/correspondences/0", 4,
         "data.correspondences[0] must be a whole number, 0 or more and below 4, and is 4");
  refuse("ht", "jacobian", "/data/points", {{1.0, 2.0, 3.0}}, "data.points must be 4 rows of 3 numbers, and is 1 rows of 3");
  refuse("ht", "jacobian", "/us", {{0.5, 0.25}}, "must be");
  refuse("kmeans", "cost", "/points", json::array(), "points must have a row at least");
  refuse("kmeans", "dir", "/centroids", {{1.0}}, "centroids must have a row at least, and as many numbers in each as points has");
  refuse("kmeans", "dir", "/centroids", {{0.0, 0.0}, {1e3, 1e3}}, "centroids: one is nearest to no point");
  refuse("particle", "rr", "/w", "0", "w must be a number, and is string");
  refuse("particle", "rr", "/w", 5.0, "w: at 5, the charge is driven away");
  refuse("saddle", "ff", "/start", {1.0}, "start must have 2 numbers, and has 1");
  // what JSON cannot say
  refuse("hello", "square", "", 1e200, "a number of the output is not finite");
}

TEST(GradBench, ThousandCentroidsOfTenThousandPointsFitIn2Gigabytes) {
  kernels::Random random(1);
  constexpr std::size_t k = 1000, n = 10000, d = 16;
  std::vector<std::vector<double>> points;
  for (std::size_t i = 0; i < n; ++i) points.push_back(random.uniforms(d, 0, 1));
  const std::vector<std::vector<double>> centroids(points.end() - k, points.end());
  const json reply = evaluate("kmeans", "dir", {{"points", points}, {"centroids", centroids}});
  ASSERT_EQ(reply["success"], true) << reply["error"];
  // what Newton's step leads to is the mean of a centroid's points; looked for here once more
  std::vector<std::vector<double>> sums(k, std::vector<double>(d));
  std::vector<double> counts(k);
  for (const std::vector<double>& point : points) {
    std::size_t best = 0;
    double least = 1e300;
    for (std::size_t j = 0; j < k; ++j) {
      double distance = 0;
      for (std::size_t c = 0; c < d; ++c) distance += std::pow(centroids[j][c] - point[c], 2);
      if (distance < least) {
        least = distance;
        best = j;
      }
    }
    ++counts[best];
    for (std::size_t c = 0; c < d; ++c) sums[best][c] += point[c];
  }
  for (std::size_t j = 0; j < k; ++j)
    for (std::size_t c = 0; c < d; ++c)
      // some dozens of terms below 1 are added up in either way
      EXPECT_NEAR(reply["output"][j][c], centroids[j][c] - sums[j][c] / counts[j], 1e-13);
#ifndef WENGERT_TEST_SANITIZED
  rusage usage;
  ASSERT_EQ(getrusage(RUSAGE_SELF, &usage), 0);
  EXPECT_LT(usage.ru_maxrss, 2000000);  // in kilobytes, all that this process ever held
#endif
}

}  // namespace
