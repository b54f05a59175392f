// Where reports go: stdout, or a file that is there completely or not at all.
#pragma once

#include <string>
#include <string_view>

namespace vae_kl {

/// Writes `text` to the file `output`, or to stdout if that is empty, unless `quiet`. Throws InputError if that fails.
void write_report(const std::string& output, bool quiet, std::string_view text);

/// Writes one file: beside it first, then renamed, so that nobody sees half of it; pipes and devices in place. Throws InputError.
void write_file(const std::string& path, std::string_view bytes);

/// Throws the error that writing to this path would end in, before the work is done instead of after. Leaves no trace.
void check_writable(const std::string& path);

}  // namespace vae_kl
