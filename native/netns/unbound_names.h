// Hears when others unmount something in this process's mount namespace (fanotify, from Linux 6.15 on): names of
// network namespaces are mounts. The kernel says by numbers which, and not who; told is only that it is so.
#pragma once

#include <set>
#include <string>

#include "base/news.h"
#include "base/unique_fd.h"

namespace slipway::netns {

class UnboundNames : public News {
 public:
  // EINVAL on an older kernel, EPERM without CAP_SYS_ADMIN.
  Status open() override;
  bool read(std::set<std::string>& told) override;
  bool ripen(std::set<std::string>& told) override;
  int rest() const override { return 20; }
  int fd() const override { return fd_.get(); }

 private:
  UniqueFd fd_;
  uint64_t heard_ = 0;  // events
  uint64_t own_ = 0;    // what this process had unmounted when it was looked at last
  bool lost_ = false;
};

}  // namespace slipway::netns
