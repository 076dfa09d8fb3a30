// Forgets what sandboxes that have gone leave behind: a connection that conntrack knows lets packets in that no rule
// would, to the next owner of the address.
#pragma once

#include "conntrack/connections.h"
#include "plan/operation.h"

namespace slipway::conntrack {

// All connections that have one of the addresses at either end, in either direction, and those that have come by one of
// the ports, with one walk.
Status flush(netlink::Socket& socket, const ConntrackFlush& op);

// The message that flush() sends for one connection: it goes by original tuple and id, so that one which has come since
// between the same two ends stays.
inline constexpr std::size_t kDeleteRoom = 256;
netlink::Message build_delete(char* room, std::size_t size, const Connection& connection);

}  // namespace slipway::conntrack
