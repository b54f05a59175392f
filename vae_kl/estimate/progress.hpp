// A bar on stderr while long work goes on.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

namespace vae_kl {

/// Shows itself after half a second of work, if stderr is a terminal, and clears its line at the end. Any thread may advance it.
class Progress {
 public:
  /// `total` steps of work, a double since it may exceed any integer. Stays silent unless `wanted`.
  explicit Progress(double total, bool wanted = true);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void advance(std::uint64_t steps);
  std::uint64_t done() const { return done_; }

 private:
  using Clock = std::chrono::steady_clock;

  double total_;
  bool visible_;
  bool drawn_ = false;
  std::atomic<std::uint64_t> done_{0};
  Clock::time_point begin_ = Clock::now(), next_ = begin_ + std::chrono::milliseconds(500);
  std::mutex drawing_;
};

}  // namespace vae_kl
