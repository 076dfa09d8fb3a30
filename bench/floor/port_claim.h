// The messages that publish one port, in each way that nf_tables offers.
#pragma once

#include <cstdint>

#include "netlink.h"
#include "options.h"

namespace bench {

struct PortClaim {
  uint16_t port;         // of the host
  uint32_t address;      // of the sandbox, network byte order
  uint16_t target_port;  // of the sandbox
};

void begin_transaction(Messages& messages);
// Only the last message of a transaction asks for an ack.
void put_port(Messages& messages, Claims claims, const PortClaim& claim, bool last);
// Not for Claims::rule: a rule is deleted by a number that its maker would have to keep.
void put_port_away(Messages& messages, Claims claims, const PortClaim& claim);
void end_transaction(Messages& messages);

}  // namespace bench
