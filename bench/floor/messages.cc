#include "messages.h"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <cstring>

namespace bench {
namespace {

// lib/firewall/sets.ts
constexpr const char* kTable = "slipway";
constexpr uint32_t kPortGroup = 0x736c;
// libnftnl's NFTNL_UDATA_SET_ELEM_COMMENT
constexpr uint8_t kComment = 0;

class Nest {
 public:
  Nest(nlmsghdr* message, int type) : message_(message), nest_(mnl_attr_nest_start(message, static_cast<uint16_t>(type))) {}
  Nest(const Nest&) = delete;
  ~Nest() { mnl_attr_nest_end(message_, nest_); }

 private:
  nlmsghdr* message_;
  nlattr* nest_;
};

void put_nft_header(nlmsghdr* message, uint8_t family, uint16_t resource) {
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = family;
  header->version = NFNETLINK_V0;
  header->res_id = htons(resource);
}

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

void put_element(Messages& messages, uint8_t family, const char* set, const Concatenation& key,
                 const Concatenation* data, const std::string& comment, bool last) {
  nlmsghdr* message = messages.begin(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM,
                                     static_cast<uint16_t>(NLM_F_CREATE | NLM_F_EXCL | (last ? NLM_F_ACK : 0)));
  put_nft_header(message, family, 0);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, kTable);
  mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
  Nest elements(message, NFTA_SET_ELEM_LIST_ELEMENTS);
  Nest element(message, NFTA_LIST_ELEM);
  put_value(message, NFTA_SET_ELEM_KEY, key);
  if (data != nullptr) put_value(message, NFTA_SET_ELEM_DATA, *data);
  char user[256] = {static_cast<char>(kComment), static_cast<char>(comment.size() + 1)};
  std::memcpy(user + 2, comment.c_str(), comment.size() + 1);
  mnl_attr_put(message, NFTA_SET_ELEM_USERDATA, comment.size() + 3, user);
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

void put_hairpin(nlmsghdr* message) {
  Nest info(message, IFLA_LINKINFO);
  mnl_attr_put_str(message, IFLA_INFO_SLAVE_KIND, "bridge");
  Nest data(message, IFLA_INFO_SLAVE_DATA);
  mnl_attr_put_u8(message, IFLA_BRPORT_MODE, 1);
}

}  // namespace

void put_claims(Messages& messages, const Endpoint& endpoint) {
  char link[IFNAMSIZ] = {};
  endpoint.host_link.copy(link, IFNAMSIZ - 1);
  uint8_t tcp = IPPROTO_TCP;
  uint16_t host_port = htons(endpoint.host_port);
  uint16_t container_port = htons(endpoint.container_port);
  auto address = Concatenation().add(&endpoint.address, 4);
  auto sender = Concatenation().add(link, sizeof link).add(endpoint.mac.data(), 6).add(&endpoint.address, 4);
  auto published = Concatenation().add(&tcp, 1).add(&host_port, 2);
  auto target = Concatenation().add(&endpoint.address, 4).add(&container_port, 2);

  put_nft_header(messages.begin(NFNL_MSG_BATCH_BEGIN, 0), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
  put_element(messages, NFPROTO_INET, "addresses4", address, nullptr, endpoint.owner, false);
  put_element(messages, NFPROTO_BRIDGE, "senders4", sender, nullptr, endpoint.owner, false);
  put_element(messages, NFPROTO_INET, "published4", published, &target, endpoint.owner, true);
  put_nft_header(messages.begin(NFNL_MSG_BATCH_END, 0), AF_UNSPEC, NFNL_SUBSYS_NFTABLES);
}

void put_link(Messages& messages, const Network& network, const Endpoint& endpoint, int netns_fd) {
  nlmsghdr* message = begin_link(messages, NLM_F_CREATE | NLM_F_EXCL, endpoint.host_link);
  mnl_attr_put_u32(message, IFLA_MTU, network.mtu);
  put_queues(message);
  mnl_attr_put_u32(message, IFLA_GROUP, kPortGroup);
  mnl_attr_put_u32(message, IFLA_MASTER, network.bridge_index);
  {
    Nest info(message, IFLA_LINKINFO);
    mnl_attr_put_str(message, IFLA_INFO_KIND, "veth");
    Nest data(message, IFLA_INFO_DATA);
    Nest peer(message, VETH_INFO_PEER);
    mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg));
    mnl_attr_put_strz(message, IFLA_IFNAME, "eth0");
    mnl_attr_put(message, IFLA_ADDRESS, endpoint.mac.size(), endpoint.mac.data());
    mnl_attr_put_u32(message, IFLA_MTU, network.mtu);
    put_queues(message);
    mnl_attr_put_u32(message, IFLA_NET_NS_FD, static_cast<uint32_t>(netns_fd));
  }
  message = begin_link(messages, 0, endpoint.host_link);
  if (network.hairpin) put_hairpin(message);
  put_no_ipv6_address(message);
  begin_link(messages, 0, endpoint.host_link, IFF_UP);
}

void put_configuration(Messages& messages, const Network& network, const Endpoint& endpoint) {
  begin_link(messages, 0, "lo", IFF_UP);
  put_no_ipv6_address(begin_link(messages, 0, "eth0"));
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
}

}  // namespace bench
