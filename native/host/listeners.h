// Which sockets of a namespace wait for whoever comes: as ss(8) asks the kernel (sock_diag(7)). No packet is sent, and
// no server sees a connection.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netlink/socket.h"

namespace slipway::host {

struct Listener {
  // "0.0.0.0" and "::" for all of them.
  std::string address;
  // Of an IPv6 socket: it takes nothing of IPv4.
  bool ipv6_only = false;
};

// In the calling thread's namespace: TCP sockets that listen on a port, or UDP sockets that are bound to it and
// connected to nobody. ENOENT and the like where the kernel cannot be asked.
Status dump_listeners(bool udp, uint16_t port, std::vector<Listener>& listeners);

// The same for one family (AF_INET, AF_INET6), asked by a socket of NETLINK_SOCK_DIAG.
Status dump_listeners(netlink::Socket& socket, uint8_t family, bool udp, uint16_t port,
                      std::vector<Listener>& listeners);

// One message of the dump. What is malformed in it makes the answer so.
Listener read_listener(netlink::Answer& answer);

}  // namespace slipway::host
