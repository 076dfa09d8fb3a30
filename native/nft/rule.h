// NFT_MSG_NEWRULE: a rule from statements that read as nft writes them.
#pragma once

#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const RuleAdd& op);

}  // namespace slipway::nft
