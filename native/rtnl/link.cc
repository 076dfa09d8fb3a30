#include "rtnl/link.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <string_view>

#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

constexpr std::size_t kNameMost = IFNAMSIZ - 1;
// IFALIASZ, of linux/if.h, which does not go with net/if.h.
constexpr std::size_t kAliasMost = 256 - 1;
// The kernel cuts a kind off where the name of a module ends (MODULE_NAME_LEN), and says nothing.
constexpr std::size_t kKindMost = 55;

// A mode by the text that ip(8) has for it, too.
struct Mode {
  std::string_view text;
  uint32_t number;
};
constexpr Mode kMacvlanModes[] = {{"bridge", MACVLAN_MODE_BRIDGE},
                                  {"private", MACVLAN_MODE_PRIVATE},
                                  {"vepa", MACVLAN_MODE_VEPA},
                                  {"passthru", MACVLAN_MODE_PASSTHRU}};
constexpr Mode kIpvlanModes[] = {{"l2", IPVLAN_MODE_L2}, {"l3", IPVLAN_MODE_L3}, {"l3s", IPVLAN_MODE_L3S}};
constexpr Mode kIpvlanFlags[] = {{"bridge", 0}, {"private", IPVLAN_F_PRIVATE}, {"vepa", IPVLAN_F_VEPA}};

// A link by its number where that is known, else by its name. With both, the kernel would give the link of that number
// the name.
struct Target {
  int index;
  const std::string& name;
};

