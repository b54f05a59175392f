// The commands. Each lives in a file of its own, <name>_command.cpp, and is listed here twice: declared, and in the table.
#pragma once

#include <CLI/CLI.hpp>

namespace vae_kl {

// Adds a command to the program: its options, its help with an example, and a callback that does the work. The callback sets
// `status` to 1 if something that should agree does not, and throws (InputError for what the user can mend) if it cannot work.
void register_compare(CLI::App& program, int& status);
void register_trace(CLI::App& program, int& status);
void register_check(CLI::App& program, int& status);
void register_step(CLI::App& program, int& status);
void register_graph(CLI::App& program, int& status);
void register_estimators(CLI::App& program, int& status);
void register_train(CLI::App& program, int& status);
void register_descend(CLI::App& program, int& status);

/// In the order of the program's help. The first one is what runs when no command is named.
inline constexpr auto commands = {
    register_compare,
    register_trace,
    register_check,
    register_step,
    register_graph,
    register_estimators,
    register_train,
    register_descend,
};

}  // namespace vae_kl
