#include "host/user_socket.h"

#include <net/if.h>

#include <cerrno>

#include "host/place.h"
#include "host/socket_option.h"
#include "host/source_filter.h"

namespace slipway::host {
namespace {

// Any: nothing is sent to it.
constexpr uint16_t kSomePort = 9;
constexpr const char* kLinkLocal = "fe80::/10";

// The address, and the number of the link in its zone.
Status read_address(const std::string& text, rtnl::IpAddress& ip, unsigned& link) {
  auto percent = text.find('%');
  if (!rtnl::parse_ip(text.substr(0, percent), ip)) return Failure::of(EINVAL, "address");
  link = 0;
  if (percent == std::string::npos) return kOk;
  link = if_nametoindex(text.c_str() + percent + 1);
  return link == 0 ? Status(Failure::of(ENODEV, "if_nametoindex")) : kOk;
}

Status bind_to(int fd, const UserSocket& wanted) {
  rtnl::IpAddress ip;
  unsigned link = 0;
  if (auto failure = read_address(wanted.address, ip, link)) return failure;
  sockaddr_storage place{};
  socklen_t length = make_place(ip, wanted.port, link, place);
  if (wanted.reuse_address) {
    if (auto failure = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1)) return failure;
  }
  return bind(fd, reinterpret_cast<sockaddr*>(&place), length) == 0 ? kOk : Status(Failure::last("bind"));
}

}  // namespace

Status open_user_socket(const UserSocket& wanted, UniqueFd& socket) {
  int type = (wanted.udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
  UniqueFd opened(::socket(wanted.ipv6 ? AF_INET6 : AF_INET, type, wanted.udp ? IPPROTO_UDP : IPPROTO_TCP));
  if (!opened) return Failure::last("socket");
  if (wanted.ipv6) {
    if (auto failure = set_option(opened.get(), IPPROTO_IPV6, IPV6_V6ONLY, wanted.ipv6_only ? 1 : 0)) return failure;
  }
  // Of such a sender, Node.js would name the interface where its thread is, outside, and fail where there is none of
  // that number. Before it is bound, or some would be waiting.
  if (wanted.udp && wanted.ipv6) {
    if (auto failure = filter_sources(opened.get(), {kLinkLocal}, {})) return failure;
  }
  if (!wanted.address.empty()) {
    if (auto failure = bind_to(opened.get(), wanted)) return failure;
  }
  if (wanted.backlog >= 0 && listen(opened.get(), wanted.backlog) != 0) return Failure::last("listen");
  socket = std::move(opened);
  return kOk;
}

Status refuse_reuse(int socket) { return set_option(socket, SOL_SOCKET, SO_REUSEADDR, 0); }

Status source_for(const std::string& address, std::string& source) {
  rtnl::IpAddress ip;
  unsigned link = 0;
  if (auto failure = read_address(address, ip, link)) return failure;
  UniqueFd probe(::socket(ip.family, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP));
  if (!probe) return Failure::last("socket");
  sockaddr_storage place{};
  socklen_t length = make_place(ip, kSomePort, link, place);
  if (connect(probe.get(), reinterpret_cast<sockaddr*>(&place), length) != 0) return Failure::last("connect");
  length = sizeof place;
  if (getsockname(probe.get(), reinterpret_cast<sockaddr*>(&place), &length) != 0) return Failure::last("getsockname");
  const void* bytes = place.ss_family == AF_INET6
                          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(&place)->sin6_addr)
                          : static_cast<const void*>(&reinterpret_cast<sockaddr_in*>(&place)->sin_addr);
  source = rtnl::format_ip(place.ss_family, bytes);
  return kOk;
}

}  // namespace slipway::host
