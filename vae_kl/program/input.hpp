// What users type, turned into numbers; or into one line that says which value is wrong, where, and what to write instead.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "question/error.hpp"

namespace vae_kl {

/// A number at `begin`, read as std::from_chars reads one, which some standard libraries have not for double (macOS' before LLVM
/// 20).
std::from_chars_result read_number(const char* begin, const char* end, double& number);

/// A finite number. `where` names the place for the error: "--mu" or "params.csv, line 3, column 1".
double parse_number(std::string_view text, std::string_view where);

/// What stands between commas.
std::vector<std::string_view> split(std::string_view text);

/// Finite numbers between commas: "0.5,-1,2". The error says which of them is wrong.
std::vector<double> parse_numbers(std::string_view text, std::string_view where);

/// A whole number from `least` to `most`, which is written as the error should show it; 1e9 is allowed for 1000000000.
std::uint64_t parse_count(std::string_view text, std::string_view where, std::uint64_t least, std::string_view most);

/// A whole file as text. Throws InputError if it cannot be read, is empty, or is no text.
std::string read_text_file(const std::string& path);

/// Calls `row` with the number and the cells of each line of a CSV file that is not blank. Throws as above.
void for_each_row(const std::string& path,
                  const std::function<void(std::size_t line, const std::vector<std::string_view>& cells)>& row);

}  // namespace vae_kl
