// Forgets connections of a published port. A UDP client that keeps sending from one port never starts a new
// connection, so without this it would stay with whatever stood behind the port before.
#pragma once

#include "netlink/socket.h"
#include "plan/operation.h"

namespace slipway::conntrack {

struct Tuple {
  uint32_t source = 0, destination = 0;  // network order
  uint16_t source_port = 0, destination_port = 0;
  uint8_t protocol = 0;
};
struct Connection {
  Tuple original, reply;
};

// All connections of the namespace. The kernel walks its whole hash table for it, which all namespaces share:
// milliseconds, even when there is none. So neighbouring flushes share a dump.
Status dump(netlink::Socket& socket, std::vector<Connection>& connections);

// With `to_address`: exactly the connections that were sent to that sandbox port through the host port.
// Without: those to the host port, at an address that `is_local` (network order) says is the host's, that no rule
// has sent anywhere: the port was not published when they began.
Status flush(netlink::Socket& socket, const std::vector<Connection>& connections, const ConntrackFlush& op,
             const std::function<bool(uint32_t)>& is_local);

// The message that flush() sends for one connection, given by its original tuple.
nlmsghdr* build_delete(char* buffer, const Tuple& tuple);

}  // namespace slipway::conntrack
