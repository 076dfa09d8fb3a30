// NFT_MSG_NEWSET and NFT_MSG_DELSET: sets and maps.
#pragma once

#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const SetAdd& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const SetDelete& op);

}  // namespace slipway::nft
