// Ports of the calling thread's namespace, by bound sockets.
#pragma once

#include <cstdint>
#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::host {

// For a server; TCP listens. EADDRINUSE when a process has the port, EADDRNOTAVAIL when the address is none of this
// host's.
Status bind_port(const std::string& protocol, const std::string& address, uint16_t port, UniqueFd& socket);

// To keep others off it: the socket takes no datagram and never listens. As bind_port(), but no socket and no failure
// where the kernel lacks the protocol (SCTP is a module that few have): then nobody can listen there. `socket`: one of
// the namespace that was made ahead for it, or none.
Status hold_port(const std::string& protocol, const std::string& address, uint16_t port, UniqueFd& socket);

// Whether a TCP socket over IPv4 is what such a port takes.
bool suits_tcp4(const std::string& protocol, const std::string& address);

}  // namespace slipway::host
