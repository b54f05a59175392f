#include "program/checkpoint.hpp"

#include <fmt/core.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "question/error.hpp"

namespace vae_kl {
namespace {

nlohmann::json exact(const std::vector<double>& numbers) {
  nlohmann::json list = nlohmann::json::array();
  for (const double number : numbers) list.push_back(fmt::format("{:a}", number));
  return list;
}

double exact(const nlohmann::json& text) {
  const auto& digits = text.get_ref<const std::string&>();
  char* end = nullptr;
  const double number = std::strtod(digits.c_str(), &end);
  if (end != digits.c_str() + digits.size() || digits.empty()) throw std::invalid_argument("`" + digits + "` is no number");
  return number;
}

std::vector<double> exact(const nlohmann::json& list, std::size_t size) {
  std::vector<double> numbers;
  for (const auto& text : list) numbers.push_back(exact(text));
  if (numbers.size() != size) throw std::invalid_argument(fmt::format("{} numbers where {} belong", numbers.size(), size));
  return numbers;
}

}  // namespace

std::string checkpoint(const Training& training, const TrainingState& state) {
  const TrainingOptions& options = training.options();
  nlohmann::ordered_json curve = nlohmann::ordered_json::array();
  for (const CurvePoint& point : state.curve)
    curve.push_back({point.epoch, fmt::format("{:a}", point.sampled), fmt::format("{:a}", point.free_energy),
                     fmt::format("{:a}", point.log_likelihood)});
  return nlohmann::ordered_json{{"vae_kl_checkpoint", 1},
                                {"data", fmt::format("{:016x}", training.digest())},
                                {"latent", options.latent},
                                {"batch", options.batch},
                                {"epochs", options.epochs},
                                {"rate", fmt::format("{:a}", options.rate)},
                                {"seed", options.seed},
                                {"derivative", options.derivative == Derivative::path ? "path" : "total"},
                                {"epoch", state.epoch},
                                {"step", state.step},
                                {"weights", exact(state.weights)},
                                {"first_moment", exact(state.first_moment)},
                                {"second_moment", exact(state.second_moment)},
                                {"curve", std::move(curve)}}
             .dump(1) +
         "\n";
}

TrainingState restored(const Training& training, const std::string& text, const std::string& path) {
  const std::size_t weights = training.vae().weights();
  nlohmann::json saved, own = nlohmann::json::parse(checkpoint(training, {}));
  TrainingState state;
  try {
    saved = nlohmann::json::parse(text);
    if (saved.at("vae_kl_checkpoint") != 1) throw std::invalid_argument("another version");
  } catch (const std::exception&) {
    throw InputError(fmt::format("{}: is no checkpoint of vae_kl train; name another file, or start without --resume", path));
  }
  for (const char* key : {"data", "latent", "batch", "epochs", "rate", "seed", "derivative"})
    if (!saved.contains(key) || saved.at(key) != own.at(key))
      throw InputError(
          fmt::format("{}: belongs to a run with another `{}`; give the same options and data as then, or start without --resume",
                      path, key));
  try {
    state.epoch = saved.at("epoch");
    state.step = saved.at("step");
    state.weights = exact(saved.at("weights"), weights);
    state.first_moment = exact(saved.at("first_moment"), weights);
    state.second_moment = exact(saved.at("second_moment"), weights);
    for (const auto& point : saved.at("curve"))
      state.curve.push_back({point.at(0).get<std::uint64_t>(), exact(point.at(1)), exact(point.at(2)), exact(point.at(3))});
  } catch (const std::exception& error) {
    throw InputError(fmt::format("{}: is a damaged checkpoint ({}); start without --resume", path, error.what()));
  }
  return state;
}

}  // namespace vae_kl
