#include "train/data.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>
#include <vector>

#include "program/input.hpp"
#include "estimate/random.hpp"

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

std::vector<std::string_view> cells(std::string_view line) {
  std::vector<std::string_view> result;
  for (std::size_t begin = 0; begin <= line.size();) {
    const std::size_t end = std::min(line.find(',', begin), line.size());
    result.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return result;
}

}  // namespace

Matrix read_data(const std::string& path) {
  const std::string text = read_text_file(path);
  std::vector<double> numbers;
  std::size_t columns = 0, rows = 0, line_number = 0;
  bool may_be_header = true;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = std::string_view(text).substr(begin, end - begin);
    begin = end + 1;
    ++line_number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    const auto row = cells(line);
    if (std::exchange(may_be_header, false) && std::none_of(row.begin(), row.end(), is_number)) continue;
    if (rows == 0) columns = row.size();
    if (row.size() != columns)
      throw InputError(fmt::format("{}, line {}: has {} columns where the rows before have {}; all must be the same", path,
                                   line_number, row.size(), columns));
    for (std::size_t k = 0; k < row.size(); ++k)
      numbers.push_back(parse_number(row[k], fmt::format("{}, line {}, column {}", path, line_number, k + 1)));
    ++rows;
  }
  if (rows == 0) throw InputError(fmt::format("{}: there is a header but no row; add rows of numbers", path));
  Matrix data(static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns));
  for (std::size_t k = 0; k < numbers.size(); ++k)
    data(static_cast<Eigen::Index>(k / columns), static_cast<Eigen::Index>(k % columns)) = numbers[k];
  return data;
}

Matrix make_data(Eigen::Index rows, Eigen::Index observed, Eigen::Index latent, std::uint64_t seed) {
  constexpr std::uint64_t model_stream = 1'000'000, data_stream = 1'000'001;
  std::vector<double> model(static_cast<std::size_t>(observed * (latent + 1)));
  fill_normals(seed, model_stream, 0, model);
  const Eigen::Map<const Matrix> W(model.data(), observed, latent);
  const Eigen::Map<const Vector> b(model.data() + observed * latent, observed);
  std::vector<double> noise(static_cast<std::size_t>(rows * (latent + observed)));
  fill_normals(seed, data_stream, 0, noise);
  Matrix data(rows, observed);
  for (Eigen::Index k = 0; k < rows; ++k) {
    const Eigen::Map<const Vector> z(noise.data() + k * (latent + observed), latent);
    const Eigen::Map<const Vector> e(noise.data() + k * (latent + observed) + latent, observed);
    data.row(k) = W * z + b + 0.5 * e;
  }
  return data;
}

std::uint64_t digest(const Matrix& data) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a over 64-bit words, with a final mix
  const auto add = [&](std::uint64_t word) { hash = std::rotl((hash ^ word) * 0x100000001b3, 29); };
  add(static_cast<std::uint64_t>(data.rows()));
  add(static_cast<std::uint64_t>(data.cols()));
  for (Eigen::Index k = 0; k < data.size(); ++k) add(std::bit_cast<std::uint64_t>(data.data()[k]));
  return hash ^ (hash >> 32);
}

}  // namespace vae_kl
