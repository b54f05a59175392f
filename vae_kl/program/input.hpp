// What users type, turned into numbers; or into one line that says which value is wrong, where, and what to write instead.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace vae_kl {

/// Something that the user can mend: a value, an option, a file. The program ends with status 2.
class InputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A finite number. `where` names the place for the error: "--mu" or "params.csv, line 3, column 1".
double parse_number(std::string_view text, std::string_view where);

/// Finite numbers between commas: "0.5,-1,2". The error says which of them is wrong.
std::vector<double> parse_numbers(std::string_view text, std::string_view where);

/// A whole number from `least` on; 1e9 is allowed for 1000000000.
std::uint64_t parse_count(std::string_view text, std::string_view where, std::uint64_t least);

/// A whole file as text. Throws InputError if it cannot be read, is empty, or is no text.
std::string read_text_file(const std::string& path);

}  // namespace vae_kl
