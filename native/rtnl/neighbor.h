// RTM_NEWNEIGH and RTM_DELNEIGH: permanent neighbours.
#pragma once

#include "netlink/batch.h"
#include "plan/operation.h"
#include "rtnl/names.h"

namespace slipway::rtnl {

Status encode(netlink::Batch& batch, netlink::Origin origin, const NeighborAdd& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const NeighborDelete& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const FdbAdd& op, Names& names);

}  // namespace slipway::rtnl
