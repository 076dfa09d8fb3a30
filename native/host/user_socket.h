// Sockets of the calling thread's namespace for a program to use: a server's, a client's, one for datagrams. A socket
// stays in the namespace that it was made in, whoever has it and wherever its thread goes.
#pragma once

#include <cstdint>
#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace slipway::host {

struct UserSocket {
  bool udp = false;
  bool ipv6 = false;
  // Of IPv6: not for IPv4 as well.
  bool ipv6_only = false;
  // Empty: it is not bound yet. With a zone, as in fe80::1%eth0, which is a link of the namespace.
  std::string address;
  uint16_t port = 0;
  bool reuse_address = false;
  // Of TCP; below 0 it does not listen.
  int backlog = -1;
};

// Non-blocking, and closed on exec. One of UDP over IPv6 takes nothing from link-local senders. EADDRINUSE also when
// two have bound and the other listens.
Status open_user_socket(const UserSocket& wanted, UniqueFd& socket);

// No other socket may be bound to the port of this one, even if it asks for it. libuv allows it with every UDP socket
// that it is given.
Status refuse_reuse(int socket);

// The address that a packet to `address` would leave from. ENETUNREACH and the like where there is no way to it. No
// packet is sent.
Status source_for(const std::string& address, std::string& source);

}  // namespace slipway::host
