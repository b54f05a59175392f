// The options of a command: their names, what may be written there, and the variables that they fill in. Parsing fills in and
// runs nothing. Only options.cpp knows the command-line library.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "estimate/estimator.hpp"
#include "program/input.hpp"
#include "question/point.hpp"

namespace CLI {
class App;
}

namespace vae_kl {

/// The numbers that an option takes, and what it says of others after its name and the number.
struct Limits {
  double least, most;
  const char* otherwise;
};
inline constexpr Limits deviation{std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max(),
                                  "is a standard deviation and must be above 0"};
inline constexpr Limits step_size{deviation.least, deviation.most, "is a step size and must be above 0"};

/// The options of one command. Each is declared by its name, what stands for its value in the help, the help, and where the value
/// goes; the variable must outlive the parsing. A value that is wrong, or empty, throws InputError.
class Options {
 public:
  explicit Options(CLI::App& command) : command_(command) {}

  void flag(const char* name, const char* help, bool& into);
  void text(const char* name, const char* type, const std::string& help, std::string& into);
  void number(const char* name, const char* type, const char* help, double& into, std::vector<Limits> limits = {});
  /// `most` as the user would write it: "1e7"; empty for no limit.
  template <std::integral Count>
  void count(const char* name, const char* type, const char* help, Count& into, std::uint64_t least, const char* most = "") {
    parsed(name, type, help,
           [=, &into](const std::string& text) { into = static_cast<Count>(parse_count(text, name, least, most)); });
  }
  /// `otherwise` follows the name and what was written: " is no format; choose table, json or csv".
  template <class T>
  void choice(const char* name, const char* type, const std::string& help, T& into,
              const std::vector<std::pair<std::string, T>>& choices, const std::string& otherwise) {
    parsed(name, type, help, [=, &into](const std::string& text) {
      for (const auto& [word, meaning] : choices)
        if (text == word) return void(into = meaning);
      refuse(name, text, otherwise);
    });
  }
  /// Anything else: `parse` gets what was written.
  void parsed(const char* name, const char* type, const std::string& help, std::function<void(const std::string&)> parse);

  /// --seed; with --samples and --threads; --mu, --sigma and --eps.
  void seed(std::uint64_t& into);
  void sampling(SamplingOptions& into);
  void point(Point& into);

 private:
  [[noreturn]] static void refuse(const char* name, const std::string& text, const std::string& otherwise);

  CLI::App& command_;
};

/// --mu, --sigma and --params, as written.
struct ParameterOptions {
  std::string mu, sigma, file;

  void declare(Options& options);
  /// What they mean: the file's parameters, those of --mu and --sigma, or mu = 0.5,-1,2 and sigma = 0.8,1,0.3. Throws InputError:
  /// lengths that differ, sigma <= 0, and all that can be wrong with numbers and files.
  Parameters checked() const;
};

class Command;

/// The command that the arguments name, the first one if they name none, with its options filled in; null if they ask for help,
/// which is then printed. `where` becomes the name to begin messages with. Throws InputError.
std::unique_ptr<Command> parse(int argc, const char* const* argv, std::string& where);

}  // namespace vae_kl
