#include "host/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

#include "rtnl/address_text.h"

namespace slipway::host {

Status reserve_port(const std::string& protocol, const std::string& address, uint16_t port, UniqueFd& socket) {
  rtnl::IpAddress ip;
  if (!rtnl::parse_ip(address, ip)) return Failure::of(EINVAL, "port.reserve");
  bool tcp = protocol == "tcp";
  int number = tcp ? IPPROTO_TCP : protocol == "sctp" ? IPPROTO_SCTP : IPPROTO_UDP;
  socket.reset(::socket(ip.family, (protocol == "udp" ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, number));
  if (!socket) return Failure::last("socket");
  int on = 1;
  // For TCP this still refuses a port that somebody listens on, and no longer one in TIME_WAIT. For UDP it would
  // let two sockets share the port.
  if (tcp) setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_storage place{};
  socklen_t length;
  if (ip.family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&place);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    std::memcpy(&v4->sin_addr, ip.bytes.data(), 4);
    length = sizeof(sockaddr_in);
  } else {
    setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&place);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::memcpy(&v6->sin6_addr, ip.bytes.data(), 16);
    length = sizeof(sockaddr_in6);
  }
  if (bind(socket.get(), reinterpret_cast<sockaddr*>(&place), length) != 0) return Failure::last("bind");
  return kOk;
}

}  // namespace slipway::host
