// Tells the neighbours on a link where an address is now. One that knows it to be elsewhere would send there for up to
// a minute.
#pragma once

#include "base/failure.h"
#include "plan/operation.h"

namespace slipway::rtnl {

// Sends one frame by the link of this number, from the calling thread's namespace: an ARP request for itself, or an
// unsolicited neighbour advertisement.
Status announce(int link, const NeighborAnnounce& op);

}  // namespace slipway::rtnl
