// A module of GradBench: functions by name, each made ready from the input of a request, then run as often as it is timed.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace gradbench {

using Json = nlohmann::json;

/// A call that was asked for: `run` it, any number of times, then there is its `output`.
struct Task {
  std::function<void()> run;
  std::function<Json()> output;
};

/// From a callable that writes a Result, which it finds as its last call left it, and what makes JSON of that.
template <class Result, class Compute, class ToJson>
Task task(Compute compute, ToJson to_json) {
  struct State {
    Compute compute;
    ToJson to_json;
    Result result{};
  };
  const auto state = std::make_shared<State>(State{std::move(compute), std::move(to_json), {}});
  return {[state] { state->compute(state->result); }, [state] { return Json(state->to_json(state->result)); }};
}
/// The same where JSON knows the Result.
template <class Result, class Compute>
Task task(Compute compute) {
  return task<Result>(std::move(compute), [](const Result& result) -> const Result& { return result; });
}

/// Makes a call ready: all that does not depend on the numbers that are differentiated, only on their shape, belongs here. Throws
/// std::invalid_argument where the input is not as it should be.
using Prepare = std::function<Task(const Json& input)>;

/// What the table of ratios compares: two functions of a module at one input.
struct Example {
  std::string size, primal, derivative, way;
  Json input;
};

/// `functions` are those of the protocol; a few more are there for the table's sake.
struct Module {
  std::string name;
  std::map<std::string, Prepare, std::less<>> functions;
  std::function<std::vector<Example>()> examples;
};

Module hello();
Module lse();
Module llsq();
Module det();
Module ode();
Module gmm();
Module lstm();
Module ba();
Module ht();
Module kmeans();
Module particle();
Module saddle();

/// All of them.
std::span<const Module> modules();

}  // namespace gradbench
