// What a CheckReport says.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <ostream>

#include "wengert/check_gradient.hpp"
#include "wengert/sweep/complaints.hpp"

namespace wengert {
namespace {

constexpr std::array names{"dot product", "complex step", "differences", "symmetry", "gradient differences"};

std::string where(const CheckLine& line) { return line.input < 0 ? std::string("random") : fmt::format("{}", line.input); }

}  // namespace

double CheckLine::units() const {
  return found == expected || std::isinf(expected_error) ? 0 : std::abs(found - expected) / expected_error;
}

const CheckLine* CheckReport::worst() const {
  const CheckLine* result = nullptr;
  for (const CheckLine& line : lines)
    if (result == nullptr || line.units() > result->units()) result = &line;
  return result;
}

std::string CheckReport::text() const {
  using namespace detail;
  constexpr std::array outcomes{"the gradient agrees", "the gradient DISAGREES", "refused", "inconclusive"};
  std::string text = called("check_gradient", called_at) + ": " + outcomes[static_cast<std::size_t>(outcome)];
  if (!lines.empty())
    text += fmt::format("\n  {:<21} {:<7} {:>24} {:>24} {:>15} {:>10}", "oracle", "input", "found by reverse sweep",
                        "expected by oracle", "expected error", "in units");
  // every line that disagrees, up to a screenful; of the others the worst of each oracle
  int shown = 0;
  for (std::size_t oracle = 0; oracle < names.size(); ++oracle) {
    const CheckLine* furthest = nullptr;
    int count = 0, unable = 0;
    const auto show = [&](const CheckLine& line, const std::string& remark) {
      text += fmt::format("\n  {:<21} {:<7} {:>24.17g} {:>24.17g} {:>15.1e} {:>10}{}", names[oracle], where(line),
                          printed(line.found), printed(line.expected), printed(line.expected_error),
                          line.sharp || line.units() > 1 ? fmt::format("{:.2g}", line.units()) : "can't tell", remark);
    };
    for (const CheckLine& line : lines) {
      if (line.oracle != static_cast<Oracle>(oracle)) continue;
      if (line.units() > 1) {
        if (++shown <= 12) show(line, "  <-");
        continue;
      }
      if (!line.sharp) {
        if (++unable <= 3) show(line, "");
        continue;
      }
      ++count;
      if (furthest == nullptr || line.units() > furthest->units()) furthest = &line;
    }
    if (furthest != nullptr) show(*furthest, count > 1 ? fmt::format("  worst of {} that agree", count) : "");
  }
  if (shown > 12) text += fmt::format("\n  and {} more", shown - 12);
  if (!suspect.empty()) text += "\n  suspect: " + suspect;
  for (const std::string& one : notes) text += "\n  note: " + one;
  return text;
}

std::ostream& operator<<(std::ostream& out, const CheckReport& report) { return out << report.text() << '\n'; }

}  // namespace wengert
