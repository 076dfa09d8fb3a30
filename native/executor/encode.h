// The message of one operation, on whichever socket it goes.
#pragma once

#include "netlink/batch.h"
#include "plan/operation.h"
#include "rtnl/names.h"

namespace slipway {

// EOPNOTSUPP for an operation that is no message.
Status encode(const Operation& operation, netlink::Batch& batch, netlink::Origin origin, rtnl::Names& names);

}  // namespace slipway
