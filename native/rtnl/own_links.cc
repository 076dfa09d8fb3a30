#include "rtnl/own_links.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cstddef>
#include <iterator>

#include "rtnl/address_text.h"
#include "rtnl/link_settings.h"

namespace slipway::rtnl {
namespace {

// A thousand links that go at once are 8 MB, as the kernel counts.
constexpr int kRoom = 16 * 1024 * 1024;
// Of so many links it is remembered what was heard, until they are known.
constexpr std::size_t kMostHeard = 1 << 16;
constexpr uint32_t kTypeAt = offsetof(nlmsghdr, nlmsg_type);
// In all messages of these groups, the family comes first.
constexpr uint32_t kFamilyAt = NLMSG_HDRLEN;
constexpr uint32_t kFlagsAt = NLMSG_HDRLEN + offsetof(ifinfomsg, ifi_flags);
constexpr uint32_t kStateAt = NLMSG_HDRLEN + offsetof(ndmsg, ndm_state);
constexpr uint32_t kForwardingAt =
    NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(netconfmsg)) + NLA_HDRLEN + sizeof(uint32_t) + NLA_HDRLEN;

bool is_host_route(const rtmsg& route) { return route.rtm_dst_len == (route.rtm_family == AF_INET ? 32 : 128); }

}  // namespace

Status OwnLinks::open() {
  // What comes is no damage, but for an entry of a bridge's table that takes another's place. That a port leaves its
  // bridge, the link says itself.
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kTypeAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 8, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 11, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELADDR), 18, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 17, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNEIGH), 10, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELNEIGH), 11, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWNETCONF), 0, 15),
      // Forwarding comes second, behind the number of the link.
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kForwardingAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 12, 13),
      // A link: what a bridge says of a port while that is being made is not wanted.
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFamilyAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 0, 10),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFlagsAt),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htonl(IFF_UP), 8, 9),
      // A link that goes.
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFamilyAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 7, 6),
      // An entry of a bridge's table that comes, or is another.
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFamilyAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 4, 5),
      // One that goes, and was made and not learned.
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFamilyAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_BRIDGE, 0, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, kStateAt),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(NUD_NOARP), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  const sock_fprog filter{static_cast<unsigned short>(std::size(program)), program};
  return News::open(NETLINK_ROUTE,
                    {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
                     RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_NEIGH},
                    &filter, kRoom);
}

bool OwnLinks::is_whole(const OwnLink& link) const {
  if (!link.up || !is_ours(link)) return false;
  if (is_network(link)) return !is_bridge(link) || groups_.bridge.holds(link.settings);
  return link.master != 0 && groups_.port.holds(link.settings);
}

// Ports of a bridge that is down forward again when it is up.
bool OwnLinks::awaits_bridge(const Known& port) const {
  auto bridge = known_.find(port.now.master);
  if (bridge == known_.end() || bridge->second.now.up || port.gone || port.struck) return false;
  OwnLink otherwise = port.now;
  otherwise.settings &= ~kDisabled;
  return otherwise == port.whole;
}

// All may be another way: they are to be known anew.
void OwnLinks::miss(std::set<std::string>& told) {
  told = {"missed"};
  knows_ = false;
  heard_.clear();
  leads_.clear();
}

bool OwnLinks::know(const std::vector<FoundLink>& found) {
  std::set<int> there;
  for (const FoundLink& one : found) there.insert(one.index);
  for (auto known = known_.begin(); known != known_.end();) {
    bool stale = there.count(known->first) == 0 && heard_.count(known->first) == 0;
    known = stale ? known_.erase(known) : std::next(known);
  }
  knows_ = true;
  for (const FoundLink& one : found) know(one);
  heard_.clear();
  return !fresh_.empty() || !ripe_.empty();
}

void OwnLinks::know(const FoundLink& found) {
  const auto& [index, told, mac] = found;
  OwnLink link = told;
  if (!is_ours(link)) return;
  if (!is_bridge(link)) link.address = {};
  if (!is_network(link)) link.alias = {};
  Known& known = known_[index];
  if (is_bridge(link)) known.bridge = link.name;
  known.was_whole = is_whole(link);
  known.whole = known.now = link;
  known.told = {};
  known.gone = false;
  Entry entry{link.master, {}};
  bool leads = !is_network(link) && link.master != 0 && parse_mac(mac, entry.second);
  if (leads && leads_.emplace(entry, index).first->second != index) known.struck = true;
  if (leads) leads_[entry] = index;
  auto heard = heard_.find(index);
  if (heard != heard_.end()) {
    auto& [now, is_link, struck, struck_network] = heard->second;
    known.gone = is_link && now.name.empty();
    if (is_link && !known.gone) known.now = std::move(now);
    known.struck |= is_network(link) ? struck_network : struck;
  }
  change(index, known);
}

void OwnLinks::hear(netlink::Answer& message, std::set<std::string>& told) {
  switch (message.type()) {
    case RTM_NEWLINK:
    case RTM_DELLINK: return hear_link(message, told);
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH: return hear_neighbor(message);
    case RTM_DELADDR: return hear_address(message);
    case RTM_DELROUTE: return hear_route(message);
    case RTM_NEWNETCONF: return hear_forwarding(message);
    default: return;
  }
}

