// What an administrator has put into a table of ours: told by the kernel, and given back to it, in the kernel's own
// bytes. Nothing of it is understood but what it refers to.
#pragma once

#include <string>
#include <vector>

#include "netlink/socket.h"
#include "nft/objects.h"
#include "plan/operation.h"

namespace slipway::nft {

Status encode(netlink::Batch& batch, netlink::Origin origin, const PartCopy& op);

// `kind`: "chain", "rule", "set", "element", "object" or "flowtable". `set`: of elements, the set that they are in.
struct PartsQuery {
  std::string family, table, kind, set;
};

struct PartInfo {
  std::string kind;
  // Of a rule its chain's, of elements their set's.
  std::string name;
  // What makes it again, as hexadecimal digits.
  std::string attributes;
  // What has to be there for it: "set NAME", "chain NAME"…
  std::vector<std::string> uses;
};

// The parts of one kind, in their order. Elements come many in a part.
Status dump_parts(netlink::Socket& socket, const PartsQuery& query, std::vector<PartInfo>& parts);

}  // namespace slipway::nft
