#include "conntrack/flush.h"

#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

namespace slipway::conntrack {
namespace {

uint8_t protocol_number(const std::string& name) {
  if (name == "udp") return IPPROTO_UDP;
  return name == "sctp" ? IPPROTO_SCTP : IPPROTO_TCP;
}

void put_address(nlmsghdr* message, uint16_t v4, uint16_t v6, const rtnl::IpAddress& address) {
  mnl_attr_put(message, address.family == AF_INET ? v4 : v6, address.length, address.bytes.data());
}

}  // namespace

uint8_t family_of(const ConntrackFlush& op) {
  const std::string& told = op.to_address.empty() ? op.address : op.to_address;
  bool v6 = told.empty() ? op.family == 6 : told.find(':') != std::string::npos;
  return v6 ? AF_INET6 : AF_INET;
}

nlmsghdr* build_delete(char* buffer, const Connection& connection) {
  const Tuple& tuple = connection.original;
  nlmsghdr* message = build(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, tuple.source.family);
  nlattr* original = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
  nlattr* ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  put_address(message, CTA_IP_V4_SRC, CTA_IP_V6_SRC, tuple.source);
  put_address(message, CTA_IP_V4_DST, CTA_IP_V6_DST, tuple.destination);
  mnl_attr_nest_end(message, ip);
  nlattr* protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, tuple.protocol);
  mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, tuple.source_port);
  mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, tuple.destination_port);
  mnl_attr_nest_end(message, protocol);
  mnl_attr_nest_end(message, original);
  mnl_attr_put_u32(message, CTA_ID, connection.id);
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
    alignas(nlmsghdr) char buffer[256] = {};
    auto failure = socket.request(build_delete(buffer, connection), [](const nlmsghdr*) {});
    // ENOENT: it ended by itself meanwhile.
    if (failure && failure->errnum != ENOENT) return failure;
  }
  return kOk;
}

}  // namespace slipway::conntrack
