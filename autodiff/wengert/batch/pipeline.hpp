// Jobs of two halves: first halves side by side, second halves one after the other. Inside the library only.
#pragma once

#include <cstddef>
#include <functional>

namespace wengert::detail {

/// Calls first(k) and then second(k) for each k < jobs: first on up to `threads` threads at once, second in the order of k and
/// never two at a time. A job begins when all but `in_flight` - 1 of those before it have ended, so room k % in_flight is its
/// own. What one throws is rethrown here.
void pipeline(std::size_t jobs, int threads, std::size_t in_flight, const std::function<void(std::size_t)>& first,
              const std::function<void(std::size_t)>& second);

}  // namespace wengert::detail
