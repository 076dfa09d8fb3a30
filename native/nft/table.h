// NFT_MSG_NEWTABLE and NFT_MSG_DELTABLE.
#pragma once

#include "netlink/socket.h"
#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const TableAdd& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const TableEnable& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const TableDelete& op);

// For tests: a deletion that the kernel refuses for certain (ERANGE), as no table has a name that long.
void encode_refused(netlink::Batch& batch, netlink::Origin origin);

// The comment of a table; ENOENT when there is no such table.
Status get_table(netlink::Socket& socket, const std::string& family, const std::string& name, std::string& comment);

}  // namespace slipway::nft
