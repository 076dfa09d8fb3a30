#include "host/setting_news.h"

#include <fcntl.h>
#include <unistd.h>

namespace slipway::host {

void SettingNews::mean(const std::set<std::string>& links) {
  forget_gone();
  for (const auto& link : links) {
    for (const char* version : {"ipv4", "ipv6"}) {
      std::string path = std::string("/proc/sys/net/") + version + "/conf/" + link;
      UniqueFd held(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
      int number = 0;
      if (held && !watch(path, IN_MODIFY | IN_ONLYDIR, number)) folders_[number] = {link, std::move(held)};
    }
  }
}

// The kernel says nothing of a link's folder that goes with it, or with its name.
void SettingNews::forget_gone() {
  for (auto folder = folders_.begin(); folder != folders_.end();) {
    if (faccessat(folder->second.held.get(), "forwarding", F_OK, 0) == 0) {
      ++folder;
      continue;
    }
    unwatch(folder->first);
    folder = folders_.erase(folder);
  }
}

void SettingNews::hear_of(const inotify_event& event, const std::string& name, std::set<std::string>&) {
  auto found = folders_.find(event.wd);
  if (found != folders_.end() && names_.count(name) > 0) written_.insert(found->second.link);
}

bool SettingNews::ripen(std::set<std::string>& told) {
  told.merge(written_);
  written_.clear();
  return false;
}

}  // namespace slipway::host
