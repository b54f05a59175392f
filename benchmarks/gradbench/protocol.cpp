#include "gradbench/protocol.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>
#include <istream>
#include <new>
#include <ostream>
#include <stdexcept>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"

namespace gradbench {
namespace {

/// The names of modules or functions, for an error.
template <class Range, class Name>
std::string names(const Range& range, Name name) {
  std::vector<std::string> all;
  for (const auto& entry : range) all.push_back(name(entry));
  return fmt::format("{}", fmt::join(all, ", "));
}

/// A field of a message that is a string.
std::string text(const Json& message, const char* field) {
  const auto found = message.find(field);
  if (found == message.end()) throw std::invalid_argument(fmt::format("the message has no {}", field));
  if (!found->is_string())
    throw std::invalid_argument(fmt::format("the message's {} must be a string, and is {}", field, found->type_name()));
  return found->get<std::string>();
}

const Module& find_module(const Json& message) {
  const std::string name = text(message, "module");
  for (const Module& module : modules())
    if (module.name == name) return module;
  throw std::invalid_argument(fmt::format("there is no module `{}`; there are {}", name,
                                          names(modules(), [](const Module& module) { return module.name; })));
}

bool is_finite(const Json& value) {
  if (value.is_structured()) {
    for (const Json& part : value)
      if (!is_finite(part)) return false;
    return true;
  }
  return !value.is_number_float() || std::isfinite(value.get<double>());
}

/// How often to run: at least once.
struct Runs {
  std::size_t least = 1;
  double seconds = 0;

  explicit Runs(const Json& input) {
    if (!input.is_object()) return;
    const Input object(input);
    if (object.has("min_runs")) least = object.count("min_runs", 1);
    if (object.has("min_seconds")) seconds = object.number("min_seconds");
  }
};

Json evaluate(const Json& message) {
  const Module& module = find_module(message);
  const std::string name = text(message, "function");
  const auto function = module.functions.find(name);
  if (function == module.functions.end())
    throw std::invalid_argument(fmt::format("module {} has no function `{}`; it has {}", module.name, name,
                                            names(module.functions, [](const auto& entry) { return entry.first; })));
  if (!message.contains("input")) throw std::invalid_argument("the message has no input");
  const Json& input = message["input"];
  const Runs runs(input);

  Json timings = Json::array();
  const auto timed = [&](const char* what, const auto& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const auto taken = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
    timings.push_back({{"name", what}, {"nanoseconds", taken}});
    return 1e-9 * static_cast<double>(taken);
  };
  Task task;
  timed("prepare", [&] { task = function->second(input); });
  double passed = 0;
  for (std::size_t run = 0; run < runs.least || passed < runs.seconds; ++run) passed += timed("evaluate", task.run);
  Json output = task.output();
  if (!is_finite(output)) throw std::domain_error("a number of the output is not finite, which JSON has no way to say");
  return {{"success", true}, {"output", std::move(output)}, {"timings", std::move(timings)}};
}

/// The reply without the id.
Json answer(const Json& message) {
  const std::string kind = text(message, "kind");
  if (kind == "start") return {{"tool", "wengert"}};
  if (kind == "define") {
    find_module(message);
    return {{"success", true}};
  }
  if (kind == "evaluate") return evaluate(message);
  if (kind == "analysis") return Json::object();
  throw std::invalid_argument(
      fmt::format("a message of kind `{}` is unknown; there are start, define, evaluate, analysis and end", kind));
}

}  // namespace

std::span<const Module> modules() {
  static const std::vector<Module> all{hello(), lse(), llsq(), det(),    ode(),      gmm(),
                                       lstm(),  ba(),  ht(),   kmeans(), particle(), saddle()};
  return all;
}

std::string reply(std::string_view line) {
  Json id = nullptr, result;
  try {
    const Json message = Json::parse(line);
    if (!message.is_object())
      throw std::invalid_argument(fmt::format("a message must be an object, and is {}", message.type_name()));
    if (message.contains("id")) id = message["id"];
    if (message.contains("kind") && message["kind"] == "end") return {};
    result = answer(message);
  } catch (const std::bad_alloc&) {
    result = {{"success", false}, {"error", "out of memory; the input is too large for this machine"}};
  } catch (const std::exception& error) {
    result = {{"success", false}, {"error", error.what()}};
  }
  result["id"] = std::move(id);
  // what was not UTF-8 in the message may come back in an error
  return result.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void serve(std::istream& in, std::ostream& out) {
  for (std::string line; std::getline(in, line);) {
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const std::string answer = reply(line);
    if (answer.empty()) return;
    out << answer << std::endl;  // the eval waits for it
  }
}

}  // namespace gradbench