void OwnLinks::hear_link(netlink::Answer& message, std::set<std::string>& told) {
  auto info = message.header<ifinfomsg>();
  if (info.ifi_family == AF_BRIDGE) return hear_port(message);
  if (info.ifi_family != AF_UNSPEC) return;
  OwnLink link;
  std::string alias;
  std::array<uint8_t, 6> mac{};
  bool running = (info.ifi_flags & IFF_RUNNING) != 0;
  link.up = (info.ifi_flags & IFF_UP) != 0;
  message.each<ifinfomsg>([&](const netlink::Attribute& attribute) {
    switch (attribute.type()) {
      case IFLA_IFNAME: link.name = attribute.text(); break;
      case IFLA_MASTER: link.master = static_cast<int>(attribute.u32()); break;
      case IFLA_GROUP: link.group = attribute.u32(); break;
      case IFLA_MTU: link.mtu = attribute.u32(); break;
      case IFLA_IFALIAS: alias = attribute.text(); break;
      case IFLA_ADDRESS:
        if (attribute.size() == mac.size()) attribute.bytes(mac.data(), mac.size());
        break;
      // The group comes before it.
      case IFLA_LINKINFO:
        if (is_ours(link)) link.settings = read_link_settings(attribute, running);
        break;
      default: break;
    }
  });
  if (message.malformed()) return;
  if (is_network(link)) link.alias = std::move(alias);
  if (is_bridge(link)) link.address = format_mac(mac.data());
  auto found = known_.find(info.ifi_index);
  bool gone = message.type() == RTM_DELLINK;
  if (!knows_) {
    if (heard_.size() >= kMostHeard) heard_.clear();
    Heard& heard = heard_[info.ifi_index];
    heard.is_link = true;
    heard.now = gone ? OwnLink{} : link;
  }
  if (found == known_.end() && (gone || !is_ours(link))) return;
  Known& known = known_[info.ifi_index];
  known.gone = gone;
  if (gone && !known.bridge.empty()) told.insert("bridge " + known.bridge);
  if (is_bridge(link) && !gone && is_whole(link) && known.bridge != link.name) {
    // It has its name again. What has happened to it before it is listened to by that is not heard.
    if (!known.bridge.empty() && link.name == known.whole.name) told.insert(link.name);
    known.bridge = link.name;
    told.insert("bridge " + link.name);
  }
  if (!gone) known.now = std::move(link);
  change(info.ifi_index, known);
}

// What a bridge says of a port of its own: of `bridge link set`, nothing else tells.
void OwnLinks::hear_port(netlink::Answer& message) {
  auto info = message.header<ifinfomsg>();
  auto found = known_.find(info.ifi_index);
  if (message.type() != RTM_NEWLINK || found == known_.end() || is_network(found->second.now)) return;
  Known& known = found->second;
  uint32_t settings = known.now.settings;
  message.each<ifinfomsg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == IFLA_PROTINFO)
      settings = read_port_settings(attribute, (info.ifi_flags & IFF_RUNNING) != 0);
  });
  if (message.malformed() || settings == known.now.settings) return;
  known.now.settings = settings;
  change(info.ifi_index, known);
}

// An entry that leads elsewhere by now is told as one that comes: to its new port, or as it is now.
void OwnLinks::hear_neighbor(netlink::Answer& message) {
  auto header = message.header<ndmsg>();
  Entry entry{0, {}};
  message.each<ndmsg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == NDA_MASTER) entry.first = static_cast<int>(attribute.u32());
    if (attribute.type() == NDA_LLADDR) attribute.bytes(entry.second.data(), entry.second.size());
  });
  // Of other families, an address may have any length.
  if (header.ndm_family != AF_BRIDGE || message.malformed() || entry.first == 0) return;
  auto found = leads_.find(entry);
  if (message.type() == RTM_DELNEIGH) {
    if (found != leads_.end() && found->second == header.ndm_ifindex) leads_.erase(found);
    return strike(header.ndm_ifindex, false);
  }
  // As it is made (rtnl/neighbor.cc): no frame moves it to another port.
  bool fixed = header.ndm_state == NUD_NOARP && (header.ndm_flags & NTF_STICKY) != 0;
  if (!knows_) {
    leads_[entry] = fixed ? header.ndm_ifindex : 0;
    return;
  }
  bool known = found != leads_.end() && known_.count(found->second) > 0;
  if (known && !(fixed && found->second == header.ndm_ifindex)) return strike(found->second, false);
  if (fixed && known_.count(header.ndm_ifindex) > 0) leads_[entry] = header.ndm_ifindex;
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
  if (known.was_whole && known.now.group != groups_.leaving && is_news) {
    if (ripe_.count(index) == 0) fresh_.insert(index);
    return;
  }
  fresh_.erase(index);
  ripe_.erase(index);
  if (known.gone || known.now.group == groups_.leaving) known_.erase(index);
}

void OwnLinks::strike(int link, bool network) {
  if (!knows_) (network ? heard_[link].struck_network : heard_[link].struck) = true;
  auto found = known_.find(link);
  if (found == known_.end() || is_network(found->second.now) != network) return;
  found->second.struck = true;
  change(link, found->second);
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
    if (awaits_bridge(known)) continue;
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
