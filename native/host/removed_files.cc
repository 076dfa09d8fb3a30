#include "host/removed_files.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstring>
#include <string_view>

namespace slipway::host {
namespace {

// What is replaced is moved over, with each change of a record: that is not heard.
constexpr uint32_t kGoes = IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
// So many times is read in a row: the event loop has other work, too.
constexpr int kReads = 64;
constexpr ssize_t kLongest = sizeof(inotify_event) + NAME_MAX + 1;

}  // namespace

Status RemovedFiles::open() {
  UniqueFd opened(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!opened) return Failure::last("inotify_init1");
  for (const auto& folder : folders_) {
    int watch = inotify_add_watch(opened.get(), folder.c_str(), kGoes);
    if (watch >= 0) watched_[watch] = folder;
    else if (errno != ENOENT) return Failure::last("inotify_add_watch");
  }
  if (watched_.empty()) return Failure::of(ENOENT, "inotify_add_watch");
  fd_ = std::move(opened);
  return kOk;
}

bool RemovedFiles::read(std::set<std::string>& told) {
  std::array<char, 16 * kLongest> room;
  for (int left = kReads; left > 0; --left) {
    ssize_t length = ::read(fd_.get(), room.data(), room.size());
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return errno == EAGAIN;
    std::string_view rest(room.data(), static_cast<std::size_t>(length));
    for (inotify_event event; rest.size() >= sizeof event; rest.remove_prefix(event.len)) {
      std::memcpy(&event, rest.data(), sizeof event);
      rest.remove_prefix(sizeof event);
      if (event.len > rest.size()) break;
      // It ends with as many zeros as make the next event begin where one may.
      std::string_view name = rest.substr(0, event.len);
      hear(event, std::string(name.substr(0, name.find('\0'))), told);
    }
    // There was room for more.
    if (length + kLongest <= static_cast<ssize_t>(room.size())) return true;
  }
  return true;
}

void RemovedFiles::hear(const inotify_event& event, const std::string& name, std::set<std::string>& told) {
  if ((event.mask & IN_Q_OVERFLOW) != 0) told = {"missed"};
  auto found = watched_.find(event.wd);
  if (found == watched_.end()) return;
  const std::string& folder = found->second;
  if ((event.mask & IN_DELETE) != 0) gone_.insert(folder + "/" + name);
  // One that has its name by now is another, and is not heard.
  if ((event.mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) told.insert(folder);
  if ((event.mask & IN_IGNORED) != 0) watched_.erase(found);
}

// By now, who deletes them may have come to an end, or have made them anew.
bool RemovedFiles::ripen(std::set<std::string>& told) {
  told.merge(gone_);
  gone_.clear();
  return false;
}

}  // namespace slipway::host