netlink::Message begin_link(netlink::Batch& batch, netlink::Origin origin, const char* operation, uint16_t type,
                            uint16_t flags, const Target& target, unsigned change, unsigned value) {
  netlink::Message message = batch.begin(operation, type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  ifinfomsg info{};
  info.ifi_family = AF_UNSPEC;
  info.ifi_change = change;
  info.ifi_flags = value;
  info.ifi_index = target.index;
  message.header(info);
  if (target.index == 0) message.text_with_nul(IFLA_IFNAME, "name", target.name, kNameMost);
  return message;
}

netlink::Message begin_set(netlink::Batch& batch, netlink::Origin origin, const Target& link, unsigned change = 0,
                           unsigned value = 0) {
  // RTM_NEWLINK without NLM_F_CREATE: RTM_SETLINK does not read IFLA_INFO_SLAVE_DATA.
  return begin_link(batch, origin, "link.set", RTM_NEWLINK, 0, link, change, value);
}

void put_mac(netlink::Message& message, const std::array<uint8_t, 6>& mac) {
  message.bytes(IFLA_ADDRESS, mac.data(), mac.size());
}

// One queue each way unless asked otherwise: the kernel's default is one per possible CPU, which makes a
// veth 35-60 % dearer on two CPUs and far more on sixty-four.
void put_queues(netlink::Message& message, const LinkCreate& op) {
  if (!op.queues) return;
  message.u32(IFLA_NUM_TX_QUEUES, *op.queues);
  message.u32(IFLA_NUM_RX_QUEUES, *op.queues);
}

void put_peer(netlink::Message& message, const LinkCreate& op, const std::array<uint8_t, 6>& mac, int netns_fd) {
  std::size_t data = message.nest(IFLA_INFO_DATA);
  std::size_t peer = message.nest(VETH_INFO_PEER);
  // An ifinfomsg of zeros leads the nest. IFF_UP here would fail with ENOTCONN: the pair is not joined yet.
  message.header(ifinfomsg{});
  message.text_with_nul(IFLA_IFNAME, "name of the peer", op.peer->name, kNameMost);
  if (!op.peer->address.empty()) put_mac(message, mac);
  if (op.mtu) message.u32(IFLA_MTU, *op.mtu);
  put_queues(message, op);
  if (netns_fd >= 0) message.u32(IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  message.end(peer);
  message.end(data);
}

template <typename Op>
void put_switches(netlink::Message& message, const Op& op) {
  if (op.multicast_snooping) message.u8(IFLA_BR_MCAST_SNOOPING, *op.multicast_snooping ? 1 : 0);
  if (op.link_local_learning) {
    br_boolopt_multi options{};
    options.optmask = 1U << BR_BOOLOPT_NO_LL_LEARN;
    options.optval = *op.link_local_learning ? 0 : options.optmask;
    message.bytes(IFLA_BR_MULTI_BOOLOPT, &options, sizeof options);
  }
}

void put_bridge(netlink::Message& message, const LinkCreate& op) {
  if (!op.multicast_snooping && !op.link_local_learning) return;
  std::size_t data = message.nest(IFLA_INFO_DATA);
  put_switches(message, op);
  message.end(data);
}

bool is_of_bridge(const LinkSet& op) {
  return op.multicast_snooping || op.link_local_learning || op.stp || op.vlan_filtering;
}

void put_bridge(netlink::Message& message, const LinkSet& op) {
  std::size_t info = message.nest(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, "kind", "bridge", kKindMost);
  std::size_t data = message.nest(IFLA_INFO_DATA);
  if (op.stp) message.u32(IFLA_BR_STP_STATE, *op.stp ? 1 : 0);
  if (op.vlan_filtering) message.u8(IFLA_BR_VLAN_FILTERING, *op.vlan_filtering ? 1 : 0);
  put_switches(message, op);
  message.end(data);
  message.end(info);
}

// False where a link of that kind has no such mode. An empty text leaves it to the kernel.
template <std::size_t count>
bool find_mode(const Mode (&modes)[count], const std::string& text, std::optional<uint32_t>& number) {
  if (text.empty()) return true;
  for (const auto& mode : modes) {
    if (mode.text == text) number = mode.number;
  }
  return number.has_value();
}

// What a link has of its parent.
struct Share {
  int parent = 0;
  std::optional<uint32_t> mode, flag;
};

bool read_share(const LinkCreate& op, Share& share) {
  if ((op.id || op.loose_binding) && op.kind != "vlan") return false;
  if (op.kind == "macvlan") return op.flag.empty() && find_mode(kMacvlanModes, op.mode, share.mode);
  if (op.kind == "ipvlan")
    return find_mode(kIpvlanModes, op.mode, share.mode) && find_mode(kIpvlanFlags, op.flag, share.flag);
  return op.mode.empty() && op.flag.empty();
}

void put_share(netlink::Message& message, const LinkCreate& op, const Share& share) {
  if (!share.mode && !share.flag && !op.id && !op.loose_binding) return;
  bool ipvlan = op.kind == "ipvlan";
  std::size_t data = message.nest(IFLA_INFO_DATA);
  if (share.mode && !ipvlan) message.u32(IFLA_MACVLAN_MODE, *share.mode);
  if (share.mode && ipvlan) message.u16(IFLA_IPVLAN_MODE, static_cast<uint16_t>(*share.mode));
  if (share.flag) message.u16(IFLA_IPVLAN_FLAGS, static_cast<uint16_t>(*share.flag));
  if (op.id) message.u16(IFLA_VLAN_ID, *op.id);
  if (op.loose_binding) {
    ifla_vlan_flags flags{};
    flags.flags = flags.mask = VLAN_FLAG_LOOSE_BINDING;
    message.bytes(IFLA_VLAN_FLAGS, &flags, sizeof flags);
  }
  message.end(data);
}

void put_no_ipv6_address(netlink::Message& message) {
  std::size_t families = message.nest(IFLA_AF_SPEC);
  std::size_t inet6 = message.nest(AF_INET6);
  message.u8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  message.end(inet6);
  message.end(families);
}

bool is_of_ipv4(const LinkSet& op) { return op.route_localnet || op.forwarding || op.rp_filter || op.arp_ignore; }

void put_ipv4(netlink::Message& message, const LinkSet& op) {
  std::size_t families = message.nest(IFLA_AF_SPEC);
  std::size_t inet = message.nest(AF_INET);
  std::size_t conf = message.nest(IFLA_INET_CONF);
  if (op.rp_filter) message.u32(IPV4_DEVCONF_RP_FILTER, *op.rp_filter);
  if (op.arp_ignore) message.u32(IPV4_DEVCONF_ARP_IGNORE, *op.arp_ignore);
  if (op.forwarding) message.u32(IPV4_DEVCONF_FORWARDING, *op.forwarding ? 1 : 0);
  if (op.route_localnet) message.u32(IPV4_DEVCONF_ROUTE_LOCALNET, *op.route_localnet ? 1 : 0);
  message.end(conf);
  message.end(inet);
  message.end(families);
}

bool is_of_bridge_port(const LinkSet& op) {
  return op.hairpin || op.isolated || op.flood || op.group_forward_mask || op.plain_port || op.forwards;
}

// What a kernel does not know, it passes over: it has no such setting then.
void put_plain_port(netlink::Message& message) {
  for (uint16_t on : {IFLA_BRPORT_LEARNING, IFLA_BRPORT_MCAST_FLOOD, IFLA_BRPORT_BCAST_FLOOD}) message.u8(on, 1);
  for (uint16_t off :
       {IFLA_BRPORT_ISOLATED, IFLA_BRPORT_PROXYARP, IFLA_BRPORT_PROXYARP_WIFI, IFLA_BRPORT_NEIGH_SUPPRESS})
    message.u8(off, 0);
}

void put_bridge_port(netlink::Message& message, const LinkSet& op) {
  std::size_t info = message.nest(IFLA_LINKINFO);
  message.text(IFLA_INFO_SLAVE_KIND, "kind", "bridge", kKindMost);
  std::size_t data = message.nest(IFLA_INFO_SLAVE_DATA);
  if (op.hairpin) message.u8(IFLA_BRPORT_MODE, *op.hairpin ? 1 : 0);
  if (op.isolated) message.u8(IFLA_BRPORT_ISOLATED, *op.isolated ? 1 : 0);
  if (op.flood) message.u8(IFLA_BRPORT_UNICAST_FLOOD, *op.flood ? 1 : 0);
  if (op.group_forward_mask) message.u16(IFLA_BRPORT_GROUP_FWD_MASK, static_cast<uint16_t>(*op.group_forward_mask));
  if (op.plain_port) put_plain_port(message);
  if (op.forwards) message.u8(IFLA_BRPORT_STATE, BR_STATE_FORWARDING);
  message.end(data);
  message.end(info);
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkCreate& op, Names& names) {
  int master = 0;
  int netns_fd = -1;
  std::array<uint8_t, 6> mac{};
  std::array<uint8_t, 6> peer_mac{};
  if (!op.master.empty()) {
    if (auto failure = names.link_index(op.netns, op.master, master)) return failure;
  }
  Share share;
  bool readable = (op.address.empty() || parse_mac(op.address, mac)) &&
                  (!op.peer || op.peer->address.empty() || parse_mac(op.peer->address, peer_mac)) &&
                  read_share(op, share);
  if (!readable) return Failure::of(EINVAL, "link.create");
  if (!op.link.empty()) {
    if (auto failure = names.link_index({}, op.link, share.parent)) return failure;
  }
  const std::string elsewhere = op.peer ? op.peer->netns : is_born_elsewhere(op) ? op.netns : std::string();
  if (!elsewhere.empty()) {
    if (auto failure = names.netns_fd(elsewhere, netns_fd)) return failure;
  }

  netlink::Message message =
      begin_link(batch, origin, "link.create", RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {0, op.name}, 0, 0);
  if (op.mtu) message.u32(IFLA_MTU, *op.mtu);
  if (!op.address.empty()) put_mac(message, mac);
  put_queues(message, op);
  if (op.group) message.u32(IFLA_GROUP, *op.group);
  if (master != 0) message.u32(IFLA_MASTER, static_cast<uint32_t>(master));
  if (share.parent != 0) message.u32(IFLA_LINK, static_cast<uint32_t>(share.parent));
  if (!op.peer && netns_fd >= 0) message.u32(IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  std::size_t info = message.nest(IFLA_LINKINFO);
  message.text(IFLA_INFO_KIND, "kind", op.kind, kKindMost);
  if (op.peer) put_peer(message, op, peer_mac, netns_fd);
  put_share(message, op, share);
  put_bridge(message, op);
  message.end(info);
  return batch.commit(message);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkSet& op, Names& names) {
  Target link{op.index != 0 ? op.index : names.known_index(op.netns, op.name), op.name};
  if (!op.master.empty()) {
    int master = 0;
    if (auto failure = names.link_index(op.netns, op.master, master)) return failure;
    // A message of its own: what is said of a bridge port is read before the link becomes one.
    netlink::Message message = begin_set(batch, origin, link);
    message.u32(IFLA_MASTER, static_cast<uint32_t>(master));
    if (auto failure = batch.commit(message)) return failure;
  }
  if (is_of_bridge(op)) {
    netlink::Message message = begin_set(batch, origin, link);
    put_bridge(message, op);
    if (auto failure = batch.commit(message)) return failure;
  }
  std::array<uint8_t, 6> mac{};
  if (!op.address.empty() && !parse_mac(op.address, mac)) return Failure::of(EINVAL, "link.set");
  if (!op.address.empty() || op.alias || op.mtu || op.group || op.no_ipv6_address || is_of_bridge_port(op)) {
    netlink::Message message = begin_set(batch, origin, link);
    if (!op.address.empty()) put_mac(message, mac);
    if (op.alias) message.text(IFLA_IFALIAS, "alias", *op.alias, kAliasMost);
    if (op.mtu) message.u32(IFLA_MTU, *op.mtu);
    if (op.group) message.u32(IFLA_GROUP, *op.group);
    if (is_of_bridge_port(op)) put_bridge_port(message, op);
    if (op.no_ipv6_address) put_no_ipv6_address(message);
    if (auto failure = batch.commit(message)) return failure;
  }
  if (is_of_ipv4(op)) {
    netlink::Message message = begin_set(batch, origin, link);
    put_ipv4(message, op);
    if (auto failure = batch.commit(message)) return failure;
  }
  return op.up ? batch.commit(begin_set(batch, origin, link, IFF_UP, *op.up ? IFF_UP : 0)) : kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkSettle& op, Names& names) {
  Target link{names.known_index(op.netns, op.name), op.name};
  netlink::Message message = begin_link(batch, origin, "link.settle", RTM_GETLINK, 0, link, 0, 0);
  message.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return batch.commit(message);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkRename& op, Names&) {
  // With both, the kernel gives the link of that number the name.
  netlink::Message message =
      begin_link(batch, origin, "link.rename", RTM_NEWLINK, 0, {static_cast<int>(op.index), op.name}, 0, 0);
  message.text_with_nul(IFLA_IFNAME, "name", op.to, kNameMost);
  return batch.commit(message);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkDelete& op, Names& names) {
  int index = op.index != 0 ? op.index : names.known_index(op.netns, op.name);
  return batch.commit(begin_link(batch, origin, "link.delete", RTM_DELLINK, 0, {index, op.name}, 0, 0));
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkDeleteGroup& op, Names&) {
  netlink::Message message = batch.begin("link.deleteGroup", RTM_DELLINK, NLM_F_ACK, origin);
  message.header(ifinfomsg{});
  message.u32(IFLA_GROUP, op.group);
  return batch.commit(message);
}

}  // namespace slipway::rtnl
