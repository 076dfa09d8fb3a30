#include "host/port.h"

#include "host/place.h"
#include "host/socket_option.h"

namespace slipway::host {
namespace {

// Datagrams that arrive while the server does something else, some 800 bytes for a small one. The kernel counts twice
// of what is asked for.
constexpr int kServerReceiveBytes = 2 * 1024 * 1024;

// Connections that wait to be accepted; as Node has it.
constexpr int kServerBacklog = 511;

void enlarge_for_server(int fd) {
  // Without CAP_NET_ADMIN in the initial user namespace only the plain option works, up to net.core.rmem_max.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kServerReceiveBytes, sizeof kServerReceiveBytes) != 0) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kServerReceiveBytes);
  }
}

// A socket and the place to bind it to.
struct Port {
  sockaddr_storage place{};
  socklen_t length = 0;
  UniqueFd socket;

  Status open(const std::string& protocol, const std::string& address, uint16_t number);
  bool bind() const { return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&place), length) == 0; }
  void reuse_address(bool on) const { set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, on ? 1 : 0); }
};

Status Port::open(const std::string& protocol, const std::string& address, uint16_t number) {
  rtnl::IpAddress ip;
  if (!rtnl::parse_ip(address, ip)) return Failure::of(EINVAL, "port");
  bool udp = protocol == "udp";
  if (!udp && protocol != "tcp" && protocol != "sctp") return Failure::of(EPROTONOSUPPORT, "port");
  int ip_protocol = udp ? IPPROTO_UDP : protocol == "tcp" ? IPPROTO_TCP : IPPROTO_SCTP;
  if (!socket) socket.reset(::socket(ip.family, (udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, ip_protocol));
  if (!socket) return Failure::last("socket");
  if (ip.family == AF_INET6) {
    if (auto failure = set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1)) return failure;
  }
  length = make_place(ip, number, 0, place);
  return kOk;
}

}  // namespace

bool suits_tcp4(const std::string& protocol, const std::string& address) {
  return protocol == "tcp" && address.find(':') == std::string::npos;
}

Status bind_port(const std::string& protocol, const std::string& address, uint16_t number, UniqueFd& socket) {
  Port port;
  if (auto failure = port.open(protocol, address, number)) return failure;
  if (protocol == "tcp") port.reuse_address(true);
  if (protocol == "udp") enlarge_for_server(port.socket.get());
  if (!port.bind()) return Failure::last("bind");
  // Of two that have bound at once (SO_REUSEADDR), one listens.
  if (protocol == "tcp" && listen(port.socket.get(), kServerBacklog) != 0) return Failure::last("listen");
  socket = std::move(port.socket);
  return kOk;
}

Status hold_port(const std::string& protocol, const std::string& address, uint16_t number, UniqueFd& socket) {
  Port port;
  port.socket = std::move(socket);
  if (auto failure = port.open(protocol, address, number)) {
    return failure->errnum == EPROTONOSUPPORT || failure->errnum == EAFNOSUPPORT ? kOk : Status(failure);
  }
  // Datagrams come in as soon as a UDP socket is bound, and wait for a reader for ever: the smallest buffer has room
  // for one or two.
  if (protocol == "udp") set_option(port.socket.get(), SOL_SOCKET, SO_RCVBUF, 0);
  // Without SO_REUSEADDR: with it on both sides, another process may bind what does not listen, and then listen itself.
  bool bound = port.bind();
  if (!bound && protocol == "tcp" && errno == EADDRINUSE) {
    // Connections of a server that has ended (TIME_WAIT) are no reason to refuse, as they are none for the next server.
    // They do not count with SO_REUSEADDR, which may go again once the port is ours.
    port.reuse_address(true);
    bound = port.bind();
    if (bound) port.reuse_address(false);
  }
  if (!bound) return Failure::last("bind");
  socket = std::move(port.socket);
  return kOk;
}

}  // namespace slipway::host
