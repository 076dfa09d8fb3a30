// A host port, held against other processes by a bound socket that never listens.
#pragma once

#include <cstdint>
#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::host {

// EADDRINUSE when a process listens there, EADDRNOTAVAIL when the address is none of this host's.
Status reserve_port(const std::string& protocol, const std::string& address, uint16_t port, UniqueFd& socket);

}  // namespace slipway::host
