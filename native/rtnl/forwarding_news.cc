#include "rtnl/forwarding_news.h"

#include <linux/filter.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace slipway::rtnl {
namespace {

// The number of the link stands first, behind both headers and its own.
constexpr uint32_t kLinkAt = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(netconfmsg)) + NLA_HDRLEN;
constexpr uint32_t kEveryLink = static_cast<uint32_t>(NETCONFA_IFINDEX_ALL);

}  // namespace

Status ForwardingNews::open() {
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kLinkAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kEveryLink, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  // All of its bytes are ones, in either order.
  static_assert(kEveryLink == 0xffffffff);
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  return News::open(NETLINK_ROUTE, {RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF}, &filter);
}

void ForwardingNews::hear(netlink::Answer& message, std::set<std::string>& told) {
  if (message.type() != RTM_NEWNETCONF) return;
  auto family = message.header<netconfmsg>().ncm_family;
  int32_t link = 0;
  std::string value;
  message.each<netconfmsg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == NETCONFA_IFINDEX) link = static_cast<int32_t>(attribute.u32());
    if (attribute.type() == NETCONFA_FORWARDING) value = attribute.u32() == 0 ? "0" : "1";
  });
  if (link != NETCONFA_IFINDEX_ALL || value.empty() || message.malformed()) return;
  std::string name = family == AF_INET ? "ipv4" : "ipv6";
  // The last that is heard counts.
  told.erase(name + " 0");
  told.erase(name + " 1");
  told.insert(name + ' ' + value);
}

void ForwardingNews::miss(std::set<std::string>& told) { told = {"ipv4", "ipv6"}; }

}  // namespace slipway::rtnl
