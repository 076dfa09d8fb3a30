// The connections that the kernel tracks in the host's namespace.
#pragma once

#include <set>
#include <vector>

#include "netlink/socket.h"
#include "rtnl/address_text.h"

namespace slipway::conntrack {

struct Tuple {
  rtnl::IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;  // network order
  uint8_t protocol = 0;
};
struct Connection {
  Tuple original, reply;
  uint32_t id = 0;  // the kernel's own number for it, as it came
};
struct Connections {
  std::vector<Connection> all;
  std::set<rtnl::IpAddress> local;  // the host's own addresses
};

// All connections of a family, or of both (AF_UNSPEC). The kernel walks its whole hash table for it, which all namespaces
// share: milliseconds, even when there is none. So neighbouring flushes share a dump.
Status read(netlink::Socket& conntrack, netlink::Socket& rtnl, uint8_t family, Connections& connections);

// One message of that dump.
Connection read_connection(netlink::Answer& answer);

// Starts a message to conntrack in a room of `size` bytes.
netlink::Message begin(char* room, std::size_t size, const char* operation, uint16_t type, uint16_t flags, uint8_t family);

}  // namespace slipway::conntrack
