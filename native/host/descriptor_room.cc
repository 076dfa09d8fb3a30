#include "host/descriptor_room.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <algorithm>

#include "base/unique_fd.h"

namespace slipway::host {
namespace {

constexpr int kLeast = 1024;

// The table grows to hold the highest number ever given, and does not shrink.
void grow(int room) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  auto highest = static_cast<int>(std::min<rlim_t>(room, limit.rlim_cur)) - 1;
  UniqueFd any(eventfd(0, EFD_CLOEXEC));
  if (any) UniqueFd probe(fcntl(any.get(), F_DUPFD_CLOEXEC, highest));
}

}  // namespace

void DescriptorRoom::reach(int fd) {
  std::lock_guard lock(mutex_);
  if (fd < room_ / 2) return;
  room_ = std::max(kLeast, fd * 4);
  join();
  // Refused a thread, some plan will wait for the table to grow.
  (void)Thread::start(
      "slipway-room", [room = room_] { grow(room); }, grower_);
}

void DescriptorRoom::join() {
  if (grower_.joinable()) grower_.join();
}

}  // namespace slipway::host
