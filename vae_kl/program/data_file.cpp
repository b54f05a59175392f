#include "program/data_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "program/input.hpp"

namespace vae_kl {
namespace {

bool is_number(std::string_view text) {
  try {
    parse_number(text, "");
    return true;
  } catch (const InputError&) {
    return false;
  }
}

}  // namespace

Matrix read_data(const std::string& path) {
  std::vector<double> numbers;
  std::size_t columns = 0;
  bool may_be_header = true;
  for_each_row(path, [&](std::size_t line, const std::vector<std::string_view>& cells) {
    if (std::exchange(may_be_header, false) && std::none_of(cells.begin(), cells.end(), is_number)) return;
    if (columns == 0) columns = cells.size();
    if (cells.size() != columns)
      throw InputError(fmt::format("{}, line {}: has {} columns where the rows before have {}; all must be the same", path, line,
                                   cells.size(), columns));
    for (std::size_t k = 0; k < columns; ++k)
      numbers.push_back(parse_number(cells[k], fmt::format("{}, line {}, column {}", path, line, k + 1)));
  });
  if (numbers.empty()) throw InputError(fmt::format("{}: there is a header but no row; add rows of numbers", path));
  const auto width = static_cast<Eigen::Index>(columns), rows = static_cast<Eigen::Index>(numbers.size()) / width;
  return Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(numbers.data(), rows, width);
}

}  // namespace vae_kl
