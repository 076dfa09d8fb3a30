// The type of a netlink message of nf_tables.
#pragma once

#include <linux/netfilter/nfnetlink.h>

#include <cstdint>

namespace slipway::nft {

// `message` is one of NFT_MSG_….
constexpr uint16_t message_type(int message) { return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message); }

}  // namespace slipway::nft
