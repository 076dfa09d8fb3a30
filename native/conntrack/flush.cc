#include "conntrack/flush.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>

#include "netlink/attributes.h"

namespace slipway::conntrack {
namespace {

constexpr int kDumpTries = 5;

nlmsghdr* build(char* buffer, uint16_t type, uint16_t flags) {
  nlmsghdr* message = mnl_nlmsg_put_header(buffer);
  message->nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = AF_INET;
  header->version = NFNETLINK_V0;
  return message;
}

void read_tuple(const nlattr* nest, Tuple& tuple) {
  netlink::for_each_nested(nest, [&](const nlattr* part) {
    bool ip = mnl_attr_get_type(part) == CTA_TUPLE_IP;
    bool protocol = mnl_attr_get_type(part) == CTA_TUPLE_PROTO;
    netlink::for_each_nested(part, [&](const nlattr* field) {
      uint16_t type = mnl_attr_get_type(field);
      if (ip && type == CTA_IP_V4_SRC) tuple.source = mnl_attr_get_u32(field);
      if (ip && type == CTA_IP_V4_DST) tuple.destination = mnl_attr_get_u32(field);
      if (protocol && type == CTA_PROTO_NUM) tuple.protocol = mnl_attr_get_u8(field);
      if (protocol && type == CTA_PROTO_SRC_PORT) tuple.source_port = mnl_attr_get_u16(field);
      if (protocol && type == CTA_PROTO_DST_PORT) tuple.destination_port = mnl_attr_get_u16(field);
    });
  });
}

bool parse_v4(const std::string& text, uint32_t& address) {
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

}  // namespace

Status dump(netlink::Socket& socket, std::vector<Connection>& connections) {
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    connections.clear();
    alignas(nlmsghdr) char buffer[256] = {};
    status = socket.request(build(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP), [&](const nlmsghdr* answer) {
      Connection connection;
      netlink::for_each_attribute(answer, sizeof(nfgenmsg), [&](const nlattr* attribute) {
        if (mnl_attr_get_type(attribute) == CTA_TUPLE_ORIG) read_tuple(attribute, connection.original);
        if (mnl_attr_get_type(attribute) == CTA_TUPLE_REPLY) read_tuple(attribute, connection.reply);
      });
      connections.push_back(connection);
    });
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

nlmsghdr* build_delete(char* buffer, const Tuple& tuple) {
  nlmsghdr* message = build(buffer, IPCTNL_MSG_CT_DELETE, NLM_F_ACK);
  nlattr* original = mnl_attr_nest_start(message, CTA_TUPLE_ORIG);
  nlattr* ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
  mnl_attr_put_u32(message, CTA_IP_V4_SRC, tuple.source);
  mnl_attr_put_u32(message, CTA_IP_V4_DST, tuple.destination);
  mnl_attr_nest_end(message, ip);
  nlattr* protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
  mnl_attr_put_u8(message, CTA_PROTO_NUM, tuple.protocol);
  mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, tuple.source_port);
  mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, tuple.destination_port);
  mnl_attr_nest_end(message, protocol);
  mnl_attr_nest_end(message, original);
  return message;
}

Status flush(netlink::Socket& socket, const std::vector<Connection>& connections, const ConntrackFlush& op,
             const std::function<bool(uint32_t)>& is_local) {
  uint32_t host = INADDR_ANY;
  uint32_t target = 0;
  bool published = !op.to_address.empty();
  if ((!op.address.empty() && !parse_v4(op.address, host)) || (published && !parse_v4(op.to_address, target))) {
    return Failure::of(EINVAL, "conntrack.flush");
  }
  uint8_t protocol = op.protocol == "udp" ? IPPROTO_UDP : op.protocol == "sctp" ? IPPROTO_SCTP : IPPROTO_TCP;
  for (const auto& [original, reply] : connections) {
    bool through_port = original.protocol == protocol && original.destination_port == htons(op.port) &&
                        (host == INADDR_ANY || original.destination == host);
    bool to_target = published ? reply.source == target && reply.source_port == htons(op.to_port)
                               : reply.source == original.destination &&
                                     reply.source_port == original.destination_port && is_local(original.destination);
    if (!through_port || !to_target) continue;
    alignas(nlmsghdr) char buffer[256] = {};
    auto failure = socket.request(build_delete(buffer, original), [](const nlmsghdr*) {});
    // ENOENT: it ended by itself meanwhile.
    if (failure && failure->errnum != ENOENT) return failure;
  }
  return kOk;
}

}  // namespace slipway::conntrack
