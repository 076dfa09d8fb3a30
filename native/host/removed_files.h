// Hears which files are deleted in folders (inotify). Told are their paths, a moment later, as something may be there
// again by then; of a folder that has gone itself, at once.
#pragma once

#include <map>
#include <set>
#include <string>

#include "host/inotify.h"

namespace slipway::host {

class RemovedFiles : public Inotify {
 public:
  explicit RemovedFiles(std::set<std::string> folders) : folders_(std::move(folders)) {}
  // A folder that is not there is left out; ENOENT when none is.
  Status open() override;
  bool ripen(std::set<std::string>& told) override;

 private:
  void hear_of(const inotify_event& event, const std::string& name, std::set<std::string>& told) override;

  std::set<std::string> folders_;
  std::map<int, std::string> watched_;
  std::set<std::string> gone_;
};

}  // namespace slipway::host
