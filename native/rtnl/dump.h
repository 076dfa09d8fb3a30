// What the kernel has: links, addresses, routes, as plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netlink/socket.h"

namespace slipway::rtnl {

struct LinkInfo {
  int index = 0;
  int master = 0;  // ifindex, 0: none
  uint32_t group = 0;
  uint32_t mtu = 0;
  bool up = false;
  bool carrier = false;  // of a veth: both ends are up
  std::string name, kind, alias, address;
};
struct AddressInfo {
  int index = 0;
  uint8_t prefix = 0;
  std::string address, broadcast;
};
struct RouteInfo {
  int index = 0;
  uint32_t table = 0;
  std::string destination, gateway;  // destination is CIDR, "default" for a prefix of 0
};

Status dump_links(netlink::Socket& socket, std::vector<LinkInfo>& links);
Status dump_addresses(netlink::Socket& socket, int family, std::vector<AddressInfo>& addresses);
Status dump_routes(netlink::Socket& socket, int family, std::vector<RouteInfo>& routes);

// One link by name; ENODEV when there is none.
Status get_link(netlink::Socket& socket, const std::string& name, LinkInfo& link);

}  // namespace slipway::rtnl
