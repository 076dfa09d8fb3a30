// RTM_NEWROUTE and RTM_DELROUTE, in the main table.
#pragma once

#include "netlink/batch.h"
#include "plan/operation.h"
#include "rtnl/names.h"

namespace slipway::rtnl {

Status encode(netlink::Batch& batch, netlink::Origin origin, const RouteAdd& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const RouteDelete& op, Names& names);

}  // namespace slipway::rtnl
