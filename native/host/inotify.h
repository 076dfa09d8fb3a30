// Events of files (inotify).
#pragma once

#include <sys/inotify.h>

#include <string>

#include "base/event_news.h"

namespace slipway::host {

class Inotify : public EventNews {
 protected:
  Status start();
  // `watch`: the number of the new one, or of an earlier one of the same file.
  Status watch(const std::string& path, uint32_t mask, int& watch);
  void unwatch(int watch) { inotify_rm_watch(fd(), watch); }
  // `name`: of the file in the folder that is watched; empty where that is meant itself.
  virtual void hear_of(const inotify_event& event, const std::string& name, std::set<std::string>& told) = 0;

 private:
  void hear(std::string_view events, std::set<std::string>& told) override;
};

}  // namespace slipway::host
