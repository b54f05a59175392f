#include "estimate/progress.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace vae_kl {

Progress::Progress(double total, bool wanted) : total_(total), visible_(wanted && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void Progress::advance(std::uint64_t steps) {
  const std::uint64_t done = done_ += steps;
  if (!visible_) return;
  const std::unique_lock lock(drawing_, std::try_to_lock);
  const auto now = Clock::now();
  if (!lock || now < next_) return;
  next_ = now + std::chrono::milliseconds(100);
  const double share = static_cast<double>(done) / total_;
  const double left = std::chrono::duration<double>(now - begin_).count() * (1 / share - 1);
  constexpr int width = 40;
  fmt::print(stderr, "\r[{:=<{}}>{:<{}}] {:3.0f} %, {:.0f} s left\033[K", "", static_cast<int>(share * width), "",
             width - static_cast<int>(share * width), 100 * share, left);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace vae_kl
