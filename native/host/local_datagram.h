// One datagram to a socket of unix(7): what a service tells systemd (sd_notify). Node.js has no such sockets.
#pragma once

#include <string>

#include "base/failure.h"

namespace slipway::host {

// `address` is a path, or an abstract name behind '@'. Never waits: EAGAIN where the receiver's queue is full.
// ENAMETOOLONG for what the kernel has no room for.
Status send_local_datagram(const std::string& address, const std::string& text);

}  // namespace slipway::host
