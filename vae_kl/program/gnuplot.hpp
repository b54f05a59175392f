// Pictures by the program gnuplot, which is looked for only when a picture is asked for.
#pragma once

#include <string>

namespace vae_kl {

/// Throws InputError unless `path` ends in .svg or .png and gnuplot can be run. Call it before the work.
void check_can_draw(const std::string& path);

/// Runs gnuplot on a script, which must not set terminal or output, and writes the picture to `path`, all of it or nothing.
/// Throws InputError if gnuplot is missing or fails.
void draw(const std::string& script, const std::string& path);

}  // namespace vae_kl
