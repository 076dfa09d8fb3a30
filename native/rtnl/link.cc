#include "rtnl/link.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

// A link by its number where that is known, else by its name. With both, the kernel would give the link of that number the name.
struct Target {
  int index;
  const std::string& name;
};

nlmsghdr* begin_link(netlink::Batch& batch, netlink::Origin origin, uint16_t type, uint16_t flags,
                     const Target& target, unsigned change, unsigned value) {
  nlmsghdr* message = batch.begin(type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_family = AF_UNSPEC;
  info->ifi_change = change;
  info->ifi_flags = value;
  info->ifi_index = target.index;
  if (target.index == 0) mnl_attr_put_strz(message, IFLA_IFNAME, target.name.c_str());
  return message;
}

void put_mac(nlmsghdr* message, const std::array<uint8_t, 6>& mac) {
  mnl_attr_put(message, IFLA_ADDRESS, mac.size(), mac.data());
}

// One queue each way unless asked otherwise: the kernel's default is one per possible CPU, which makes a
// veth 35-60 % dearer on two CPUs and far more on sixty-four.
void put_queues(nlmsghdr* message, const LinkCreate& op) {
  if (!op.queues) return;
  mnl_attr_put_u32(message, IFLA_NUM_TX_QUEUES, *op.queues);
  mnl_attr_put_u32(message, IFLA_NUM_RX_QUEUES, *op.queues);
}

void put_peer(nlmsghdr* message, const LinkCreate& op, const std::array<uint8_t, 6>& mac, int netns_fd) {
  nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  nlattr* peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
  // An ifinfomsg of zeros leads the nest. IFF_UP here would fail with ENOTCONN: the pair is not joined yet.
  mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg));
  mnl_attr_put_strz(message, IFLA_IFNAME, op.peer->name.c_str());
  if (!op.peer->address.empty()) put_mac(message, mac);
  if (op.mtu) mnl_attr_put_u32(message, IFLA_MTU, *op.mtu);
  put_queues(message, op);
  if (netns_fd >= 0) mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  mnl_attr_nest_end(message, peer);
  mnl_attr_nest_end(message, data);
}

void put_bridge(nlmsghdr* message, const LinkCreate& op) {
  if (!op.multicast_snooping && !op.link_local_learning) return;
  nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
  if (op.multicast_snooping) mnl_attr_put_u8(message, IFLA_BR_MCAST_SNOOPING, *op.multicast_snooping ? 1 : 0);
  if (op.link_local_learning) {
    br_boolopt_multi options{};
    options.optmask = 1U << BR_BOOLOPT_NO_LL_LEARN;
    options.optval = *op.link_local_learning ? 0 : options.optmask;
    mnl_attr_put(message, IFLA_BR_MULTI_BOOLOPT, sizeof(options), &options);
  }
  mnl_attr_nest_end(message, data);
}

void put_no_ipv6_address(nlmsghdr* message) {
  nlattr* families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
  nlattr* inet6 = mnl_attr_nest_start(message, AF_INET6);
  mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
  mnl_attr_nest_end(message, inet6);
  mnl_attr_nest_end(message, families);
}

void put_route_localnet(nlmsghdr* message, bool on) {
  nlattr* families = mnl_attr_nest_start(message, IFLA_AF_SPEC);
  nlattr* inet = mnl_attr_nest_start(message, AF_INET);
  nlattr* conf = mnl_attr_nest_start(message, IFLA_INET_CONF);
  mnl_attr_put_u32(message, IPV4_DEVCONF_ROUTE_LOCALNET, on ? 1 : 0);
  mnl_attr_nest_end(message, conf);
  mnl_attr_nest_end(message, inet);
  mnl_attr_nest_end(message, families);
}

bool is_of_bridge_port(const LinkSet& op) {
  return op.hairpin || op.isolated || op.flood || op.group_forward_mask;
}

