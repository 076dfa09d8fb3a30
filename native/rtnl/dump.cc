#include "rtnl/dump.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <sstream>

#include "rtnl/address_text.h"
#include "rtnl/link_settings.h"
#include "rtnl/question.h"

namespace slipway::rtnl {
namespace {

// A dump that changed under our hands is asked for again, this many times.
constexpr int kDumpTries = 5;
// IFF_LOWER_UP, of linux/if.h, which does not go with net/if.h.
constexpr unsigned kLowerUp = 1U << 16;

using netlink::Answer;
using netlink::Attribute;

// Asks for all of a kind. `each` gets those messages that are of `kind`.
template <typename Header, typename Start, typename Each>
Status dump(netlink::Socket& socket, uint16_t ask, uint16_t kind, const Header& header, const Start& start,
            const Each& each) {
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    start();
    Question question("dump", ask, NLM_F_DUMP);
    question.message.header(header);
    if (ask == RTM_GETLINK) question.message.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    status = socket.request(question.message.written(), [&](Answer& answer) {
      if (answer.type() == kind) each(answer);
    });
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

LinkStatistics read_statistics(const Attribute& attribute) {
  // Another kernel's may be longer or shorter; what we read has always been there.
  auto from = attribute.structure<rtnl_link_stats64>(offsetof(rtnl_link_stats64, multicast));
  return {from.rx_bytes,   from.tx_bytes,   from.rx_packets, from.tx_packets,
          from.rx_dropped, from.tx_dropped, from.rx_errors,  from.tx_errors};
}

std::string read_address(uint8_t family, const Attribute& attribute) {
  std::array<uint8_t, 16> bytes{};
  attribute.bytes(bytes.data(), family == AF_INET6 ? 16 : 4);
  return format_ip(family, bytes.data());
}

// struct rtvia: the family, and an address of it.
std::string read_via(const Attribute& attribute) {
  std::string_view via = attribute.view();
  uint16_t family = 0;
  if (via.size() < sizeof family + 4) return {};
  std::memcpy(&family, via.data(), sizeof family);
  if (family != AF_INET && via.size() < sizeof family + 16) return {};
  return format_ip(family == AF_INET ? AF_INET : AF_INET6,
                   reinterpret_cast<const uint8_t*>(via.data()) + sizeof family);
}

}  // namespace

LinkInfo read_link(Answer& answer, bool statistics) {
  auto info = answer.header<ifinfomsg>();
  LinkInfo link;
  link.index = info.ifi_index;
  link.up = (info.ifi_flags & IFF_UP) != 0;
  link.carrier = (info.ifi_flags & kLowerUp) != 0;
  answer.each<ifinfomsg>([&](const Attribute& attribute) {
    switch (attribute.type()) {
      case IFLA_IFNAME: link.name = attribute.text(); break;
      case IFLA_IFALIAS: link.alias = attribute.text(); break;
      case IFLA_MTU: link.mtu = attribute.u32(); break;
      case IFLA_GROUP: link.group = attribute.u32(); break;
      case IFLA_LINK: link.link = static_cast<int>(attribute.u32()); break;
      case IFLA_LINK_NETNSID:
        link.link_elsewhere = true;
        link.link_netns = static_cast<int>(attribute.u32());
        break;
      case IFLA_STATS64:
        if (statistics) link.statistics = read_statistics(attribute);
        break;
      case IFLA_MASTER: link.master = static_cast<int>(attribute.u32()); break;
      case IFLA_ADDRESS:
        // Links of other kinds have longer ones, and none.
        if (attribute.size() == 6) {
          std::array<uint8_t, 6> mac{};
          attribute.bytes(mac.data(), mac.size());
          link.address = format_mac(mac.data());
        }
        break;
      case IFLA_LINKINFO:
        attribute.each([&](const Attribute& nested) {
          if (nested.type() == IFLA_INFO_KIND) link.kind = nested.text();
        });
        link.settings = read_link_settings(attribute, (info.ifi_flags & IFF_RUNNING) != 0);
        break;
      default: break;
    }
  });
  return link;
}

AddressInfo read_address(Answer& answer) {
  auto header = answer.header<ifaddrmsg>();
  AddressInfo info;
  info.index = static_cast<int>(header.ifa_index);
  info.prefix = header.ifa_prefixlen;
  info.permanent = (header.ifa_flags & IFA_F_PERMANENT) != 0;
  answer.each<ifaddrmsg>([&](const Attribute& attribute) {
    // IFA_LOCAL comes after IFA_ADDRESS and is the interface's own on point-to-point links too.
    if (attribute.type() == IFA_ADDRESS || attribute.type() == IFA_LOCAL) {
      info.address = read_address(header.ifa_family, attribute);
    } else if (attribute.type() == IFA_BROADCAST) {
      info.broadcast = read_address(header.ifa_family, attribute);
    }
  });
  return info;
}

RouteInfo read_route(Answer& answer) {
  auto header = answer.header<rtmsg>();
  RouteInfo route;
  route.table = header.rtm_table;
  route.protocol = header.rtm_protocol;
  route.destination = "default";
  answer.each<rtmsg>([&](const Attribute& attribute) {
    switch (attribute.type()) {
      case RTA_DST:
        route.destination = read_address(header.rtm_family, attribute) + "/" + std::to_string(header.rtm_dst_len);
        break;
      case RTA_GATEWAY: route.gateway = read_address(header.rtm_family, attribute); break;
      // By a gateway of the other family.
      case RTA_VIA: route.gateway = read_via(attribute); break;
      case RTA_OIF: route.index = static_cast<int>(attribute.u32()); break;
      case RTA_TABLE: route.table = attribute.u32(); break;
      default: break;
    }
  });
  return route;
}

Status dump_links(netlink::Socket& socket, bool statistics, std::vector<LinkInfo>& links) {
  return dump(
      socket, RTM_GETLINK, RTM_NEWLINK, ifinfomsg{}, [&] { links.clear(); },
      [&](Answer& answer) { links.push_back(read_link(answer, statistics)); });
}

Status count_ports(netlink::Socket& socket, std::vector<PortCount>& counts) {
  ifinfomsg header{};
  header.ifi_family = AF_BRIDGE;
  // A link that is a bridge of its own kind, too, is told of twice.
  std::map<int, int> bridges;
  auto failure = dump(
      socket, RTM_GETLINK, RTM_NEWLINK, header, [&] { bridges.clear(); },
      [&](Answer& answer) {
        int port = answer.header<ifinfomsg>().ifi_index;
        answer.each<ifinfomsg>([&](const Attribute& attribute) {
          if (attribute.type() == IFLA_MASTER) bridges[port] = static_cast<int>(attribute.u32());
        });
      });
  std::map<int, uint32_t> ports;
  for (auto [port, bridge] : bridges) ++ports[bridge];
  for (auto [bridge, count] : ports) counts.push_back({bridge, count});
  return failure;
}

Status get_link(netlink::Socket& socket, const std::string& name, bool statistics, LinkInfo& link) {
  Question question("link", RTM_GETLINK, 0);
  question.message.header(ifinfomsg{});
  question.message.text_with_nul(IFLA_IFNAME, "name", name, IFNAMSIZ - 1);
  question.message.u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  if (question.message.status()) return question.message.status();
  return socket.request(question.message.written(), [&](Answer& answer) {
    if (answer.type() != RTM_NEWLINK) answer.reject();
    link = read_link(answer, statistics);
  });
}

Status dump_links_into(netlink::Socket& socket, int netns, std::vector<LinkInfo>& links) {
  Question question("netns", RTM_GETNSID, 0);
  question.message.header(rtgenmsg{});
  question.message.u32(NETNSA_FD, static_cast<uint32_t>(netns));
  if (question.message.status()) return question.message.status();
  int number = -1;
  auto failure = socket.request(question.message.written(), [&](Answer& answer) {
    if (answer.type() != RTM_NEWNSID) answer.reject();
    answer.each<rtgenmsg>([&](const Attribute& attribute) {
      if (attribute.type() == NETNSA_NSID) number = static_cast<int>(attribute.u32());
    });
  });
  if (!failure) failure = dump_links(socket, false, links);
  // No link leads to what has no number.
  links.erase(std::remove_if(links.begin(), links.end(),
                             [&](const LinkInfo& link) { return number < 0 || link.link_netns != number; }),
              links.end());
  return failure;
}

Status lead_of(netlink::Socket& socket, const std::string& asked, std::string& ports) {
  std::istringstream lines(asked);
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_flags = NTF_MASTER;
  for (std::string address; lines >> header.ndm_ifindex >> address;) {
    std::array<uint8_t, 6> mac{};
    if (!parse_mac(address, mac)) return Failure::of(EINVAL, "fdb");
    Question question("fdb", RTM_GETNEIGH, 0);
    question.message.header(header);
    question.message.bytes(NDA_LLADDR, mac.data(), mac.size());
    if (question.message.status()) return question.message.status();
    int port = 0;
    auto failure = socket.request(question.message.written(), [&](Answer& answer) {
      auto entry = answer.header<ndmsg>();
      bool fixed = entry.ndm_state == NUD_NOARP && (entry.ndm_flags & NTF_STICKY) != 0;
      if (answer.type() == RTM_NEWNEIGH && fixed) port = entry.ndm_ifindex;
    });
    // There is no entry, no such port any more, or it is no bridge's.
    bool none = failure && (failure->errnum == ENOENT || failure->errnum == ENODEV || failure->errnum == EINVAL);
    if (failure && !none) return failure;
    ports += std::to_string(port) + "\n";
  }
  return kOk;
}

int index_of(Answer& answer) { return answer.header<ifinfomsg>().ifi_index; }

Status present_links(const netlink::Socket& socket, const std::string& names, std::string& present) {
  std::istringstream lines(names);
  for (std::string name; std::getline(lines, name);) {
    int index = 0;
    auto failure = socket.link_index(name, index);
    // No link has a name that is too long for one.
    bool absent = failure && (failure->errnum == ENODEV || failure->errnum == ENAMETOOLONG);
    if (failure && !absent) return failure;
    if (!failure) present += name + "\n";
  }
  return kOk;
}

Status dump_addresses(netlink::Socket& socket, int family, uint32_t index, std::vector<AddressInfo>& addresses) {
  ifaddrmsg header{};
  header.ifa_family = static_cast<uint8_t>(family);
  header.ifa_index = index;
  if (index != 0) socket.heed_dump_headers(true);
  auto failure = dump(
      socket, RTM_GETADDR, RTM_NEWADDR, header, [&] { addresses.clear(); },
      [&](Answer& answer) {
        // A kernel that lacks the family answers with all that it has.
        uint8_t given = answer.header<ifaddrmsg>().ifa_family;
        bool asked = family == AF_UNSPEC ? given == AF_INET || given == AF_INET6 : given == family;
        if (index != 0) asked = asked && answer.header<ifaddrmsg>().ifa_index == index;
        if (asked) addresses.push_back(read_address(answer));
      });
  if (index != 0) socket.heed_dump_headers(false);
  // A link that has gone has none.
  if (index != 0 && failure && failure->errnum == ENODEV) return kOk;
  return failure;
}

Status dump_routes(netlink::Socket& socket, int family, std::vector<RouteInfo>& routes) {
  rtmsg header{};
  header.rtm_family = static_cast<uint8_t>(family);
  return dump(
      socket, RTM_GETROUTE, RTM_NEWROUTE, header, [&] { routes.clear(); },
      [&](Answer& answer) {
        auto given = answer.header<rtmsg>();
        if (given.rtm_family == family && (given.rtm_flags & RTM_F_CLONED) == 0) routes.push_back(read_route(answer));
      });
}

}  // namespace slipway::rtnl
