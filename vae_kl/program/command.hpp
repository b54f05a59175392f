// The commands. Each lives in a file of its own, <name>_command.cpp, and is listed at the end, in the order of the program's
// help.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "program/options.hpp"
#include "program/report.hpp"
#include "wengert/ranks.hpp"

namespace vae_kl {

/// Its options are declared first, filled in by parsing, and run() does the work. run() returns the exit status: 1 if something
/// that should agree does not. It throws, InputError for what the user can correct, if it cannot work.
class Command {
 public:
  struct About {
    const char *name, *help, *footer;  ///< the footer holds an example
  };
  Command(const char* name, const char* help, const char* footer) : about{name, help, footer} {}
  virtual ~Command() = default;
  virtual void declare(Options& options) = 0;
  virtual int run() = 0;
  /// Whether it shares its work out to ranks. Else it runs on the first alone.
  virtual bool shares_out() const { return false; }

  const About about;
  /// Who runs this command too; null for nobody, or where it does not share out.
  wengert::Ranks* ranks = nullptr;

 protected:
  bool is_first() const { return ranks == nullptr || ranks->rank() == 0; }
  /// Does something on the first rank alone, reading and writing files above all; what it throws there, all throw.
  void on_first(const std::function<void()>& work) const;
  /// Does the same thing on all ranks, of which each may throw the same: it is said once.
  void on_all(const std::function<void()>& work) const;
  /// On the first rank, with numbers or a text as its result, which all get.
  std::string text_from_first(const std::function<std::string()>& work) const;
  std::vector<double> from_first(const std::function<std::vector<double>()>& work) const;
};

/// A command that ends in a report as a table, as JSON or as CSV; only the one that was asked for is made.
class ReportCommand : public Command {
 public:
  using Command::Command;
  int run() final;

 protected:
  /// --format, --output, --quiet.
  void declare_report(Options& options);
  bool quiet() const { return quiet_; }

  /// False if something that should agree does not.
  virtual bool work() = 0;
  virtual std::string table() const = 0;
  virtual Value json() const = 0;
  virtual std::string csv() const = 0;
  int indent_ = 2;  ///< of the JSON; -1 for all of it on one line

 private:
  enum class Format { table, json, csv } format_ = Format::table;
  std::string output_;
  bool quiet_ = false;
};

std::unique_ptr<Command> compare_command();
std::unique_ptr<Command> trace_command();
std::unique_ptr<Command> check_command();
std::unique_ptr<Command> step_command();
std::unique_ptr<Command> graph_command();
std::unique_ptr<Command> estimators_command();
std::unique_ptr<Command> train_command();
std::unique_ptr<Command> descend_command();

inline constexpr auto commands = {compare_command, trace_command,      check_command, step_command,
                                  graph_command,   estimators_command, train_command, descend_command};

}  // namespace vae_kl
