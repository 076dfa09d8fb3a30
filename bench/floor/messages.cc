#include "messages.h"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cstring>

#include "nest.h"
#include "nft_header.h"
#include "port_claim.h"

namespace bench {
namespace {

// lib/policy/sets.ts
constexpr uint32_t kPortGroup = 0x736c;
// lib/drivers/bridge/port.ts
constexpr uint16_t kForwarded = 0xfffd;
// libnftnl's NFTNL_UDATA_SET_ELEM_COMMENT
constexpr uint8_t kComment = 0;

// A concatenation: every part begins at a multiple of four bytes.
class Concatenation {
 public:
  Concatenation& add(const void* bytes, std::size_t length) {
    std::memcpy(bytes_ + length_, bytes, length);
    length_ += (length + 3) & ~std::size_t{3};
    return *this;
  }
  const void* bytes() const { return bytes_; }
  std::size_t length() const { return length_; }

 private:
  char bytes_[64] = {};
  std::size_t length_ = 0;
};

void put_value(nlmsghdr* message, int type, const Concatenation& value) {
  Nest nest(message, type);
  mnl_attr_put(message, NFTA_DATA_VALUE, value.length(), value.bytes());
}

// Which message about elements: to add them, exclusively, or to delete them.
enum class What : uint16_t { add = NFT_MSG_NEWSETELEM, remove = NFT_MSG_DELSETELEM };

void put_element(Messages& messages, What what, uint8_t family, const char* set, const Concatenation& key,
                 const Concatenation* data, const std::string& comment, bool last) {
  int flags = (what == What::add ? NLM_F_CREATE | NLM_F_EXCL : 0) | (last ? NLM_F_ACK : 0);
  nlmsghdr* message = messages.begin(static_cast<uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | static_cast<uint16_t>(what)),
                                     static_cast<uint16_t>(flags));
  put_nft_header(message, family, 0);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, kSlipwayTable);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
  Nest elements(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  Nest element(message, NFTA_LIST_ELEM);
  put_value(message, NFTA_SET_ELEM_KEY, key);
  if (what == What::remove) return;
  if (data != nullptr) put_value(message, NFTA_SET_ELEM_DATA, *data);
  char user[256] = {static_cast<char>(kComment), static_cast<char>(comment.size() + 1)};
  std::memcpy(user + 2, comment.c_str(), comment.size() + 1);
  mnl_attr_put(message, NFTA_SET_ELEM_USERDATA, comment.size() + 3, user);
}

void put_address(Messages& messages, What what, const Endpoint& endpoint, bool last) {
  auto address = Concatenation().add(&endpoint.address, 4);
  put_element(messages, what, NFPROTO_INET, "addresses4", address, nullptr, endpoint.owner, last);
}

void put_sender(Messages& messages, What what, const Endpoint& endpoint, bool last) {
  char link[IFNAMSIZ] = {};
  endpoint.host_link.copy(link, IFNAMSIZ - 1);
  auto sender = Concatenation().add(link, sizeof link).add(endpoint.mac.data(), 6).add(&endpoint.address, 4);
  put_element(messages, what, NFPROTO_BRIDGE, "senders4", sender, nullptr, endpoint.owner, last);
}

Concatenation on_segment(const Endpoint& endpoint) {
  char name[IFNAMSIZ] = {};
  endpoint.segment.copy(name, IFNAMSIZ - 1);
  return Concatenation().add(name, sizeof name);
}

void put_mac(Messages& messages, What what, const Endpoint& endpoint, bool last) {
  auto mac = on_segment(endpoint).add(endpoint.mac.data(), endpoint.mac.size());
  put_element(messages, what, NFPROTO_INET, "macs", mac, nullptr, endpoint.owner, last);
}

void put_segment_address(Messages& messages, What what, const Endpoint& endpoint, bool last) {
  auto address = on_segment(endpoint).add(&endpoint.address, 4);
  put_element(messages, what, NFPROTO_INET, "segments4", address, nullptr, endpoint.owner, last);
}

void put_port(Messages& messages, What what, const Endpoint& endpoint, unsigned number, bool last) {
  uint8_t tcp = IPPROTO_TCP;
  uint16_t host_port = htons(static_cast<uint16_t>(endpoint.host_port + number));
  uint16_t container_port = htons(static_cast<uint16_t>(endpoint.container_port + number));
  auto published = Concatenation().add(&tcp, 1).add(&host_port, 2);
  auto target = Concatenation().add(&endpoint.address, 4).add(&container_port, 2);
  put_element(messages, what, NFPROTO_INET, "published4", published, &target, endpoint.owner, last);
}

bool has_own_mac(const Network& network) { return network.kind != "ipvlan"; }

void put_all(Messages& messages, What what, const Network& network, const Endpoint& endpoint) {
  begin_transaction(messages);
  if (network.parent != 0) {
    put_segment_address(messages, what, endpoint, !has_own_mac(network));
    if (has_own_mac(network)) put_mac(messages, what, endpoint, true);
    end_transaction(messages);
    return;
  }
  put_address(messages, what, endpoint, false);
  put_sender(messages, what, endpoint, false);
  put_mac(messages, what, endpoint, false);
  for (unsigned i = 0; i < endpoint.ports; ++i) put_port(messages, what, endpoint, i, i + 1 == endpoint.ports);
  end_transaction(messages);
}

nlmsghdr* begin_link(Messages& messages, uint16_t flags, const std::string& name, unsigned raise = 0,
                     uint16_t type = RTM_NEWLINK) {
  nlmsghdr* message = messages.begin(type, static_cast<uint16_t>(NLM_F_ACK | flags));
  auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_change = info->ifi_flags = raise;
  mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
  return message;
}

void put_queues(nlmsghdr* message) {
  mnl_attr_put_u32(message, IFLA_NUM_TX_QUEUES, 1);
  mnl_attr_put_u32(message, IFLA_NUM_RX_QUEUES, 1);
}

void put_no_ipv6_address(nlmsghdr* message) {
  Nest families(message, IFLA_AF_SPEC);
  Nest inet6(message, AF_INET6);
  mnl_attr_put_u8(message, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
}

void put_port_settings(nlmsghdr* message, bool hairpin) {
  Nest info(message, IFLA_LINKINFO);
  mnl_attr_put_str(message, IFLA_INFO_SLAVE_KIND, "bridge");
  Nest data(message, IFLA_INFO_SLAVE_DATA);
  if (hairpin) mnl_attr_put_u8(message, IFLA_BRPORT_MODE, 1);
  mnl_attr_put_u8(message, IFLA_BRPORT_UNICAST_FLOOD, 0);
  mnl_attr_put_u16(message, IFLA_BRPORT_GROUP_FWD_MASK, kForwarded);
}

// What the bridge would learn, so that no frame moves it to another port.
void put_known_mac(Messages& messages, const Endpoint& endpoint, uint32_t link) {
  nlmsghdr* message = messages.begin(RTM_NEWNEIGH, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
  auto* neighbor = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
  neighbor->ndm_family = AF_BRIDGE;
  neighbor->ndm_ifindex = static_cast<int>(link);
  neighbor->ndm_state = NUD_NOARP | NUD_REACHABLE;
  neighbor->ndm_flags = NTF_MASTER | NTF_STICKY;
  mnl_attr_put(message, NDA_LLADDR, endpoint.mac.size(), endpoint.mac.data());
}

// A route to an endpoint on a further bridge, and the network's own bridge answers for it (lib/drivers/bridge/leaf.ts).
void put_lead(Messages& messages, const Endpoint& endpoint, bool add) {
  auto flags = static_cast<uint16_t>(NLM_F_ACK | (add ? NLM_F_CREATE | NLM_F_EXCL : 0));
  nlmsghdr* message = messages.begin(add ? RTM_NEWROUTE : RTM_DELROUTE, flags);
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  route->rtm_family = AF_INET;
  route->rtm_dst_len = 32;
  route->rtm_table = RT_TABLE_MAIN;
  route->rtm_protocol = RTPROT_BOOT;
  route->rtm_scope = RT_SCOPE_LINK;
  route->rtm_type = RTN_UNICAST;
  mnl_attr_put_u32(message, RTA_DST, endpoint.address);
  mnl_attr_put_u32(message, RTA_OIF, endpoint.bridge);

  message = messages.begin(add ? RTM_NEWNEIGH : RTM_DELNEIGH, flags);
  auto* neighbor = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
  neighbor->ndm_family = AF_INET;
  neighbor->ndm_ifindex = static_cast<int>(endpoint.leaf_of);
  neighbor->ndm_flags = NTF_PROXY;
  mnl_attr_put_u32(message, NDA_DST, endpoint.address);
}

}  // namespace

void put_lead_away(Messages& messages, const Endpoint& endpoint) { put_lead(messages, endpoint, false); }

void put_claims(Messages& messages, const Network& network, const Endpoint& endpoint) {
  put_all(messages, What::add, network, endpoint);
}

void put_release(Messages& messages, const Network& network, const Endpoint& endpoint) {
  put_all(messages, What::remove, network, endpoint);
}

void claim_one_by_one(Socket& nft, Messages& messages, const Endpoint& endpoint) {
  auto talk = [&](auto put) {
    begin_transaction(messages);
    put();
    end_transaction(messages);
    nft.talk(messages, "claim");
  };
  talk([&] { put_address(messages, What::add, endpoint, true); });
  talk([&] { put_sender(messages, What::add, endpoint, true); });
  talk([&] { put_mac(messages, What::add, endpoint, true); });
  for (unsigned i = 0; i < endpoint.ports; ++i) talk([&] { put_port(messages, What::add, endpoint, i, true); });
}

void put_link(Messages& messages, const Network& network, const Endpoint& endpoint, int netns_fd) {
  nlmsghdr* message = begin_link(messages, NLM_F_ECHO | NLM_F_CREATE | NLM_F_EXCL, endpoint.host_link);
  mnl_attr_put_u32(message, IFLA_MTU, network.mtu);
  if (!network.ways.default_queues) put_queues(message);
  mnl_attr_put_u32(message, IFLA_GROUP, kPortGroup);
  mnl_attr_put_u32(message, IFLA_MASTER, endpoint.bridge);
  {
    Nest info(message, IFLA_LINKINFO);
    mnl_attr_put_str(message, IFLA_INFO_KIND, "veth");
    Nest data(message, IFLA_INFO_DATA);
    Nest peer(message, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg));
    mnl_attr_put_strz(message, IFLA_IFNAME, "eth0");
    mnl_attr_put(message, IFLA_ADDRESS, endpoint.mac.size(), endpoint.mac.data());
    mnl_attr_put_u32(message, IFLA_MTU, network.mtu);
    if (!network.ways.default_queues) put_queues(message);
    if (!network.ways.moved_peer) mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  }
  if (network.ways.moved_peer) {
    message = begin_link(messages, 0, "eth0");
    mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
    mnl_attr_put_u32(message, IFLA_NEW_IFINDEX, network.peer_index);
  }
}

void put_raised(Messages& messages, const Network& network, const Endpoint& endpoint, uint32_t link) {
  put_port_settings(begin_link(messages, 0, endpoint.host_link), network.hairpin);
  begin_link(messages, 0, endpoint.host_link, IFF_UP);
  put_known_mac(messages, endpoint, link);
  if (endpoint.leaf_of != 0) put_lead(messages, endpoint, true);
}

void put_part(Messages& messages, const Network& network, const Endpoint& endpoint, int netns_fd) {
  nlmsghdr* message = begin_link(messages, NLM_F_CREATE | NLM_F_EXCL, "eth0");
  mnl_attr_put_u32(message, IFLA_MTU, network.mtu);
  if (has_own_mac(network)) mnl_attr_put(message, IFLA_ADDRESS, endpoint.mac.size(), endpoint.mac.data());
  mnl_attr_put_u32(message, IFLA_LINK, network.parent);
  mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  Nest info(message, IFLA_LINKINFO);
  mnl_attr_put_str(message, IFLA_INFO_KIND, network.kind.c_str());
  Nest data(message, IFLA_INFO_DATA);
  if (has_own_mac(network)) mnl_attr_put_u32(message, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
  else mnl_attr_put_u16(message, IFLA_IPVLAN_MODE, IPVLAN_MODE_L2);
}

void put_gone(Messages& messages) { begin_link(messages, 0, "eth0", 0, RTM_DELLINK); }

void put_configuration(Messages& messages, const Network& network, const Endpoint& endpoint) {
  begin_link(messages, 0, "lo", IFF_UP);
  if (!network.ways.ipv6) put_no_ipv6_address(begin_link(messages, 0, "eth0"));
  begin_link(messages, 0, "eth0", IFF_UP);

  nlmsghdr* message = messages.begin(RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  auto* address = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
  address->ifa_family = AF_INET;
  address->ifa_prefixlen = network.prefix;
  address->ifa_index = network.peer_index;
  mnl_attr_put_u32(message, IFA_LOCAL, endpoint.address);
  mnl_attr_put_u32(message, IFA_ADDRESS, endpoint.address);
  mnl_attr_put_u32(message, IFA_BROADCAST, network.broadcast);

  message = messages.begin(RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL);
  auto* route = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  route->rtm_family = AF_INET;
  route->rtm_table = RT_TABLE_MAIN;
  route->rtm_protocol = RTPROT_BOOT;
  route->rtm_type = RTN_UNICAST;
  mnl_attr_put_u32(message, RTA_GATEWAY, network.gateway);
}

void put_settle(Messages& messages, const Endpoint& endpoint) {
  nlmsghdr* message = begin_link(messages, 0, endpoint.host_link, 0, RTM_GETLINK);
  mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  message = messages.begin(RTM_GETLINK, NLM_F_ACK);
  auto* info = static_cast<ifinfomsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg)));
  info->ifi_index = static_cast<int>(endpoint.bridge);
  mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

}  // namespace bench
