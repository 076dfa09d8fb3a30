// Hears which files are deleted in folders (inotify). Told are their paths, a moment later, as something may be there
// again by then; of a folder that has gone itself, at once.
#pragma once

#include <map>
#include <set>
#include <string>

#include "base/news.h"
#include "base/unique_fd.h"

struct inotify_event;

namespace slipway::host {

class RemovedFiles : public News {
 public:
  explicit RemovedFiles(std::set<std::string> folders) : folders_(std::move(folders)) {}
  // A folder that is not there is left out; ENOENT when none is.
  Status open() override;
  bool read(std::set<std::string>& told) override;
  bool ripen(std::set<std::string>& told) override;
  int rest() const override { return 20; }
  int fd() const override { return fd_.get(); }

 private:
  void hear(const inotify_event& event, const std::string& name, std::set<std::string>& told);

  std::set<std::string> folders_;
  UniqueFd fd_;
  std::map<int, std::string> watched_;
  std::set<std::string> gone_;
};

}  // namespace slipway::host
