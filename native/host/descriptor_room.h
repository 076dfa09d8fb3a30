// Room in the process's table of descriptors, made before it is needed. A table that several threads share waits for a
// grace period of RCU when it grows (8 to 19 ms here): at each doubling some plan would meet that.
//
// Thread: any may call reach(); growing is done on one of its own.
#pragma once

#include <mutex>

#include "base/thread.h"

namespace slipway::host {

class DescriptorRoom {
 public:
  DescriptorRoom() = default;
  DescriptorRoom(const DescriptorRoom&) = delete;
  DescriptorRoom& operator=(const DescriptorRoom&) = delete;
  ~DescriptorRoom() { join(); }

  // A descriptor of this number is there to stay: once the room is half used, more is made.
  void reach(int fd);

 private:
  void join();

  std::mutex mutex_;
  int room_ = 0;
  Thread grower_;
};

}  // namespace slipway::host
