// Where reports go: stdout, or a file that is there completely or not at all.
#pragma once

#include <string>
#include <string_view>

#include "program/options.hpp"

namespace vae_kl {

/// Writes `text` to stdout or to the file that the options name: beside it first, then renamed, so that nobody sees half of it.
/// Throws InputError if that fails. --quiet keeps stdout empty.
void write_report(const ReportOptions& options, std::string_view text);

/// Writes one file in the same way.
void write_file(const std::string& path, std::string_view bytes);

/// Throws the error that writing to this path would end in, before the work is done instead of after. Leaves no trace.
void check_writable(const std::string& path);

}  // namespace vae_kl
