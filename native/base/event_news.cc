#include "base/event_news.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>

namespace slipway {
namespace {

// So many times is read in a row: the event loop has other work, too.
constexpr int kReads = 64;
// Of inotify, with the name of a file. One of fanotify has 40 bytes.
constexpr std::size_t kLongest = sizeof(inotify_event) + NAME_MAX + 1;

}  // namespace

bool EventNews::read(std::set<std::string>& told) {
  std::array<char, 16 * kLongest> room;
  for (int left = kReads; left > 0; --left) {
    ssize_t length = ::read(fd(), room.data(), room.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return errno == EAGAIN;
    hear({room.data(), static_cast<std::size_t>(length)}, told);
    // There was room for more.
    if (static_cast<std::size_t>(length) + kLongest <= room.size()) return true;
  }
  return true;
}

}  // namespace slipway
