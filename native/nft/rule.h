// NFT_MSG_NEWRULE: a rule from statements that read as nft writes them; and which rules are there.
#pragma once

#include <string>
#include <vector>

#include "netlink/socket.h"
#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const RuleAdd& op);

struct RuleInfo {
  std::string chain;
  // Empty where it has none.
  std::string comment;
  // Of its first counter.
  bool counts = false;
  uint64_t packets = 0, bytes = 0;
};

// The rules of a table, those of a chain in their order; none where there is no such table.
Status dump_rules(netlink::Socket& socket, const std::string& family, const std::string& table,
                  std::vector<RuleInfo>& rules);

}  // namespace slipway::nft
