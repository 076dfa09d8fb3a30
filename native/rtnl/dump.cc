#include "rtnl/dump.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <cstring>
#include <sstream>

#include "netlink/attributes.h"
#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

// A dump that changed under our hands is asked for again, this many times.
constexpr int kDumpTries = 5;
// IFF_LOWER_UP, of linux/if.h, which does not go with net/if.h.
constexpr unsigned kLowerUp = 1U << 16;

template <typename Prepare, typename Each>
Status dump(netlink::Socket& socket, const Prepare& prepare, const Each& each) {
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    alignas(nlmsghdr) char buffer[512] = {};
    nlmsghdr* message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    prepare(message);
    status = socket.request(message, each);
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

LinkStatistics read_statistics(const nlattr* attribute) {
  // Another kernel's may be longer or shorter; what we read has always been there.
  rtnl_link_stats64 from{};
  std::memcpy(&from, mnl_attr_get_payload(attribute),
              std::min<std::size_t>(mnl_attr_get_payload_len(attribute), sizeof from));
  return {from.rx_bytes,   from.tx_bytes,   from.rx_packets, from.tx_packets,
          from.rx_dropped, from.tx_dropped, from.rx_errors,  from.tx_errors};
}

LinkInfo read_link(const nlmsghdr* message, bool statistics) {
  auto* info = static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  LinkInfo link;
  link.index = info->ifi_index;
  link.up = (info->ifi_flags & IFF_UP) != 0;
  link.carrier = (info->ifi_flags & kLowerUp) != 0;
  netlink::for_each_attribute(message, sizeof(ifinfomsg), [&](const nlattr* attribute) {
    switch (mnl_attr_get_type(attribute)) {
      case IFLA_IFNAME: link.name = netlink::text_of(attribute); break;
      case IFLA_IFALIAS: link.alias = netlink::text_of(attribute); break;
      case IFLA_MTU: link.mtu = mnl_attr_get_u32(attribute); break;
      case IFLA_GROUP: link.group = mnl_attr_get_u32(attribute); break;
      case IFLA_STATS64:
        if (statistics) link.statistics = read_statistics(attribute);
        break;
      case IFLA_MASTER: link.master = static_cast<int>(mnl_attr_get_u32(attribute)); break;
      case IFLA_ADDRESS:
        if (mnl_attr_get_payload_len(attribute) == 6) {
          link.address = format_mac(static_cast<const uint8_t*>(mnl_attr_get_payload(attribute)));
        }
        break;
      case IFLA_LINKINFO:
        netlink::for_each_nested(attribute, [&](const nlattr* nested) {
          if (mnl_attr_get_type(nested) == IFLA_INFO_KIND) link.kind = netlink::text_of(nested);
        });
        break;
      default: break;
    }
  });
  return link;
}

}  // namespace

Status dump_links(netlink::Socket& socket, bool statistics, std::vector<LinkInfo>& links) {
  return dump(
      socket,
      [&](nlmsghdr* message) {
        links.clear();
        message->nlmsg_type = RTM_GETLINK;
        mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg));
        mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
      },
      [&](const nlmsghdr* message) { links.push_back(read_link(message, statistics)); });
}

Status get_link(netlink::Socket& socket, const std::string& name, bool statistics, LinkInfo& link) {
  alignas(nlmsghdr) char buffer[512] = {};
  nlmsghdr* message = mnl_nlmsg_put_header(buffer);
  message->nlmsg_type = RTM_GETLINK;
  message->nlmsg_flags = NLM_F_REQUEST;
  mnl_nlmsg_put_extra_header(message, sizeof(ifinfomsg));
  mnl_attr_put_strz(message, IFLA_IFNAME, name.c_str());
  mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  return socket.request(message, [&](const nlmsghdr* answer) { link = read_link(answer, statistics); });
}

int index_of(const nlmsghdr* message) {
  if (mnl_nlmsg_get_payload_len(message) < sizeof(ifinfomsg)) return 0;
  return static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message))->ifi_index;
}

Status present_links(const netlink::Socket& socket, const std::string& names, std::string& present) {
  std::istringstream lines(names);
  for (std::string name; std::getline(lines, name);) {
    int index = 0;
    auto failure = socket.link_index(name, index);
    if (failure && failure->errnum != ENODEV) return failure;
    if (!failure) present += name + "\n";
  }
  return kOk;
}

Status dump_addresses(netlink::Socket& socket, int family, std::vector<AddressInfo>& addresses) {
  return dump(
      socket,
      [&](nlmsghdr* message) {
        addresses.clear();
        message->nlmsg_type = RTM_GETADDR;
        auto* header = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
        header->ifa_family = static_cast<uint8_t>(family);
      },
      [&](const nlmsghdr* message) {
        auto* header = static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
        AddressInfo info;
        info.index = static_cast<int>(header->ifa_index);
        info.prefix = header->ifa_prefixlen;
        netlink::for_each_attribute(message, sizeof(ifaddrmsg), [&](const nlattr* attribute) {
          uint16_t type = mnl_attr_get_type(attribute);
          // IFA_LOCAL comes after IFA_ADDRESS and is the interface's own on point-to-point links too.
          if (type == IFA_ADDRESS || type == IFA_LOCAL) {
            info.address = format_ip(header->ifa_family, mnl_attr_get_payload(attribute));
          } else if (type == IFA_BROADCAST) {
            info.broadcast = format_ip(header->ifa_family, mnl_attr_get_payload(attribute));
          }
        });
        addresses.push_back(std::move(info));
      });
}

Status dump_routes(netlink::Socket& socket, int family, std::vector<RouteInfo>& routes) {
  return dump(
      socket,
      [&](nlmsghdr* message) {
        routes.clear();
        message->nlmsg_type = RTM_GETROUTE;
        auto* header = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
        header->rtm_family = static_cast<uint8_t>(family);
      },
      [&](const nlmsghdr* message) {
        auto* header = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
        if ((header->rtm_flags & RTM_F_CLONED) != 0) return;
        RouteInfo route;
        route.table = header->rtm_table;
        route.destination = "default";
        netlink::for_each_attribute(message, sizeof(rtmsg), [&](const nlattr* attribute) {
          switch (mnl_attr_get_type(attribute)) {
            case RTA_DST:
              route.destination = format_ip(header->rtm_family, mnl_attr_get_payload(attribute)) + "/" +
                                  std::to_string(header->rtm_dst_len);
              break;
            case RTA_GATEWAY: route.gateway = format_ip(header->rtm_family, mnl_attr_get_payload(attribute)); break;
            case RTA_OIF: route.index = static_cast<int>(mnl_attr_get_u32(attribute)); break;
            case RTA_TABLE: route.table = mnl_attr_get_u32(attribute); break;
            default: break;
          }
        });
        routes.push_back(std::move(route));
      });
}

}  // namespace slipway::rtnl
