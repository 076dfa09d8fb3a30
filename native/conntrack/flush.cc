#include "conntrack/flush.h"

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

namespace slipway::conntrack {
namespace {

uint8_t protocol_number(const std::string& name) {
  if (name == "udp") return IPPROTO_UDP;
  return name == "sctp" ? IPPROTO_SCTP : IPPROTO_TCP;
}

void put_address(netlink::Message& message, uint16_t v4, uint16_t v6, const rtnl::IpAddress& address) {
  message.bytes(address.family == AF_INET ? v4 : v6, address.bytes.data(), address.length);
}

}  // namespace

uint8_t family_of(const ConntrackFlush& op) {
  const std::string& told = op.to_address.empty() ? op.address : op.to_address;
  bool v6 = told.empty() ? op.family == 6 : told.find(':') != std::string::npos;
  return v6 ? AF_INET6 : AF_INET;
}

netlink::Message build_delete(char* room, std::size_t size, const Connection& connection) {
  const Tuple& tuple = connection.original;
  netlink::Message message = begin(room, size, "conntrack.flush", IPCTNL_MSG_CT_DELETE, NLM_F_ACK, tuple.source.family);
  std::size_t original = message.nest(CTA_TUPLE_ORIG);
  std::size_t ip = message.nest(CTA_TUPLE_IP);
  put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.source);
  put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.destination);
  message.end(ip);
  std::size_t protocol = message.nest(CTA_TUPLE_PROTO);
  message.u8(CTA_PROTO_NUM, tuple.protocol);
  message.u16(CTA_PROTO_SRC_PORT, tuple.source_port);
  message.u16(CTA_PROTO_DST_PORT, tuple.destination_port);
  message.end(protocol);
  message.end(original);
  message.u32(CTA_ID, connection.id);
  return message;
}

Status flush(netlink::Socket& socket, const Connections& connections, const ConntrackFlush& op) {
  rtnl::IpAddress host;
  rtnl::IpAddress target;
  bool any = op.address.empty();
  bool published = !op.to_address.empty();
  if ((!any && !rtnl::parse_ip(op.address, host)) || (published && !rtnl::parse_ip(op.to_address, target))) {
    return Failure::of(EINVAL, "conntrack.flush");
  }
  uint8_t family = family_of(op);
  uint8_t protocol = protocol_number(op.protocol);
  for (const auto& connection : connections.all) {
    const auto& [original, reply, id] = connection;
    bool through_port = original.source.family == family && original.protocol == protocol &&
                        original.destination_port == htons(op.port) && (any || original.destination == host);
    bool to_target = published ? reply.source == target && reply.source_port == htons(op.to_port)
                               : reply.source == original.destination &&
                                     reply.source_port == original.destination_port &&
                                     connections.local.contains(original.destination);
    if (!through_port || !to_target) continue;
    alignas(nlmsghdr) char room[kDeleteRoom];
    auto failure = socket.request(build_delete(room, sizeof room, connection).written(), [](netlink::Answer&) {});
    // ENOENT: it ended by itself meanwhile.
    if (failure && failure->errnum != ENOENT) return failure;
  }
  return kOk;
}

}  // namespace slipway::conntrack
