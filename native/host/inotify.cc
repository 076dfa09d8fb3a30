#include "host/inotify.h"

#include <cerrno>
#include <cstring>

namespace slipway::host {

Status Inotify::start() {
  UniqueFd opened(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!opened) return Failure::last("inotify_init1");
  listen_to(std::move(opened));
  return kOk;
}

Status Inotify::watch(const std::string& path, uint32_t mask, int& watch) {
  watch = inotify_add_watch(fd(), path.c_str(), mask);
  if (watch < 0) return Failure::last("inotify_add_watch");
  return kOk;
}

void Inotify::hear(std::string_view rest, std::set<std::string>& told) {
  for (inotify_event event; rest.size() >= sizeof event; rest.remove_prefix(event.len)) {
    std::memcpy(&event, rest.data(), sizeof event);
    rest.remove_prefix(sizeof event);
    if (event.len > rest.size()) return;
    if ((event.mask & IN_Q_OVERFLOW) != 0) told = {"missed"};
    // It ends with as many zeros as make the next event begin where one may.
    std::string_view name = rest.substr(0, event.len);
    hear_of(event, std::string(name.substr(0, name.find('\0'))), told);
  }
}

}  // namespace slipway::host
