#include "host/listeners.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <initializer_list>

#include "netlink/message.h"
#include "rtnl/address_text.h"

namespace slipway::host {
namespace {

// net/tcp_states.h: what listens, and for UDP what is connected to nobody.
constexpr uint32_t kListen = 1U << 10;
constexpr uint32_t kClose = 1U << 7;

}  // namespace

Status dump_listeners(netlink::Socket& socket, uint8_t family, bool udp, uint16_t port,
                      std::vector<Listener>& listeners) {
  alignas(nlmsghdr) char room[512];
  netlink::Message message(room, sizeof room, "dump", SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
  inet_diag_req_v2 request{};
  request.sdiag_family = family;
  request.sdiag_protocol = udp ? IPPROTO_UDP : IPPROTO_TCP;
  request.idiag_states = udp ? kClose : kListen;
  request.id.idiag_sport = htons(port);
  message.header(request);
  return socket.request(message.written(), [&](netlink::Answer& answer) {
    if (answer.type() == SOCK_DIAG_BY_FAMILY && answer.header<inet_diag_msg>().id.idiag_sport == htons(port))
      listeners.push_back(read_listener(answer));
  });
}

Listener read_listener(netlink::Answer& answer) {
  auto found = answer.header<inet_diag_msg>();
  Listener listener;
  listener.address = rtnl::format_ip(found.idiag_family == AF_INET6 ? AF_INET6 : AF_INET, found.id.idiag_src);
  answer.each<inet_diag_msg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == INET_DIAG_SKV6ONLY) listener.ipv6_only = attribute.u8() != 0;
  });
  return listener;
}

Status dump_listeners(bool udp, uint16_t port, std::vector<Listener>& listeners) {
  netlink::Socket socket;
  if (auto failure = netlink::Socket::open(NETLINK_SOCK_DIAG, socket)) return failure;
  for (uint8_t family : std::initializer_list<uint8_t>{AF_INET, AF_INET6}) {
    if (auto failure = dump_listeners(socket, family, udp, port, listeners)) return failure;
  }
  return kOk;
}

}  // namespace slipway::host
