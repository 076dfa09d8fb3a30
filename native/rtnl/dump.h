// What the kernel has: links, addresses, routes, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlink/socket.h"

namespace slipway::rtnl {

// What has gone through a link since it was made; of a bridge port or veth, seen from this end.
struct LinkStatistics {
  uint64_t rx_bytes = 0, tx_bytes = 0, rx_packets = 0, tx_packets = 0;
  uint64_t rx_dropped = 0, tx_dropped = 0, rx_errors = 0, tx_errors = 0;
};
struct LinkInfo {
  int index = 0;
  int master = 0;  // ifindex, 0: none
  // ifindex of what it is a part of: a macvlan's parent, a veth's other end; 0: none. `link_elsewhere`: that one is in
  // another namespace.
  int link = 0;
  bool link_elsewhere = false;
  int link_netns = -1;  // which that is, by the number that the link's own namespace has given it; -1: none
  uint32_t group = 0;
  uint32_t mtu = 0;
  uint32_t settings = 0;  // of a bridge, or a port of one (rtnl/link_settings.h)
  bool up = false;
  bool carrier = false;  // of a veth: both ends are up
  std::string name, kind, alias, address;
  std::optional<LinkStatistics> statistics;  // when asked for
};
struct PortCount {
  int bridge = 0;  // ifindex
  uint32_t ports = 0;
};
struct AddressInfo {
  int index = 0;
  uint8_t prefix = 0;
  bool permanent = false;  // nobody has said until when it is to be used
  std::string address, broadcast;
};
struct RouteInfo {
  int index = 0;
  uint32_t table = 0;
  uint8_t protocol = 0;              // who has made it: RTPROT_RA, say
  std::string destination, gateway;  // destination is CIDR, "default" for a prefix of 0
};

// One message of a dump. What is malformed in it makes the answer so.
LinkInfo read_link(netlink::Answer& answer, bool statistics);
AddressInfo read_address(netlink::Answer& answer);
RouteInfo read_route(netlink::Answer& answer);

// `statistics`: with the links' counters. (The kernel sends them anyway; RTEXT_FILTER_SKIP_STATS spares it IPv6's own.)
Status dump_links(netlink::Socket& socket, bool statistics, std::vector<LinkInfo>& links);
// `index`: of one link alone; 0: of all.
Status dump_addresses(netlink::Socket& socket, int family, uint32_t index, std::vector<AddressInfo>& addresses);
Status dump_routes(netlink::Socket& socket, int family, std::vector<RouteInfo>& routes);

// How many ports bridges have, as far as they have any. It costs a fifth of what a dump of links does: for each veth
// among those, the kernel looks through all namespaces that it has numbered.
Status count_ports(netlink::Socket& socket, std::vector<PortCount>& counts);

// One link by name; ENODEV when there is none.
Status get_link(netlink::Socket& socket, const std::string& name, bool statistics, LinkInfo& link);

// To which port of a bridge frames to some MAC addresses go, whatever that learns. `asked`: the number of a port of it,
// a space and an address, a line each. Answered are numbers of ports, a line each; 0 where there is no such entry.
Status lead_of(netlink::Socket& socket, const std::string& asked, std::string& ports);

// Of a message about a link.
int index_of(netlink::Answer& answer);

// Of the links of the socket's namespace, those whose other end or parent is in the namespace behind a descriptor.
Status dump_links_into(netlink::Socket& socket, int netns, std::vector<LinkInfo>& links);

// Which of some links are there; names, a line each. Nothing is dumped, and rtnetlink's lock is not taken.
Status present_links(const netlink::Socket& socket, const std::string& names, std::string& present);

}  // namespace slipway::rtnl
