// Tells the neighbours on a link where an address is now. One that knows it to be elsewhere would send there for up to
// a minute.
#pragma once

#include "base/failure.h"
#include "base/unique_fd.h"
#include "plan/operation.h"

namespace slipway::rtnl {

// Sends one frame by the link of this number, from the calling thread's namespace: an ARP request for itself, or an
// unsolicited neighbour advertisement. `packets`: a socket of AF_PACKET for those of a plan, opened with the first: to
// close one takes the kernel 10 to 20 ms (synchronize_net).
Status announce(int link, const NeighborAnnounce& op, UniqueFd& packets);

}  // namespace slipway::rtnl
