#include "nft/selector.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <string>

namespace slipway::nft {
namespace {

// Offsets are those of RFC 791 (ip), RFC 8200 (ip6), RFC 826 (arp over Ethernet), RFC 793/768/9260 (the port fields of
// tcp, udp and sctp stand at the same place), RFC 4443 and RFC 4861 (icmpv6). An address that a neighbour is asked or
// told for has the name `icmpv6 taddr` in nft since 1.0.8; Debian 12 has an older one.
constexpr Selector kSelectors[] = {
    {"iifname", "ifname", "meta", NFT_META_IIFNAME, 0, 0},
    {"oifname", "ifname", "meta", NFT_META_OIFNAME, 0, 0},
    {"iif", "iface_index", "meta", NFT_META_IIF, 0, 0},
    {"oifgroup", "devgroup", "meta", NFT_META_OIFGROUP, 0, 0},
    {"iifgroup", "devgroup", "meta", NFT_META_IIFGROUP, 0, 0},
    {"meta iiftype", "iface_type", "meta", NFT_META_IIFTYPE, 0, 0},
    {"meta nfproto", "nf_proto", "meta", NFT_META_NFPROTO, 0, 0},
    {"meta skuid", "uid", "meta", NFT_META_SKUID, 0, 0},
    {"meta l4proto", "inet_proto", "meta", NFT_META_L4PROTO, 0, 0},
    {"ct state", "ct_state", "ct", NFT_CT_STATE, 0, 0},
    {"ct status", "ct_status", "ct", NFT_CT_STATUS, 0, 0},
    {"fib daddr type", "fib_addrtype", "fib", NFTA_FIB_F_DADDR, 0, 0},
    {"ether saddr", "ether_addr", "payload", 6, NFT_PAYLOAD_LL_HEADER, 0},
    {"ether daddr", "ether_addr", "payload", 0, NFT_PAYLOAD_LL_HEADER, 0},
    {"ether type", "ether_type", "payload", 12, NFT_PAYLOAD_LL_HEADER, 0},
    {"arp saddr ether", "ether_addr", "payload", 8, NFT_PAYLOAD_NETWORK_HEADER, 0},
    {"arp saddr ip", "ipv4_addr", "payload", 14, NFT_PAYLOAD_NETWORK_HEADER, 0},
    {"ip saddr", "ipv4_addr", "payload", 12, NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV4, true},
    {"ip daddr", "ipv4_addr", "payload", 16, NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV4, true},
    {"ip6 saddr", "ipv6_addr", "payload", 8, NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV6, true},
    {"ip6 daddr", "ipv6_addr", "payload", 24, NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV6, true},
    {"ip6 nexthdr", "inet_proto", "payload", 6, NFT_PAYLOAD_NETWORK_HEADER, NFPROTO_IPV6},
    {"@nh,48,16", "inet_service", "payload", 6, NFT_PAYLOAD_NETWORK_HEADER, 0},
    {"@nh,336,16", "inet_service", "payload", 42, NFT_PAYLOAD_NETWORK_HEADER, 0},
    {"icmpv6 type", "icmpv6_type", "payload", 0, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"icmp type", "icmp_type", "payload", 0, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,136,8", "inet_proto", "payload", 17, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,112,8", "inet_proto", "payload", 14, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,224,16", "number", "payload", 28, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,384,16", "number", "payload", 48, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,192,32", "ipv4_addr", "payload", 24, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,256,128", "ipv6_addr", "payload", 32, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"@th,64,128", "ipv6_addr", "payload", 8, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"th sport", "inet_service", "payload", 0, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"tcp flags", "tcp_flag", "payload", 13, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
    {"th dport", "inet_service", "payload", 2, NFT_PAYLOAD_TRANSPORT_HEADER, 0},
};

constexpr uint32_t kWordsPerRegister = NFT_REG_SIZE / NFT_REG32_SIZE;

}  // namespace

const Selector* find_selector(std::string_view name) {
  for (const auto& selector : kSelectors) {
    if (selector.name == name) return &selector;
  }
  return nullptr;
}

uint32_t register_of(uint32_t word) {
  return word % kWordsPerRegister == 0 ? NFT_REG_1 + word / kWordsPerRegister : NFT_REG32_00 + word;
}

Expression load(const Selector& selector, uint32_t word, uint32_t length) {
  Expression expression(must(nftnl_expr_alloc(selector.expression)));
  nftnl_expr* raw = expression.get();
  uint32_t target = register_of(word);
  std::string_view kind = selector.expression;
  if (kind == "meta") {
    nftnl_expr_set_u32(raw, NFTNL_EXPR_META_KEY, selector.key);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_META_DREG, target);
  } else if (kind == "ct") {
    nftnl_expr_set_u32(raw, NFTNL_EXPR_CT_KEY, selector.key);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_CT_DREG, target);
  } else if (kind == "fib") {
    nftnl_expr_set_u32(raw, NFTNL_EXPR_FIB_FLAGS, selector.key);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_FIB_DREG, target);
  } else {
    nftnl_expr_set_u32(raw, NFTNL_EXPR_PAYLOAD_BASE, selector.base);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_PAYLOAD_OFFSET, selector.key);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_PAYLOAD_LEN, length);
    nftnl_expr_set_u32(raw, NFTNL_EXPR_PAYLOAD_DREG, target);
  }
  return expression;
}

}  // namespace slipway::nft
