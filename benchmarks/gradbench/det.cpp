// det: a determinant by expansion by minors. (After det_by_minor of cmpad, https://cmpad.readthedocs.io/det_by_minor.html.)
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "gradbench/input.hpp"
#include "gradbench/module.hpp"
#include "kernels/inputs.hpp"
#include "wengert/fuse.hpp"
#include "wengert/wengert.hpp"

namespace gradbench {
namespace {

/// Larger ones never end.
constexpr std::size_t most = 32;
using Columns = std::array<std::uint8_t, most>;

/// The determinant of the last m rows of a matrix and m of its columns, expanded along its first row; of `below` rows by `inner`.
template <class T, class Inner>
constexpr T minor(std::span<const T> a, std::size_t ell, std::size_t m, const Columns& columns, std::size_t below,
                  const Inner& inner) {
  if (m == below) return inner(a, ell, columns);
  const T* const row = a.data() + (ell - m) * ell;
  Columns others{};
  for (std::size_t k = 1; k < most; ++k) others[k - 1] = columns[k];
  T sum = row[columns[0]] * minor(a, ell, m - 1, others, below, inner);
  for (std::size_t j = 1; j < m; ++j) {
    others[j - 1] = columns[j - 1];  // all but column j
    const T part = row[columns[j]] * minor(a, ell, m - 1, others, below, inner);
    sum = j % 2 == 0 ? sum + part : sum - part;
  }
  return sum;
}
constexpr Columns all_columns = [] {
  Columns columns{};
  for (std::size_t k = 0; k < most; ++k) columns[k] = static_cast<std::uint8_t>(k);
  return columns;
}();

/// The last element of one column.
struct Element {
  template <class T>
  constexpr T operator()(std::span<const T> a, std::size_t ell, const Columns& columns) const {
    return a[(ell - 1) * ell + columns[0]];
  }
};

/// Expanded down to single elements.
template <class T>
constexpr T by_minors(std::span<const T> a, std::size_t ell) {
  return minor(a, ell, ell, all_columns, 1, Element());
}

/// Minors of so many rows are one node each: the compiler finds the smaller minors that they share.
constexpr std::size_t fused_rows = 5;
constexpr auto fused_minor = wengert::fuse([](const auto& a) {
  using T = std::remove_cvref_t<decltype(a[0])>;
  return by_minors(std::span<const T>(a), fused_rows);
});
struct FusedMinor {
  wengert::Var operator()(std::span<const wengert::Var> a, std::size_t ell, const Columns& columns) const {
    std::array<wengert::Var, fused_rows * fused_rows> block;
    for (std::size_t i = 0; i < fused_rows; ++i)
      for (std::size_t j = 0; j < fused_rows; ++j) block[i * fused_rows + j] = a[(ell - fused_rows + i) * ell + columns[j]];
    return fused_minor(block);
  }
};

struct Problem {
  std::vector<double> a;
  std::size_t ell;

  explicit Problem(const Json& input) {
    const Input object(input);
    ell = object.count("ell", 1);
    if (ell > most) object.refuse("ell", "is too large: by minors, the determinant takes ell! multiplications");
    a = object.numbers("A", ell * ell);
  }
};

class Gradient {
 public:
  explicit Gradient(Problem problem) : problem_(std::move(problem)), variables_(problem_.a.size()) {}
  void operator()(std::vector<double>& gradient) {
    const std::size_t ell = problem_.ell;
    tape_->clear();
    for (std::size_t k = 0; k < variables_.size(); ++k) variables_[k] = tape_->variable(problem_.a[k]);
    const std::span<const wengert::Var> a = variables_;
    wengert::gradient(ell < fused_rows ? by_minors(a, ell) : minor(a, ell, ell, all_columns, fused_rows, FusedMinor()), result_);
    gradient.resize(variables_.size());
    for (std::size_t k = 0; k < variables_.size(); ++k) gradient[k] = result_.wrt(variables_[k]);
  }

 private:
  Problem problem_;
  std::vector<wengert::Var> variables_;
  std::unique_ptr<wengert::Tape> tape_ = std::make_unique<wengert::Tape>();
  wengert::Gradient result_;
};

}  // namespace

Module det() {
  return {"det",
          {{"primal",
            [](const Json& input) {
              return task<double>([p = Problem(input)](double& y) { y = by_minors(std::span<const double>(p.a), p.ell); });
            }},
           {"gradient", [](const Json& input) { return task<std::vector<double>>(Gradient(Problem(input))); }}},
          [] {
            return std::vector<Example>{{"ell 8",
                                         "primal",
                                         "gradient",
                                         "minors of 5 rows fused",
                                         {{"A", kernels::Random(43).uniforms(64, 0, 1)}, {"ell", 8}}}};
          }};
}

}  // namespace gradbench
