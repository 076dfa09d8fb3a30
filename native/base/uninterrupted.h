// A system call that a signal has interrupted before it did anything is made again.
#pragma once

#include <cerrno>

namespace slipway {

template <typename Call>
auto uninterrupted(const Call& call) {
  for (;;) {
    auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace slipway
