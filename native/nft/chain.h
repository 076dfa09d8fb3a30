// NFT_MSG_NEWCHAIN and NFT_MSG_DELCHAIN.
#pragma once

#include <string>
#include <vector>

#include "netlink/socket.h"
#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainAdd& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainDelete& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainFlush& op);

struct ChainInfo {
  std::string name;
};

// The chains of a table; none where there is no such table.
Status dump_chains(netlink::Socket& socket, const std::string& family, const std::string& table,
                   std::vector<ChainInfo>& chains);

}  // namespace slipway::nft
