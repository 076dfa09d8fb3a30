// A moment by which something has to be done.
#pragma once

#include <poll.h>
#include <time.h>

namespace slipway::cni {

class Deadline {
 public:
  explicit Deadline(long milliseconds) : at_(now() + milliseconds) {}

  long left() const {
    long left = at_ - now();
    return left > 0 ? left : 0;
  }

  // Whether a descriptor is ready by then.
  bool wait(int fd, short events) const {
    pollfd one{fd, events, 0};
    for (;;) {
      long rest = left();
      int ready = poll(&one, 1, static_cast<int>(rest));
      if (ready > 0) return true;
      if (ready == 0 || rest == 0) return false;
    }
  }

  static void sleep(long milliseconds) {
    timespec time{milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&time, nullptr);
  }

 private:
  static long now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
  }

  long at_;
};

}  // namespace slipway::cni
