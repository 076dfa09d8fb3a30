#include "netns/hostname.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace slipway::netns {

Hostname::Hostname(const std::string& name) {
  home_.reset(open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC));
  if (!home_) {
    status_ = Failure::last("open");
  } else if (unshare(CLONE_NEWUTS) != 0) {
    status_ = Failure::last("unshare");
  } else {
    away_ = true;
    if (sethostname(name.data(), name.size()) != 0) status_ = Failure::last("sethostname");
  }
}

bool Hostname::lost() {
  if (away_) {
    away_ = false;
    lost_ = setns(home_.get(), CLONE_NEWUTS) != 0;
  }
  return lost_;
}

Hostname::~Hostname() { lost(); }

}  // namespace slipway::netns
