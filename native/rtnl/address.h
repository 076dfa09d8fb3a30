// RTM_NEWADDR and RTM_DELADDR.
#pragma once

#include "netlink/batch.h"
#include "plan/operation.h"
#include "rtnl/names.h"

namespace slipway::rtnl {

Status encode(netlink::Batch& batch, netlink::Origin origin, const AddressAdd& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const AddressDelete& op, Names& names);

}  // namespace slipway::rtnl
