#include "host/removed_files.h"

namespace slipway::host {
namespace {

// What is replaced is moved over, with each change of a record: that is not heard.
constexpr uint32_t kGoes = IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

}  // namespace

Status RemovedFiles::open() {
  if (auto failure = start()) return failure;
  for (const auto& folder : folders_) {
    int number = 0;
    auto failure = watch(folder, kGoes, number);
    if (failure && failure->errnum != ENOENT) return failure;
    if (!failure) watched_[number] = folder;
  }
  if (watched_.empty()) return Failure::of(ENOENT, "inotify_add_watch");
  return kOk;
}

void RemovedFiles::hear_of(const inotify_event& event, const std::string& name, std::set<std::string>& told) {
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
