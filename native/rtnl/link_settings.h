// What decides which frames pass a bridge and its ports, as bits of one number: to be compared, and told to JavaScript
// (lib/kernel/link-settings.ts has the same bits).
#pragma once

#include <cstdint>

#include "netlink/answer.h"

namespace slipway::rtnl {

// Of ports. Bits 0 to 15: those of group_fwd_mask.
constexpr uint32_t kHairpin = 1U << 16;
constexpr uint32_t kFlood = 1U << 17;
constexpr uint32_t kMulticastFlood = 1U << 18;
constexpr uint32_t kBroadcastFlood = 1U << 19;
constexpr uint32_t kIsolated = 1U << 20;
constexpr uint32_t kProxyArp = 1U << 21;  // by either of its two settings
constexpr uint32_t kNeighSuppress = 1U << 22;
constexpr uint32_t kDisabled = 1U << 23;  // it has a carrier: its bridge is down, or somebody has said so
// Of bridges.
constexpr uint32_t kStp = 1U << 24;
constexpr uint32_t kVlanFiltering = 1U << 25;
constexpr uint32_t kMulticastSnooping = 1U << 26;
constexpr uint32_t kLinkLocalLearning = 1U << 27;

// Of IFLA_LINKINFO: as a bridge, and as a port of one. What an older kernel does not tell counts as it is with a new
// link. `running`: it has a carrier (IFF_RUNNING).
uint32_t read_link_settings(const netlink::Attribute& info, bool running);
// Of IFLA_PROTINFO.
uint32_t read_port_settings(const netlink::Attribute& port, bool running);

}  // namespace slipway::rtnl
