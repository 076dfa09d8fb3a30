#include "conntrack/flush.h"

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <set>
#include <utility>
#include <vector>

namespace slipway::conntrack {
namespace {

void put_address(netlink::Message& message, uint16_t v4, uint16_t v6, const rtnl::IpAddress& address) {
  message.bytes(address.family == AF_INET ? v4 : v6, address.bytes.data(), address.length);
}

void put_protocol(netlink::Message& message, const Tuple& tuple) {
  std::size_t protocol = message.nest(CTA_TUPLE_PROTO);
  message.u8(CTA_PROTO_NUM, tuple.protocol);
  if (tuple.icmp) {
    bool v6 = tuple.protocol == IPPROTO_ICMPV6;
    message.u16(v6 ? CTA_PROTO_ICMPV6_ID : CTA_PROTO_ICMP_ID, tuple.icmp->id);
    message.u8(v6 ? CTA_PROTO_ICMPV6_TYPE : CTA_PROTO_ICMP_TYPE, tuple.icmp->type);
    message.u8(v6 ? CTA_PROTO_ICMPV6_CODE : CTA_PROTO_ICMP_CODE, tuple.icmp->code);
  } else {
    message.u16(CTA_PROTO_SRC_PORT, tuple.source_port);
    message.u16(CTA_PROTO_DST_PORT, tuple.destination_port);
  }
  message.end(protocol);
}

bool came_by(const Connection& connection, const rtnl::IpAddress& address, const ForwardedPort& port) {
  const auto& [original, reply, id, zone] = connection;
  if (original.protocol != IPPROTO_TCP || reply.source != address || reply.source == original.destination) return false;
  return port.host_port == 0 ||
         (original.destination_port == htons(port.host_port) && reply.source_port == htons(port.port));
}

}  // namespace

netlink::Message build_delete(char* room, std::size_t size, const Connection& connection) {
  const Tuple& tuple = connection.original;
  netlink::Message message = begin(room, size, "conntrack.flush", IPCTNL_MSG_CT_DELETE, NLM_F_ACK, tuple.source.family);
  std::size_t original = message.nest(CTA_TUPLE_ORIG);
  std::size_t ip = message.nest(CTA_TUPLE_IP);
  put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.source);
  put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.destination);
  message.end(ip);
  put_protocol(message, tuple);
  if (tuple.zone != 0) message.u16(CTA_TUPLE_ZONE, tuple.zone);
  message.end(original);
  if (connection.zone != 0) message.u16(CTA_ZONE, connection.zone);
  message.u32(CTA_ID, connection.id);
  return message;
}

Status flush(netlink::Socket& socket, const ConntrackFlush& op) {
  std::set<rtnl::IpAddress> addresses;
  for (const auto& text : op.addresses) {
    rtnl::IpAddress address;
    if (!rtnl::parse_ip(text, address)) return Failure::of(EINVAL, "conntrack.flush", text);
    addresses.insert(address);
  }
  std::vector<std::pair<rtnl::IpAddress, const ForwardedPort*>> ports;
  for (const auto& port : op.ports) {
    rtnl::IpAddress address;
    if (!rtnl::parse_ip(port.address, address)) return Failure::of(EINVAL, "conntrack.flush", port.address);
    ports.emplace_back(address, &port);
  }
  std::vector<Connection> found;
  auto failure = read(
      socket, [&] { found.clear(); },
      [&](const Connection& connection) {
        const auto& [original, reply, id, zone] = connection;
        for (const auto* end : {&original.source, &original.destination, &reply.source, &reply.destination}) {
          if (!addresses.contains(*end)) continue;
          found.push_back(connection);
          return;
        }
        for (const auto& [address, way] : ports) {
          if (!came_by(connection, address, *way)) continue;
          found.push_back(connection);
          return;
        }
      });
  if (failure) return failure;
  Status first;
  for (const auto& connection : found) {
    alignas(nlmsghdr) char room[kDeleteRoom];
    auto refused = socket.request(build_delete(room, sizeof room, connection).written(), [](netlink::Answer&) {});
    // ENOENT: it ended by itself meanwhile. One that stays (EBUSY: in a flow table) keeps no other.
    if (refused && refused->errnum != ENOENT && !first) first = refused;
  }
  return first;
}

}  // namespace slipway::conntrack
