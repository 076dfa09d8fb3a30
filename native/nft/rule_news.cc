#include "nft/rule_news.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

namespace slipway::nft {
namespace {

// What comes in a second, of our own transactions, too.
constexpr int kRoom = 4 * 1024 * 1024;

constexpr uint16_t of_nft(int message) { return static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message); }

}  // namespace

Status RuleNews::open() { return News::open(NETLINK_NETFILTER, {NFNLGRP_NFTABLES}, nullptr, kRoom); }

void RuleNews::hear(netlink::Answer& message, std::set<std::string>& told) {
  switch (message.type()) {
    case of_nft(NFT_MSG_NEWTABLE):
    case of_nft(NFT_MSG_DELTABLE):
    case of_nft(NFT_MSG_NEWCHAIN):
    case of_nft(NFT_MSG_DELCHAIN):
    case of_nft(NFT_MSG_NEWRULE):
    case of_nft(NFT_MSG_DELRULE): told.insert("rules"); break;
    default: break;
  }
}

}  // namespace slipway::nft
