#include "netns/unbound_names.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "netns/netns.h"

namespace slipway::netns {
namespace {

// Of linux/fanotify.h, which is older on many hosts that this is compiled on.
constexpr unsigned int kReportMounts = 0x00004000;
constexpr unsigned int kOfMountNamespace = 0x00000110;
constexpr uint64_t kUnmounted = 0x02000000;
// So many times is read in a row. What is more than the kernel keeps, it says in one event.
constexpr int kReads = 64;
// Where less was read, nothing more was there: an event has 40 bytes.
constexpr ssize_t kEnough = 4096 - 64;

}  // namespace

Status UnboundNames::open() {
  UniqueFd opened(fanotify_init(kReportMounts | FAN_CLOEXEC | FAN_NONBLOCK, 0));
  if (!opened) return Failure::last("fanotify_init");
  UniqueFd mounts(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!mounts) return Failure::last("open");
  if (fanotify_mark(opened.get(), FAN_MARK_ADD | kOfMountNamespace, kUnmounted, mounts.get(), nullptr) != 0)
    return Failure::last("fanotify_mark");
  own_ = unmounted();
  fd_ = std::move(opened);
  return kOk;
}

bool UnboundNames::read(std::set<std::string>&) {
  std::array<char, 4096> room;
  for (int left = kReads; left > 0; --left) {
    ssize_t length = ::read(fd_.get(), room.data(), room.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return errno == EAGAIN;
    const char* at = room.data();
    fanotify_event_metadata event;
    for (ssize_t rest = length; rest >= static_cast<ssize_t>(sizeof event); rest -= event.event_len) {
      std::memcpy(&event, at, sizeof event);
      if (!FAN_EVENT_OK(&event, rest)) break;
      ++heard_;
      lost_ |= (event.mask & FAN_Q_OVERFLOW) != 0;
      at += event.event_len;
    }
    // There was room for more.
    if (length < kEnough) return true;
  }
  return true;
}

bool UnboundNames::ripen(std::set<std::string>& told) {
  uint64_t own = unmounted();
  if (lost_ || heard_ > own - own_) told.insert("unbound");
  own_ = own;
  heard_ = 0;
  lost_ = false;
  return false;
}

}  // namespace slipway::netns
