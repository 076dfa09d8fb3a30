// Where a socket is bound or connected to: an address, a port, and of a link-local address its link.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "rtnl/address_text.h"

namespace slipway::host {

// `link` is the number of a link in the namespace of the socket; 0 for none.
inline socklen_t make_place(const rtnl::IpAddress& ip, uint16_t port, unsigned link, sockaddr_storage& place) {
  if (ip.family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&place);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, ip.bytes.data(), 4);
    return sizeof(sockaddr_in);
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&place);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  v6->sin6_scope_id = link;
  std::memcpy(&v6->sin6_addr, ip.bytes.data(), 16);
  return sizeof(sockaddr_in6);
}

}  // namespace slipway::host
