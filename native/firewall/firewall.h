// What firewalls of a namespace say, all of them and in one form: of nf_tables, whoever wrote it, and of iptables'
// older half (x_tables). It is read for people who look for what drops their packets; nothing is decided by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/failure.h"

namespace slipway::firewall {

struct Chain {
  // "legacy": iptables' older half, whose family is "ip" or "ip6" all the same.
  bool legacy = false;
  std::string family, table, name;
  // Of a chain that packets come to by themselves. The priority decides which of a hook's is first.
  std::string hook, policy;
  int32_t priority = 0;
  std::optional<uint64_t> packets;  // that the policy has decided about, where somebody counts
};

// A rule as steps, left to right. Each is a few words:
//
//   load WHAT REGISTER            WHAT is "iifname", "ct-state", or "header BASE OFFSET LENGTH" (BASE: "network"…)
//   mask REGISTER REGISTER BYTES BYTES   from, to; and, then exclusive or
//   is REGISTER BYTES, not REGISTER BYTES   bytes as hex digits, as they come
//   counter PACKETS
//   verdict accept|drop|reject|return|continue|jump NAME|goto NAME
//   does WHAT                     it changes or reports something, and goes on
//   asks WHAT                     a question that is not understood here
struct Rule {
  bool legacy = false;
  std::string family, table, chain;
  std::vector<std::string> steps;
  // Of nf_tables.
  uint64_t handle = 0;
  std::string comment;
};

struct Firewalls {
  std::vector<Chain> chains;
  std::vector<Rule> rules;
};

// Bytes as hex digits.
std::string hex(const void* bytes, std::size_t size);

}  // namespace slipway::firewall
