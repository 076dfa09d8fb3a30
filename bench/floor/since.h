// How long something took, by the clock that nobody sets.
#pragma once

#include <chrono>
#include <cstdint>

namespace bench {

using Clock = std::chrono::steady_clock;

// In nanoseconds.
inline int64_t between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(to - from).count();
}

inline int64_t since(Clock::time_point began) { return between(began, Clock::now()); }

}  // namespace bench
