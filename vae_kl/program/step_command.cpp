// vae_kl step: backpropagation through the graph at one sample, key by key.
#include <fmt/core.h>

#include <cstdio>

#include "program/command.hpp"
#include "program/step.hpp"

namespace vae_kl {
namespace {

class StepCommand final : public Command {
 public:
  StepCommand()
      : Command("step", "Walk through backpropagation at one sample, key by key",
                "Keys: n next, p previous, r run to a name, node or line, v values, w why, q quit.\n"
                "Example: vae_kl step --mu 0.5 --sigma 0.8 --eps 0.3\n"
                "Through a pipe: echo 'n r z\n w mu\n q' | vae_kl step") {}

 private:
  void declare(Options& options) override {
    options.point(at_);
    options.flag("--forward", "Walk through the forward sweep instead", forward_);
  }
  int run() override {
    const RecordedPoint point(at_);
    wengert::Cursor cursor = forward_ ? wengert::Cursor::forward(point.tape) : wengert::Cursor::reverse(point.nodes.t);
    StandardKeys keys;
    step_through(cursor, keys, [](const std::string& text) {
      fmt::print("{}", text);
      std::fflush(stdout);
    });
    return 0;
  }

  Point at_;
  bool forward_ = false;
};

}  // namespace

std::unique_ptr<Command> step_command() { return std::make_unique<StepCommand>(); }

}  // namespace vae_kl
