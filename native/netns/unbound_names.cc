#include "netns/unbound_names.h"

#include <fcntl.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include <cstring>

#include "netns/netns.h"

namespace slipway::netns {
namespace {

// Of linux/fanotify.h, which is older on many hosts that this is compiled on.
constexpr unsigned int kReportMounts = 0x00004000;
constexpr unsigned int kOfMountNamespace = 0x00000110;
constexpr uint64_t kUnmounted = 0x02000000;

}  // namespace

Status UnboundNames::open() {
  UniqueFd opened(fanotify_init(kReportMounts | FAN_CLOEXEC | FAN_NONBLOCK, 0));
  if (!opened) return Failure::last("fanotify_init");
  UniqueFd mounts(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!mounts) return Failure::last("open");
  if (fanotify_mark(opened.get(), FAN_MARK_ADD | kOfMountNamespace, kUnmounted, mounts.get(), nullptr) != 0)
    return Failure::last("fanotify_mark");
  own_ = unmounted();
  listen_to(std::move(opened));
  return kOk;
}

void UnboundNames::hear(std::string_view rest, std::set<std::string>&) {
  fanotify_event_metadata event;
  while (rest.size() >= sizeof event) {
    std::memcpy(&event, rest.data(), sizeof event);
    if (!FAN_EVENT_OK(&event, static_cast<long>(rest.size()))) return;
    ++heard_;
    lost_ |= (event.mask & FAN_Q_OVERFLOW) != 0;
    rest.remove_prefix(event.event_len);
  }
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
