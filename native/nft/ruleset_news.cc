#include "nft/ruleset_news.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>

#include <cstddef>
#include <vector>

#include "nft/message_type.h"
#include "nft/objects.h"

namespace slipway::nft {
namespace {

using netlink::Attribute;

// A thousand elements that are flushed one by one are 1 MB.
constexpr int kRulesetNewsRoom = 8 * 1024 * 1024;
// Of more, a jump of the filter would not reach over the rest.
constexpr std::size_t kMostPorts = 200;

std::string who(netlink::Answer& message) {
  std::string name;
  uint32_t pid = 0;
  message.each<nfgenmsg>([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_GEN_PROC_NAME) name = attribute.text();
    // Big-endian, as all numbers of nf_tables.
    if (attribute.type() == NFTA_GEN_PROC_PID) pid = __builtin_bswap32(attribute.u32());
  });
  std::string by;
  if (!name.empty() && !message.malformed())
    by.append(1, '\0').append(name).append(1, '\0').append(std::to_string(pid));
  return by;
}

}  // namespace

Status RulesetNews::open() {
  if (auto failure = News::open(NETLINK_NETFILTER, {NFNLGRP_NFTABLES}, nullptr, kRulesetNewsRoom)) return failure;
  pass_over_ours();
  return kOk;
}

// All that the kernel says in one datagram is about one transaction. Without the filter, each message is looked at.
void RulesetNews::pass_over_ours() {
  ports_ = watch_->ports();
  if (ports_.empty() || ports_.size() > kMostPorts) return;
  constexpr uint32_t kPortAt = offsetof(nlmsghdr, nlmsg_pid);
  std::vector<sock_filter> program{BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kPortAt)};
  auto left = static_cast<uint8_t>(ports_.size());
  // It reads numbers big-endian, and jumps over the rest of these and one more.
  for (uint32_t port : ports_) program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ntohl(port), left--, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0xffffffff));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, 0));
  filter({static_cast<unsigned short>(program.size()), program.data()});
}

// The name of the table is the first attribute of all of them.
bool RulesetNews::is_ours(netlink::Answer& message, uint16_t kept) const {
  static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_SET_TABLE == 1 &&
                NFTA_SET_ELEM_LIST_TABLE == 1);
  bool ours = false;
  bool theirs = false;
  message.each<nfgenmsg>([&](const Attribute& attribute) {
    if (attribute.type() == NFTA_TABLE_NAME) ours = attribute.text() == table_;
    if (kept != 0 && attribute.type() == kept) theirs = attribute.text() == kept_;
  });
  return ours && !theirs && !message.malformed();
}

void RulesetNews::hear(netlink::Answer& message, std::set<std::string>& told) {
  uint32_t port = message.message()->nlmsg_pid;
  if (ports_.count(port) > 0) return;
  // A socket of ours that is new.
  if (watch_->ports().count(port) > 0) return pass_over_ours();
  switch (message.type()) {
    case message_type(NFT_MSG_NEWTABLE):
    case message_type(NFT_MSG_DELTABLE):
    case message_type(NFT_MSG_NEWSET):
    case message_type(NFT_MSG_DELSET):
      if (is_ours(message, 0)) heard_.insert("ruleset");
      break;
    case message_type(NFT_MSG_NEWCHAIN):
    case message_type(NFT_MSG_DELCHAIN):
      if (is_ours(message, NFTA_CHAIN_NAME)) heard_.insert("ruleset");
      break;
    case message_type(NFT_MSG_NEWRULE):
    case message_type(NFT_MSG_DELRULE):
      if (is_ours(message, NFTA_RULE_CHAIN)) heard_.insert("ruleset");
      break;
    case message_type(NFT_MSG_DELSETELEM):
      if (is_ours(message, 0)) hear_elements(message);
      break;
    case message_type(NFT_MSG_NEWGEN): {
      std::string by = heard_.empty() ? "" : who(message);
      for (const std::string& one : heard_) told.insert(one + by);
      heard_.clear();
      break;
    }
    default: break;
  }
}

void RulesetNews::hear_elements(netlink::Answer& message) {
  message.each<nfgenmsg>([&](const Attribute& attribute) {
    if (attribute.type() != NFTA_SET_ELEM_LIST_ELEMENTS) return;
    attribute.each([&](const Attribute& element) {
      element.each([&](const Attribute& part) {
        if (part.type() != NFTA_SET_ELEM_USERDATA) return;
        std::string comment = read_comment(NFTNL_UDATA_SET_ELEM_COMMENT, part.view());
        if (!comment.empty()) heard_.insert("element " + comment);
      });
    });
  });
}

}  // namespace slipway::nft
