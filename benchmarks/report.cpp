// The JSON of a benchmark run -> a table of ratios to the adjoint written by hand, as text and as Markdown.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// Median and least time of one way over the repetitions, in nanoseconds.
struct Times {
  double median, least;
};

/// Rows (kernels) by name and columns (ways) in the order of their registration; times by row and column.
struct Table {
  std::vector<std::string> rows, columns;
  std::map<std::pair<std::string, std::string>, Times> times;
};

constexpr const char* reference = "by hand";

void add_once(std::vector<std::string>& list, const std::string& name) {
  if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
}

Table read(const nlohmann::json& run) {
  Table table;
  std::map<std::pair<std::string, std::string>, std::vector<double>> all;
  const std::map<std::string, double> nanoseconds{{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  std::vector<nlohmann::json> entries = run.at("benchmarks");
  // an interleaved run is in no order
  std::stable_sort(entries.begin(), entries.end(), [](const nlohmann::json& x, const nlohmann::json& y) {
    return x.value("family_index", 0) < y.value("family_index", 0);
  });
  for (const auto& entry : entries) {
    if (entry.value("run_type", "iteration") != "iteration") continue;
    const std::string name = entry.at("run_name");
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) continue;
    const std::string row = name.substr(0, slash), column = name.substr(slash + 1);
    add_once(table.rows, row);
    add_once(table.columns, column);
    // Processor time, which other programs disturb less; with several threads it says nothing, and wall time is taken.
    const char* time = column.find("threads") == std::string::npos ? "cpu_time" : "real_time";
    all[{row, column}].push_back(entry.at(time).get<double>() * nanoseconds.at(entry.value("time_unit", "ns")));
  }
  for (auto& [key, times] : all) {
    std::sort(times.begin(), times.end());
    const std::size_t n = times.size();
    table.times[key] = {(times[(n - 1) / 2] + times[n / 2]) / 2, times[0]};
  }
  std::sort(table.rows.begin(), table.rows.end());
  return table;
}

/// "4.21", with the digits that matter; "-" where the way does not apply.
std::string ratio(const Table& table, const std::string& row, const std::string& column) {
  const auto way = table.times.find({row, column}), by_hand = table.times.find({row, reference});
  if (way == table.times.end() || by_hand == table.times.end()) return "-";
  const double value = way->second.median / by_hand->second.median;
  return value < 0.995  ? fmt::format("{:.2f}", value)
         : value < 9.95 ? fmt::format("{:.1f}", value)
                        : fmt::format("{:.0f}", value);
}

std::string print(const Table& table, const std::vector<std::string>& columns, bool markdown) {
  std::vector<std::vector<std::string>> cells{{"kernel"}};
  cells[0].push_back("by hand, ns");
  cells[0].insert(cells[0].end(), columns.begin(), columns.end());
  for (const std::string& row : table.rows) {
    const auto by_hand = table.times.find({row, reference});
    cells.push_back({row, by_hand == table.times.end() ? "-" : fmt::format("{:.0f}", by_hand->second.median)});
    for (const std::string& column : columns) cells.back().push_back(ratio(table, row, column));
  }
  std::vector<std::size_t> widths(cells[0].size(), 0);
  for (const auto& line : cells)
    for (std::size_t c = 0; c < line.size(); ++c) widths[c] = std::max(widths[c], line[c].size());
  std::string text;
  for (std::size_t r = 0; r < cells.size(); ++r) {
    if (markdown) text += "| ";
    for (std::size_t c = 0; c < cells[r].size(); ++c) {
      text += c == 0 ? fmt::format("{:<{}}", cells[r][c], widths[c]) : fmt::format("{:>{}}", cells[r][c], widths[c]);
      text += markdown ? (c + 1 < cells[r].size() ? " | " : " |") : "  ";
    }
    while (text.back() == ' ') text.pop_back();
    text += '\n';
    if (r == 0 && markdown) {
      for (std::size_t c = 0; c < widths.size(); ++c) text += c == 0 ? "|---" : "|--:";
      text += "|\n";
    }
  }
  return text;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "an unnamed processor";
}

}  // namespace

int main(int argc, char** argv) {
  const bool markdown = argc == 3 && std::string_view(argv[2]) == "--markdown";
  if (argc < 2 || argc > 3 || (argc == 3 && !markdown)) {
    fmt::print(stderr, "usage: wengert_report RUN.json [--markdown]\n");
    return 2;
  }
  try {
    std::ifstream file(argv[1]);
    if (!file) throw std::runtime_error("the file cannot be read");
    const nlohmann::json run = nlohmann::json::parse(file);
    const Table table = read(run);
    if (table.rows.empty()) throw std::runtime_error("it holds no benchmark named KERNEL/WAY");

    std::vector<std::string> main_columns, variants;
    for (const std::string& column : table.columns) {
      if (column == reference) continue;
      (column.find(", ") == std::string::npos ? main_columns : variants).push_back(column);
    }
    const auto& context = run.at("context");
    fmt::print("Time / time of the adjoint by hand; medians of the repetitions, all ways in one run.\n{} {}; {}\n\n",
               context.value("compiler", "unknown compiler"), context.value("flags", ""), processor());
    fmt::print("{}", print(table, main_columns, markdown));
    if (!variants.empty()) {
      Table some = table;
      std::erase_if(some.rows, [&](const std::string& row) {
        return std::none_of(variants.begin(), variants.end(),
                            [&](const std::string& c) { return table.times.contains({row, c}); });
      });
      fmt::print("\n{}", print(some, variants, markdown));
    }
    const auto unsteady = std::count_if(table.times.begin(), table.times.end(),
                                        [](const auto& entry) { return entry.second.median > 1.2 * entry.second.least; });
    if (unsteady > 0)
      fmt::print("\nBusy machine? Of {} medians {} are more than 20 % above the least of their repetitions.\n",
                 table.times.size(), unsteady);
  } catch (const std::exception& error) {
    fmt::print(stderr, "wengert_report: {}: {}\n", argv[1], error.what());
    return 2;
  }
}
