#include "port_claim.h"

#include <arpa/inet.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>
#include <memory>

#include "nest.h"
#include "nft_header.h"

namespace bench {
namespace {

constexpr const char* kAblationTable = "ablation";
constexpr const char* kName = "ports";  // of the chain, and of the map

nlmsghdr* begin(Messages& messages, int what, int flags, bool last) {
  return messages.begin(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | what),
                        static_cast<uint16_t>(flags | (last ? NLM_F_ACK : 0)));
}

// Protocol and port, each at a multiple of four bytes.
struct ProtocolAndPort {
  uint8_t protocol = IPPROTO_TCP, padding[3] = {};
  uint16_t port;
  uint8_t rest[2] = {};
};

struct Target {
  uint32_t address;
  uint16_t port;
  uint8_t rest[2] = {};
};

void put_value(nlmsghdr* message, int type, const void* bytes, std::size_t length) {
  Nest nest(message, type);
  mnl_attr_put(message, NFTA_DATA_VALUE, length, bytes);
}

std::string chain_of(const PortClaim& claim) { return "port" + std::to_string(claim.port); }

void put_element(Messages& messages, Claims claims, const PortClaim& claim, bool add, bool last) {
  bool own = claims == Claims::hash;
  nlmsghdr* message =
      begin(messages, add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM, add ? NLM_F_CREATE | NLM_F_EXCL : 0, last);
  put_nft_header(message, own ? NFPROTO_INET : NFPROTO_IPV4);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, own ? kSlipwayTable : kAblationTable);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, own ? "published4" : kName);
  Nest elements(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  Nest element(message, NFTA_LIST_ELEM);
  ProtocolAndPort key{.port = htons(claim.port)};
  put_value(message, NFTA_SET_ELEM_KEY, &key, sizeof key);
  if (claims == Claims::interval) put_value(message, NFTA_SET_ELEM_KEY_END, &key, sizeof key);
  if (!add) return;
  if (claims == Claims::verdict) {
    Nest data(message, NFTA_SET_ELEM_DATA);
    Nest verdict(message, NFTA_DATA_VERDICT);
    mnl_attr_put_u32(message, NFTA_VERDICT_CODE, htonl(static_cast<uint32_t>(NFT_GOTO)));
    mnl_attr_put_strz(message, NFTA_VERDICT_CHAIN, chain_of(claim).c_str());
    return;
  }
  Target target{.address = claim.address, .port = htons(claim.target_port)};
  put_value(message, NFTA_SET_ELEM_DATA, &target, sizeof target);
}

void put_chain(Messages& messages, const PortClaim& claim, bool add, bool last) {
  nlmsghdr* message =
      begin(messages, add ? NFT_MSG_NEWCHAIN : NFT_MSG_DELCHAIN, add ? NLM_F_CREATE | NLM_F_EXCL : 0, last);
  put_nft_header(message, NFPROTO_IPV4);
  mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, kAblationTable);
  mnl_attr_put_strz(message, NFTA_CHAIN_NAME, chain_of(claim).c_str());
}

nftnl_expr* add_expression(nftnl_rule* rule, const char* name) {
  nftnl_expr* expression = nftnl_expr_alloc(name);
  nftnl_rule_add_expr(rule, expression);
  return expression;
}

void add_comparison(nftnl_rule* rule, const void* bytes, uint32_t length) {
  nftnl_expr* compare = add_expression(rule, "cmp");
  nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
  nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
  nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, bytes, length);
}

void add_match(nftnl_rule* rule, const PortClaim& claim) {
  nftnl_expr* meta = add_expression(rule, "meta");
  nftnl_expr_set_u32(meta, NFTNL_EXPR_META_KEY, NFT_META_L4PROTO);
  nftnl_expr_set_u32(meta, NFTNL_EXPR_META_DREG, NFT_REG_1);
  uint8_t tcp = IPPROTO_TCP;
  add_comparison(rule, &tcp, sizeof tcp);
  nftnl_expr* payload = add_expression(rule, "payload");
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_OFFSET, 2);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_LEN, 2);
  nftnl_expr_set_u32(payload, NFTNL_EXPR_PAYLOAD_DREG, NFT_REG_1);
  uint16_t port = htons(claim.port);
  add_comparison(rule, &port, sizeof port);
}

void add_immediate(nftnl_rule* rule, uint32_t reg, const void* bytes, uint32_t length) {
  nftnl_expr* immediate = add_expression(rule, "immediate");
  nftnl_expr_set_u32(immediate, NFTNL_EXPR_IMM_DREG, reg);
  nftnl_expr_set(immediate, NFTNL_EXPR_IMM_DATA, bytes, length);
}

// [meta l4proto tcp th dport PORT] dnat to ADDRESS:PORT
void put_rule(Messages& messages, const PortClaim& claim, const std::string& chain, bool match, bool last) {
  std::unique_ptr<nftnl_rule, decltype(&nftnl_rule_free)> rule(nftnl_rule_alloc(), nftnl_rule_free);
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_TABLE, kAblationTable);
  nftnl_rule_set_str(rule.get(), NFTNL_RULE_CHAIN, chain.c_str());
  if (match) add_match(rule.get(), claim);
  uint16_t port = htons(claim.target_port);
  add_immediate(rule.get(), NFT_REG_1, &claim.address, sizeof claim.address);
  add_immediate(rule.get(), NFT_REG_2, &port, sizeof port);
  nftnl_expr* nat = add_expression(rule.get(), "nat");
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_FAMILY, NFPROTO_IPV4);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
  nftnl_expr_set_u32(nat, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
  nlmsghdr* message = begin(messages, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, last);
  put_nft_header(message, NFPROTO_IPV4);
  nftnl_rule_nlmsg_build_payload(message, rule.get());
}

}  // namespace

void begin_transaction(Messages& messages) {
  put_nft_header(messages.begin(NFNL_MSG_BATCH_BEGIN, 0), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

void end_transaction(Messages& messages) {
  put_nft_header(messages.begin(NFNL_MSG_BATCH_END, 0), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

void put_port(Messages& messages, Claims claims, const PortClaim& claim, bool last) {
  if (claims == Claims::rule) return put_rule(messages, claim, kName, true, last);
  if (claims == Claims::verdict) {
    put_chain(messages, claim, true, false);
    put_rule(messages, claim, chain_of(claim), false, false);
  }
  put_element(messages, claims, claim, true, last);
}

void put_port_away(Messages& messages, Claims claims, const PortClaim& claim) {
  put_element(messages, claims, claim, false, claims != Claims::verdict);
  if (claims == Claims::verdict) put_chain(messages, claim, false, true);
}

}  // namespace bench
