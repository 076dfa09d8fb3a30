// RTM_NEWLINK, RTM_GETLINK and RTM_DELLINK.
#pragma once

#include "netlink/batch.h"
#include "plan/operation.h"
#include "rtnl/names.h"

namespace slipway::rtnl {

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkCreate& op, Names& names);
// Up to five messages: what must be said before the link goes up, then up.
Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkSet& op, Names& names);
// RTM_GETLINK; the answer is not looked at.
Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkSettle& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkRename& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkDelete& op, Names& names);
Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkDeleteGroup& op, Names& names);

}  // namespace slipway::rtnl
