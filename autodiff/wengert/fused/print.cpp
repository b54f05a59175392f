#include "wengert/record/config.hpp"

#ifdef WENGERT_CAN_FUSE  // without which nothing is fused
#include "wengert/fuse.hpp"

#include <fmt/format.h>

#include <string>

namespace wengert::detail {

std::string print_fused(const Tape& tape, std::span<const NodeId> outputs, NodeId shared, const OptimiseReport& report) {
  const std::vector<unsigned char> varying = varying_nodes(tape, shared);
  const bool batch = static_cast<std::size_t>(shared) < tape.independents().size();
  std::string text =
      fmt::format("{:<6} {:<12} {:<18} {}\n", "node", "name", "operation", batch ? "arguments            computed" : "arguments");
  for (NodeId i = 0; i < tape.size(); ++i) {
    std::string arguments;
    const Arguments list = tape.arguments(i);
    for (NodeId k = 0; k < list.size(); ++k)
      arguments += (k == 0 ? "" : ", ") + (list[k] < 0 ? fmt::format("{}", tape.value(list[k])) : fmt::format("v{}", list[k]));
    text += fmt::format("{:<6} {:<12} {:<18} {:<20}", fmt::format("v{}", i), tape.name(i), name(tape[i].op), arguments);
    if (batch) text += varying[static_cast<std::size_t>(i)] ? " for each sample" : " once";
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  text += "results";
  for (const NodeId output : outputs) text += output < 0 ? fmt::format(" {}", tape.value(output)) : fmt::format(" v{}", output);
  text += fmt::format("\n{} nodes recorded: {} dead, {} folded, {} merged, {} simplified; {} left\n", report.before, report.dead,
                      report.folded, report.merged, report.simplified, report.after);
  return text;
}

}  // namespace wengert::detail
#endif
