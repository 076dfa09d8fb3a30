#include "rtnl/own_links.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstddef>

namespace slipway::rtnl {
namespace {

// A thousand links that go at once are 8 MB, as the kernel counts.
constexpr int kRoom = 16 * 1024 * 1024;
constexpr uint32_t kTypeAt = offsetof(nlmsghdr, nlmsg_type);
// In all messages of these groups, the family comes first.
constexpr uint32_t kFamilyAt = NLMSG_HDRLEN;
constexpr uint32_t kForwardingAt =
    NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(netconfmsg)) + NLA_HDRLEN + sizeof(uint32_t) + NLA_HDRLEN;

bool is_host_route(const rtmsg& route) { return route.rtm_dst_len == (route.rtm_family == AF_INET ? 32 : 128); }

}  // namespace

Status OwnLinks::open() {
  // What a bridge says of its ports, it says in other words, too. What comes is no damage.
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kTypeAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWADDR), 8, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWROUTE), 7, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNETCONF), 6, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNETCONF), 2, 0),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFamilyAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 3, 2),
      // Forwarding comes second, behind the number of the link.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kForwardingAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  return News::open(NETLINK_ROUTE,
                    {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                     RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF},
                    &filter, kRoom);
}

bool OwnLinks::is_whole(const OwnLink& link) const {
  return link.up && is_ours(link) && (link.group == bridges_ || link.master != 0);
}

void OwnLinks::know(int index, OwnLink link) {
  if (!is_ours(link)) return;
  Known& known = known_[index];
  known.was_whole = is_whole(link);
  known.whole = known.now = std::move(link);
}

void OwnLinks::hear(netlink::Answer& message, std::set<std::string>&) {
  switch (message.type()) {
    case RTM_NEWLINK:
    case RTM_DELLINK: return hear_link(message);
    case RTM_DELADDR: return hear_address(message);
    case RTM_DELROUTE: return hear_route(message);
    case RTM_NEWNETCONF: return hear_forwarding(message);
    default: return;
  }
}

void OwnLinks::hear_link(netlink::Answer& message) {
  auto info = message.header<ifinfomsg>();
  if (info.ifi_family != AF_UNSPEC) return;
  OwnLink link;
  link.up = (info.ifi_flags & IFF_UP) != 0;
  message.each<ifinfomsg>([&](const netlink::Attribute& attribute) {
    switch (attribute.type()) {
      case IFLA_IFNAME: link.name = attribute.text(); break;
      case IFLA_MASTER: link.master = static_cast<int>(attribute.u32()); break;
      case IFLA_GROUP: link.group = attribute.u32(); break;
      case IFLA_MTU: link.mtu = attribute.u32(); break;
      default: break;
    }
  });
  if (message.malformed()) return;
  auto found = known_.find(info.ifi_index);
  bool gone = message.type() == RTM_DELLINK;
  if (found == known_.end() && (gone || !is_ours(link))) return;
  Known& known = known_[info.ifi_index];
  known.gone = gone;
  if (!gone) known.now = std::move(link);
  change(info.ifi_index, known);
}

void OwnLinks::change(int index, Known& known) {
  // What was told to be broken has been mended, perhaps otherwise: its bridge is another by now.
  bool mended = known.was_whole && !known.told.name.empty() && !is_whole(known.told);
  if ((!known.was_whole || mended) && is_whole(known.now)) {
    known.was_whole = true;
    known.told = {};
    known.whole = known.now;
  }
  // A second time is news again.
  if (known.now == known.whole) known.told = {};
  bool is_news = known.gone || known.struck || !(known.now == known.whole || known.now == known.told);
  if (known.was_whole && known.now.group != leaving_ && is_news) {
    if (ripe_.count(index) == 0) fresh_.insert(index);
    return;
  }
  fresh_.erase(index);
  ripe_.erase(index);
  if (known.gone || known.now.group == leaving_) known_.erase(index);
}

void OwnLinks::strike(int bridge) {
  auto found = known_.find(bridge);
  if (found == known_.end() || found->second.now.group != bridges_) return;
  found->second.struck = true;
  change(bridge, found->second);
}

void OwnLinks::hear_address(netlink::Answer& message) {
  auto address = message.header<ifaddrmsg>();
  if (!message.malformed()) strike(static_cast<int>(address.ifa_index));
}

// Those to single addresses come and go with their sandboxes.
void OwnLinks::hear_route(netlink::Answer& message) {
  auto route = message.header<rtmsg>();
  if (is_host_route(route) || route.rtm_table == RT_TABLE_LOCAL) return;
  int link = 0;
  message.each<rtmsg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == RTA_OIF) link = static_cast<int>(attribute.u32());
  });
  if (!message.malformed()) strike(link);
}

void OwnLinks::hear_forwarding(netlink::Answer& message) {
  int32_t link = 0;
  bool off = false;
  message.each<netconfmsg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == NETCONFA_IFINDEX) link = static_cast<int32_t>(attribute.u32());
    if (attribute.type() == NETCONFA_FORWARDING) off = attribute.u32() == 0;
  });
  if (off && !message.malformed()) strike(link);
}

bool OwnLinks::ripen(std::set<std::string>& told) {
  for (int index : ripe_) {
    auto found = known_.find(index);
    if (found == known_.end()) continue;
    Known& known = found->second;
    told.insert(known.whole.name);
    if (known.gone) {
      known_.erase(found);
      continue;
    }
    // What it was is what it is to be again.
    known.struck = false;
    known.told = known.now;
  }
  ripe_.swap(fresh_);
  fresh_.clear();
  return !ripe_.empty();
}

}  // namespace slipway::rtnl
