// The command line as a whole: finds the command, runs it, turns errors into one line and an exit status.
#pragma once

namespace vae_kl {

/// Runs the program. Returns the exit status: 0 when all is well, 1 when something that should agree does not, 2 for bad usage or
/// input (one line on stderr says which value, where, and what to do).
int run(int argc, const char* const* argv);

}  // namespace vae_kl
