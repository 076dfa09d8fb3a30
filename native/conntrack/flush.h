// Forgets connections of a published port. A UDP client that keeps sending from one port never starts a new
// connection, so without this it would stay with whatever stood behind the port before.
#pragma once

#include "conntrack/connections.h"
#include "plan/operation.h"

namespace slipway::conntrack {

// Address family of the connections that an operation is about: AF_INET or AF_INET6.
uint8_t family_of(const ConntrackFlush& op);

// With `to_address`: exactly the connections that were sent to that sandbox port through the host port.
// Without: those to the host port, at an address of the host's own, that no rule has sent anywhere: the port was not
// published when they began.
Status flush(netlink::Socket& socket, const Connections& connections, const ConntrackFlush& op);

// The message that flush() sends for one connection: it goes by original tuple and id, so that one which has come since
// between the same two ends stays.
inline constexpr std::size_t kDeleteRoom = 256;
netlink::Message build_delete(char* room, std::size_t size, const Connection& connection);

}  // namespace slipway::conntrack
