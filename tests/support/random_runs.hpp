// How many random programs a run takes, and from which seed. The same seed always, unless asked otherwise:
//   WENGERT_LONG_RUN=1   a hundred times as many, from a seed of the day
//   WENGERT_SEED=…       that seed
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace random_runs {

inline bool is_long() {
  const char* text = std::getenv("WENGERT_LONG_RUN");
  return text != nullptr && *text != '\0' && std::string(text) != "0";
}

inline std::uint64_t seed() {
  static const std::uint64_t chosen = [] {
    if (const char* text = std::getenv("WENGERT_SEED")) return std::strtoull(text, nullptr, 10);
    if (is_long()) return static_cast<unsigned long long>(std::random_device()());
    return 20240229ull;
  }();
  return chosen;
}

inline int count(int usual) { return is_long() ? 100 * usual : usual; }

/// Tells RapidCheck, which prints its seed. To be called before its first check; RC_PARAMS of the caller's own wins.
inline void configure(int successes) {
  const std::string parameters = "seed=" + std::to_string(seed()) + " max_success=" + std::to_string(count(successes));
  setenv("RC_PARAMS", parameters.c_str(), 0);
}

}  // namespace random_runs
