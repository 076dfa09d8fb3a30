// NFT_MSG_NEWCHAIN and NFT_MSG_DELCHAIN.
#pragma once

#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainAdd& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainDelete& op);

}  // namespace slipway::nft
