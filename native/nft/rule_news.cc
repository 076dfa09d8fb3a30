#include "nft/rule_news.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include "nft/message_type.h"

namespace slipway::nft {
namespace {

// What comes in a second, of our own transactions, too.
constexpr int kRuleNewsRoom = 4 * 1024 * 1024;

}  // namespace

Status RuleNews::open() { return News::open(NETLINK_NETFILTER, {NFNLGRP_NFTABLES}, nullptr, kRuleNewsRoom); }

void RuleNews::hear(netlink::Answer& message, std::set<std::string>& told) {
  switch (message.type()) {
    case message_type(NFT_MSG_NEWTABLE):
    case message_type(NFT_MSG_DELTABLE):
    case message_type(NFT_MSG_NEWCHAIN):
    case message_type(NFT_MSG_DELCHAIN):
    case message_type(NFT_MSG_NEWRULE):
    case message_type(NFT_MSG_DELRULE): told.insert("rules"); break;
    default: break;
  }
}

}  // namespace slipway::nft
