// vae_kl step: backpropagation through the graph at one sample, key by key.
#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "program/commands.hpp"
#include "question/point.hpp"
#include "program/step.hpp"

namespace vae_kl {

void register_step(CLI::App& program, int&) {
  struct Options {
    PointOptions point;
    bool forward = false;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& command = *program.add_subcommand("step", "Walk through backpropagation at one sample, key by key");
  add_point_options(command, options->point);
  command.add_flag("--forward", options->forward, "Walk through the forward sweep instead");
  command.footer(
      "Keys: n next, p previous, r run to a name, node or line, v values, w why, q quit.\n"
      "Example: vae_kl step --mu 0.5 --sigma 0.8 --eps 0.3\n"
      "Through a pipe: echo 'n r z\n w mu\n q' | vae_kl step");
  command.callback([options] {
    const RecordedPoint point(options->point);
    wengert::Cursor cursor = options->forward ? wengert::Cursor::forward(point.tape) : wengert::Cursor::reverse(point.nodes.t);
    StandardKeys keys;
    step_through(cursor, keys, [](const std::string& text) {
      fmt::print("{}", text);
      std::fflush(stdout);
    });
  });
}

}  // namespace vae_kl
