// Datagrams that a socket does not take, by where they come from: the kernel drops them before they have a place in the
// socket's buffer.
#pragma once

#include <string>
#include <vector>

#include "base/failure.h"

namespace slipway::host {

// Networks as text, of the socket's own address family; EINVAL for what is none. `refused` are dropped. Where
// `accepted` has any, so is all that is in none of them. Both empty: the socket takes everything again.
Status filter_sources(int fd, const std::vector<std::string>& refused, const std::vector<std::string>& accepted);

}  // namespace slipway::host
