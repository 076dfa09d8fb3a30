// NFT_MSG_NEWSET and NFT_MSG_DELSET: sets and maps.
#pragma once

#include <string>
#include <vector>

#include "netlink/socket.h"
#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const SetAdd& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const SetDelete& op);

// Types as nft writes them, empty where it is none that we know.
struct SetInfo {
  std::string name, type, data_type;
  bool interval = false, counter = false;
};

// The sets and maps of a table; none where there is no such table.
Status dump_sets(netlink::Socket& socket, const std::string& family, const std::string& table,
                 std::vector<SetInfo>& sets);

}  // namespace slipway::nft
