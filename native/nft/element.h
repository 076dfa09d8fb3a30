// NFT_MSG_NEWSETELEM and NFT_MSG_DELSETELEM. One message per element, so that a refusal says which one.
#pragma once

#include "netlink/socket.h"
#include "nft/objects.h"
#include "nft/value.h"
#include "plan/operation.h"

namespace slipway::nft {

// Exclusive: an element that exists is refused with EEXIST. That refusal is what makes an element a claim.
Status encode(netlink::Batch& batch, netlink::Origin origin, const ElementAdd& op);
Status encode(netlink::Batch& batch, netlink::Origin origin, const ElementDelete& op);

struct ElementInfo {
  std::string key, data, comment;
  uint64_t packets = 0, bytes = 0;
  // It has an expression beside, other than a counter: it is there for some packets, and for others not.
  bool conditional = false;
};

// The elements in one message. `boundaries`: they are ends of intervals (nft/boundaries.h), and come there.
struct Boundary;
void read_elements(netlink::Answer& answer, const Type& key, const Type& data, std::vector<ElementInfo>& elements,
                   std::vector<Boundary>* boundaries = nullptr);

// All elements of a set, with counters where the set has them.
Status dump_elements(netlink::Socket& socket, const ElementDelete& which, std::vector<ElementInfo>& elements);
// One element by key; ENOENT when there is none.
Status get_element(netlink::Socket& socket, const ElementDelete& which, ElementInfo& element);

}  // namespace slipway::nft
