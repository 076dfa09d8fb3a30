// What a table, chain, set or rule does to packets, as a number. It is made of the message that asks for it, and of the
// one in which the kernel tells it, and is the same for both: handles, comments, and what counters have counted are
// left out, and what is not said is zero. A rule that does something else has another.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netlink/answer.h"
#include "netlink/batch.h"
#include "netlink/socket.h"

namespace slipway::nft {

struct Fingerprint {
  std::string kind;  // "table", "chain", "set" or "rule"
  std::string name;  // of a rule, its chain's
  // Of a rule; one without is not among them.
  std::string comment;
  uint64_t number = 0;
};

struct Fingerprints {
  std::vector<Fingerprint> parts;
  // Of all together: rules in the order of their chain, the rest in any order.
  uint64_t whole() const;
};

// Of what the messages of a batch make.
void read_fingerprints(const netlink::Batch& batch, Fingerprints& prints);

// Of what a table has. `kept`: a chain whose rules are not looked at.
Status dump_fingerprints(netlink::Socket& socket, const std::string& family, const std::string& table,
                         const std::string& kept, Fingerprints& prints);

}  // namespace slipway::nft
