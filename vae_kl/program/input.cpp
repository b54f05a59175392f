#include "program/input.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

namespace vae_kl {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// What the user wrote, short enough for one line and without control characters.
std::string quoted(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 40)) result += static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c;
  if (text.size() > 40) result += "…";
  return result;
}

}  // namespace

std::from_chars_result read_number(const char* begin, const char* end, double& number) {
  const char* at = begin != end && *begin == '-' ? begin + 1 : begin;
  bool zero = true;
  const auto digits = [&] {
    const char* const first = at;
    for (; at != end && '0' <= *at && *at <= '9'; ++at) zero = zero && *at == '0';
    return at - first;
  };
  auto count = digits();
  if (at != end && *at == '.' && (count > 0 || (at + 1 != end && '0' <= at[1] && at[1] <= '9'))) {
    ++at;
    count += digits();
  }
  if (count == 0) {
    for (const std::string_view word : {"infinity", "inf", "nan"})
      if (std::equal(word.begin(), word.end(), at, at + std::min(end - at, static_cast<std::ptrdiff_t>(word.size())),
                     [](char x, char y) { return x == std::tolower(static_cast<unsigned char>(y)); })) {
        number = std::copysign(word == "nan" ? NAN : HUGE_VAL, *begin == '-' ? -1.0 : 1.0);
        return {at + word.size(), std::errc()};
      }
    return {begin, std::errc::invalid_argument};
  }
  const bool is_zero = zero;
  if (at != end && (*at == 'e' || *at == 'E')) {
    const char* const exponent = at++;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (digits() == 0) at = exponent;  // no part of the number
  }
  const double value = std::strtod(std::string(begin, at).c_str(), nullptr);
  if (std::isinf(value) || (value == 0 && !is_zero)) return {at, std::errc::result_out_of_range};
  number = value;
  return {at, std::errc()};
}

double parse_number(std::string_view text, std::string_view where) {
  const std::string_view number = trimmed(text);
  if (number.empty()) throw InputError(fmt::format("{}: a number is missing; write one, such as 0.5", where));
  double value = 0;
  const char* const begin = number.data() + (number.size() > 1 && number[0] == '+' && number[1] != '-' ? 1 : 0);
  const char* const end = number.data() + number.size();
  const auto [stop, error] = read_number(begin, end, value);
  if (error == std::errc::result_out_of_range && stop == end)
    throw InputError(fmt::format("{}: {} is outside the range of double precision (5e-324 to 1.8e308)", where, quoted(number)));
  if (error != std::errc() || stop != end)
    throw InputError(fmt::format("{}: `{}` is not a number; write one, such as 0.5 or 1e-3", where, quoted(number)));
  if (!std::isfinite(value)) throw InputError(fmt::format("{}: {} is not finite; write a finite number", where, quoted(number)));
  return value;
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size(); begin += parts.back().size() + 1)
    parts.push_back(text.substr(begin, text.find(',', begin) - begin));
  return parts;
}

std::vector<double> parse_numbers(std::string_view text, std::string_view where) {
  const std::vector<std::string_view> parts = split(text);
  std::vector<double> numbers;
  for (const std::string_view part : parts)
    numbers.push_back(
        parse_number(part, parts.size() == 1 ? std::string(where) : fmt::format("{}, number {}", where, numbers.size() + 1)));
  return numbers;
}

std::uint64_t parse_count(std::string_view text, std::string_view where, std::uint64_t least, std::string_view most) {
  const std::string_view number = trimmed(text);
  const char* const end = number.data() + number.size();
  std::uint64_t count = 0;
  const auto [stop, error] = std::from_chars(number.data(), end, count);
  if (error != std::errc() || stop != end || number.empty()) {
    const double value = parse_number(text, where);
    if (value != std::floor(value)) throw InputError(fmt::format("{}: {} is not a whole number", where, quoted(number)));
    if (value < 0) throw InputError(fmt::format("{}: {} is negative; give at least {}", where, quoted(number), least));
    if (value > 0x1p63) throw InputError(fmt::format("{}: {} is too large; at most 2^63", where, quoted(number)));
    count = static_cast<std::uint64_t>(value);
  }
  if (count < least) throw InputError(fmt::format("{}: {} is too few; give at least {}", where, count, least));
  if (!most.empty() && count > parse_count(most, where, 0, {}))
    throw InputError(fmt::format("{}: {} is too many; give at most {}", where, count, most));
  return count;
}

std::string read_text_file(const std::string& path) {
  if (std::filesystem::is_directory(path)) throw InputError(fmt::format("{}: is a folder; name a file", path));
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) throw InputError(fmt::format("{}: cannot be read ({}); check the name", path, std::strerror(errno)));
  std::string text;
  char block[1 << 16];
  while (const std::size_t count = std::fread(block, 1, sizeof block, file.get())) text.append(block, count);
  if (std::ferror(file.get())) throw InputError(fmt::format("{}: reading failed ({})", path, std::strerror(errno)));
  if (trimmed(text).empty()) throw InputError(fmt::format("{}: the file is empty; it needs a row of numbers", path));
  if (text.find('\0') != text.npos)
    throw InputError(fmt::format("{}: the file is binary (a zero byte at offset {}); give a text file", path, text.find('\0')));
  return text;
}

void for_each_row(const std::string& path,
                  const std::function<void(std::size_t line, const std::vector<std::string_view>& cells)>& row) {
  const std::string text = read_text_file(path);
  std::string_view rest = text;
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // the mark that some spreadsheets put in front
  for (std::size_t line = 1; !rest.empty(); ++line) {
    const std::string_view one = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (!trimmed(one).empty()) row(line, split(one));
  }
}

}  // namespace vae_kl
