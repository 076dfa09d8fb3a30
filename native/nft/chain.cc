#include "nft/chain.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>
#include <libnftnl/rule.h>

#include "nft/message_type.h"

namespace slipway::nft {
namespace {

// "filter", "nat", "route"; what is longer is none.
constexpr std::size_t kTypeMost = 16;

struct Hook {
  const char* name;
  uint32_t inet, bridge;
};
constexpr Hook kHooks[] = {
    {"prerouting", NF_INET_PRE_ROUTING, NF_BR_PRE_ROUTING},
    {"input", NF_INET_LOCAL_IN, NF_BR_LOCAL_IN},
    {"forward", NF_INET_FORWARD, NF_BR_FORWARD},
    {"output", NF_INET_LOCAL_OUT, NF_BR_LOCAL_OUT},
    {"postrouting", NF_INET_POST_ROUTING, NF_BR_POST_ROUTING},
};

const Hook* find_hook(const std::string& name) {
  for (const auto& hook : kHooks) {
    if (name == hook.name) return &hook;
  }
  return nullptr;
}

Chain make_chain(const std::string& table, const std::string& name) {
  Chain chain(must(nftnl_chain_alloc()));
  must(nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TABLE, table.c_str()));
  must(nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_NAME, name.c_str()));
  return chain;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainAdd& op) {
  if (auto failure = check_names("chain.add", op.family, {&op.table, &op.chain})) return failure;
  if (auto failure = netlink::measure("chain.add", "type", op.type, kTypeMost)) return failure;
  Chain chain = make_chain(op.table, op.chain);
  if (!op.hook.empty()) {
    const Hook* hook = find_hook(op.hook);
    // A policy that is misread would let through what is to be dropped.
    bool known = op.policy.empty() || op.policy == "accept" || op.policy == "drop";
    if (hook == nullptr || !known) return Failure::of(EINVAL, "chain.add");
    must(nftnl_chain_set_str(chain.get(), NFTNL_CHAIN_TYPE, op.type.c_str()));
    nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_HOOKNUM, op.family == "bridge" ? hook->bridge : hook->inet);
    nftnl_chain_set_s32(chain.get(), NFTNL_CHAIN_PRIO, op.priority);
    nftnl_chain_set_u32(chain.get(), NFTNL_CHAIN_POLICY, op.policy == "drop" ? NF_DROP : NF_ACCEPT);
  }
  if (!op.comment.empty()) {
    UserData data;
    if (auto failure = put_comment("chain.add", data, NFTNL_UDATA_CHAIN_COMMENT, op.comment)) return failure;
    must(nftnl_chain_set_data(chain.get(), NFTNL_CHAIN_USERDATA, data.data(), data.size()));
  }
  nlmsghdr* message = begin(batch, origin, NFT_MSG_NEWCHAIN, family_number(op.family), NLM_F_CREATE | NLM_F_EXCL);
  nftnl_chain_nlmsg_build_payload(message, chain.get());
  batch.commit_reserved();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainDelete& op) {
  if (auto failure = check_names("chain.delete", op.family, {&op.table, &op.chain})) return failure;
  Chain chain = make_chain(op.table, op.chain);
  nlmsghdr* message = begin(batch, origin, NFT_MSG_DELCHAIN, family_number(op.family), 0);
  nftnl_chain_nlmsg_build_payload(message, chain.get());
  batch.commit_reserved();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const ChainFlush& op) {
  if (auto failure = check_names("chain.flush", op.family, {&op.table, &op.chain})) return failure;
  std::unique_ptr<nftnl_rule, decltype(&nftnl_rule_free)> every(must(nftnl_rule_alloc()), nftnl_rule_free);
  must(nftnl_rule_set_str(every.get(), NFTNL_RULE_TABLE, op.table.c_str()));
  must(nftnl_rule_set_str(every.get(), NFTNL_RULE_CHAIN, op.chain.c_str()));
  nlmsghdr* message = begin(batch, origin, NFT_MSG_DELRULE, family_number(op.family), 0);
  nftnl_rule_nlmsg_build_payload(message, every.get());
  batch.commit_reserved();
  return kOk;
}

Status dump_chains(netlink::Socket& socket, const std::string& family, const std::string& table,
                   std::vector<ChainInfo>& chains) {
  if (auto failure = check_names("chain.dump", family, {&table})) return failure;
  alignas(nlmsghdr) char buffer[512] = {};
  nlmsghdr* message = nftnl_nlmsg_build_hdr(buffer, NFT_MSG_GETCHAIN, family_number(family), NLM_F_DUMP, 0);
  return socket.request(message, [&](netlink::Answer& answer) {
    if (answer.type() != message_type(NFT_MSG_NEWCHAIN)) return;
    std::string of;
    ChainInfo chain;
    answer.each<nfgenmsg>([&](const netlink::Attribute& attribute) {
      if (attribute.type() == NFTA_CHAIN_TABLE) of = attribute.text();
      if (attribute.type() == NFTA_CHAIN_NAME) chain.name = attribute.text();
    });
    if (of == table && !chain.name.empty()) chains.push_back(std::move(chain));
  });
}

}  // namespace slipway::nft