void put_bridge_port(nlmsghdr* message, const LinkSet& op) {
  nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_str(message, IFLA_INFO_SLAVE_KIND, "bridge");
  nlattr* data = mnl_attr_nest_start(message, IFLA_INFO_SLAVE_DATA);
  if (op.hairpin) mnl_attr_put_u8(message, IFLA_BRPORT_MODE, *op.hairpin ? 1 : 0);
  if (op.isolated) mnl_attr_put_u8(message, IFLA_BRPORT_ISOLATED, *op.isolated ? 1 : 0);
  if (op.flood) mnl_attr_put_u8(message, IFLA_BRPORT_UNICAST_FLOOD, *op.flood ? 1 : 0);
  if (op.group_forward_mask) {
    mnl_attr_put_u16(message, IFLA_BRPORT_GROUP_FWD_MASK, static_cast<uint16_t>(*op.group_forward_mask));
  }
  mnl_attr_nest_end(message, data);
  mnl_attr_nest_end(message, info);
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
  if (op.peer && !op.peer->netns.empty()) {
    if (auto failure = names.netns_fd(op.peer->netns, netns_fd)) return failure;
  }
  bool readable = (op.address.empty() || parse_mac(op.address, mac)) &&
                  (!op.peer || op.peer->address.empty() || parse_mac(op.peer->address, peer_mac));
  if (!readable) return Failure::of(EINVAL, "link.create");

  nlmsghdr* message = begin_link(batch, origin, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {0, op.name}, 0, 0);
  if (op.mtu) mnl_attr_put_u32(message, IFLA_MTU, *op.mtu);
  if (!op.address.empty()) put_mac(message, mac);
  put_queues(message, op);
  if (op.group) mnl_attr_put_u32(message, IFLA_GROUP, *op.group);
  if (master != 0) mnl_attr_put_u32(message, IFLA_MASTER, static_cast<uint32_t>(master));
  nlattr* info = mnl_attr_nest_start(message, IFLA_LINKINFO);
  mnl_attr_put_str(message, IFLA_INFO_KIND, op.kind.c_str());
  if (op.peer) put_peer(message, op, peer_mac, netns_fd);
  put_bridge(message, op);
  mnl_attr_nest_end(message, info);
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkSet& op, Names& names) {
  Target link{names.known_index(op.netns, op.name), op.name};
  if (!op.master.empty()) {
    int master = 0;
    if (auto failure = names.link_index(op.netns, op.master, master)) return failure;
    // A message of its own: what is said of a bridge port is read before the link becomes one.
    mnl_attr_put_u32(begin_link(batch, origin, RTM_NEWLINK, 0, link, 0, 0), IFLA_MASTER, static_cast<uint32_t>(master));
    batch.commit();
  }
  if (op.alias || op.mtu || op.group || op.no_ipv6_address || is_of_bridge_port(op)) {
    // RTM_NEWLINK without NLM_F_CREATE: RTM_SETLINK does not read IFLA_INFO_SLAVE_DATA.
    nlmsghdr* message = begin_link(batch, origin, RTM_NEWLINK, 0, link, 0, 0);
    if (op.alias) mnl_attr_put_str(message, IFLA_IFALIAS, op.alias->c_str());
    if (op.mtu) mnl_attr_put_u32(message, IFLA_MTU, *op.mtu);
    if (op.group) mnl_attr_put_u32(message, IFLA_GROUP, *op.group);
    if (is_of_bridge_port(op)) put_bridge_port(message, op);
    if (op.no_ipv6_address) put_no_ipv6_address(message);
    batch.commit();
  }
  if (op.route_localnet) {
    put_route_localnet(begin_link(batch, origin, RTM_NEWLINK, 0, link, 0, 0), *op.route_localnet);
    batch.commit();
  }
  if (op.up) {
    begin_link(batch, origin, RTM_NEWLINK, 0, link, IFF_UP, *op.up ? IFF_UP : 0);
    batch.commit();
  }
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkSettle& op, Names& names) {
  Target link{names.known_index(op.netns, op.name), op.name};
  nlmsghdr* message = begin_link(batch, origin, RTM_GETLINK, 0, link, 0, 0);
  mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkDelete& op, Names& names) {
  int index = op.index != 0 ? op.index : names.known_index(op.netns, op.name);
  begin_link(batch, origin, RTM_DELLINK, 0, {index, op.name}, 0, 0);
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const LinkDeleteGroup& op, Names&) {
  nlmsghdr* message = batch.begin(RTM_DELLINK, NLM_F_ACK, origin);
  auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_family = AF_UNSPEC;
  mnl_attr_put_u32(message, IFLA_GROUP, op.group);
  batch.commit();
  return kOk;
}

}  // namespace slipway::rtnl
