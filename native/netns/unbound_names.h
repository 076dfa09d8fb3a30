// Hears when others unmount something in this process's mount namespace (fanotify, from Linux 6.15 on): names of
// network namespaces are mounts. The kernel says by numbers which, and not who; told is only that it is so.
#pragma once

#include <set>
#include <string>

#include "base/event_news.h"

namespace slipway::netns {

class UnboundNames : public EventNews {
 public:
  // EINVAL on an older kernel, EPERM without CAP_SYS_ADMIN.
  Status open() override;
  bool ripen(std::set<std::string>& told) override;

 private:
  void hear(std::string_view events, std::set<std::string>& told) override;

  uint64_t heard_ = 0;  // events
  uint64_t own_ = 0;    // what this process had unmounted when it was looked at last
  bool lost_ = false;
};

}  // namespace slipway::netns
