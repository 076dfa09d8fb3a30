// Hears which settings of links others write under /proc/sys (inotify), by the /proc of this process. What is said by a
// message of rtnetlink, or written by a procfs of the writer's own, is not heard; so does this process itself
// (host/procfs.h). Told are the names of the links.
#pragma once

#include <map>
#include <set>
#include <string>

#include "host/inotify.h"

namespace slipway::host {

class SettingNews : public Inotify {
 public:
  // `names`: of the settings that matter, as `rp_filter`, of either IP version.
  explicit SettingNews(std::set<std::string> names) : names_(std::move(names)) {}
  Status open() override { return start(); }
  // These links, too, as they are called in the namespace of the calling thread. One that is not there is left out.
  void mean(const std::set<std::string>& links);
  bool ripen(std::set<std::string>& told) override;

 private:
  // The folder of a link's settings, as it was found: without the descriptor, the kernel could forget it, and make
  // another of the same name when it is asked for next.
  struct Folder {
    std::string link;
    UniqueFd held;
  };

  void hear_of(const inotify_event& event, const std::string& name, std::set<std::string>& told) override;
  void forget_gone();

  std::set<std::string> names_;
  std::map<int, Folder> folders_;
  std::set<std::string> written_;
};

}  // namespace slipway::host
