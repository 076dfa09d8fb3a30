// Options of sockets that are a number.
#pragma once

#include <sys/socket.h>

#include "base/failure.h"

namespace slipway::host {

inline Status set_option(int fd, int level, int option, int value) {
  return setsockopt(fd, level, option, &value, sizeof value) == 0 ? kOk : Status(Failure::last("setsockopt"));
}

}  // namespace slipway::host
