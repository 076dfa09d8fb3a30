// The connections that the kernel tracks in the host's namespace.
#pragma once

#include <functional>
#include <optional>

#include "netlink/socket.h"
#include "rtnl/address_text.h"

namespace slipway::conntrack {

// What ICMP has in the place of ports.
struct IcmpEcho {
  uint16_t id = 0;  // network order
  uint8_t type = 0, code = 0;
};
struct Tuple {
  rtnl::IpAddress source, destination;
  uint16_t source_port = 0, destination_port = 0;  // network order
  uint8_t protocol = 0;
  std::optional<IcmpEcho> icmp;
  uint16_t zone = 0;  // of this direction alone; network order
};
struct Connection {
  Tuple original, reply;
  uint32_t id = 0;    // the kernel's own number for it, as it came
  uint16_t zone = 0;  // of both directions; network order
};

// Hands over every connection of both families, one by one: there may be hundreds of thousands. The kernel walks its
// whole hash table for it, which all namespaces share: 9 ms, even when it finds none. So it is asked first how many
// there are. An interrupted walk begins anew, after `start`.
Status read(netlink::Socket& socket, const std::function<void()>& start,
            const std::function<void(const Connection&)>& each);

// One message of that dump.
Connection read_connection(netlink::Answer& answer);

// Starts a message to conntrack in a room of `size` bytes.
netlink::Message begin(char* room, std::size_t size, const char* operation, uint16_t type, uint16_t flags,
                       uint8_t family);

}  // namespace slipway::conntrack
