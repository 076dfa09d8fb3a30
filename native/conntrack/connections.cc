#include "conntrack/connections.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

namespace slipway::conntrack {
namespace {

constexpr int kDumpTries = 5;

using netlink::Answer;
using netlink::Attribute;

void read_address(const Attribute& field, uint8_t family, rtnl::IpAddress& address) {
  address.family = family;
  address.length = family == AF_INET ? 4 : 16;
  field.bytes(address.bytes.data(), address.length);
}

void read_protocol(const Attribute& nest, Tuple& tuple) {
  IcmpEcho icmp;
  bool is_icmp = false;
  nest.each([&](const Attribute& field) {
    switch (field.type()) {
      case CTA_PROTO_NUM: tuple.protocol = field.u8(); break;
      case CTA_PROTO_SRC_PORT: tuple.source_port = field.u16(); break;
      case CTA_PROTO_DST_PORT: tuple.destination_port = field.u16(); break;
      case CTA_PROTO_ICMP_ID:
      case CTA_PROTO_ICMPV6_ID:
        icmp.id = field.u16();
        is_icmp = true;
        break;
      case CTA_PROTO_ICMP_TYPE:
      case CTA_PROTO_ICMPV6_TYPE: icmp.type = field.u8(); break;
      case CTA_PROTO_ICMP_CODE:
      case CTA_PROTO_ICMPV6_CODE: icmp.code = field.u8(); break;
      default: break;
    }
  });
  if (is_icmp) tuple.icmp = icmp;
}

void read_tuple(const Attribute& nest, Tuple& tuple) {
  nest.each([&](const Attribute& part) {
    switch (part.type()) {
      case CTA_TUPLE_IP:
        part.each([&](const Attribute& field) {
          switch (field.type()) {
            case CTA_IP_V4_SRC: read_address(field, AF_INET, tuple.source); break;
            case CTA_IP_V4_DST: read_address(field, AF_INET, tuple.destination); break;
            case CTA_IP_V6_SRC: read_address(field, AF_INET6, tuple.source); break;
            case CTA_IP_V6_DST: read_address(field, AF_INET6, tuple.destination); break;
            default: break;
          }
        });
        break;
      case CTA_TUPLE_PROTO: read_protocol(part, tuple); break;
      case CTA_TUPLE_ZONE: tuple.zone = part.u16(); break;
      default: break;
    }
  });
}

// Whether the kernel says that the namespace has no connections: it counts them. A kernel that does not say it is asked
// for the connections themselves.
bool has_none(netlink::Socket& socket) {
  alignas(nlmsghdr) char room[64];
  netlink::Message question = begin(room, sizeof room, "connections", IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK, AF_UNSPEC);
  bool none = false;
  auto refused = socket.request(question.written(), [&](Answer& answer) {
    answer.each<nfgenmsg>([&](const Attribute& attribute) {
      if (attribute.type() == CTA_STATS_GLOBAL_ENTRIES) none = attribute.u32() == 0;
    });
  });
  return none && !refused;
}

}  // namespace

Connection read_connection(Answer& answer) {
  Connection connection;
  answer.header<nfgenmsg>();
  answer.each<nfgenmsg>([&](const Attribute& attribute) {
    switch (attribute.type()) {
      case CTA_TUPLE_ORIG: read_tuple(attribute, connection.original); break;
      case CTA_TUPLE_REPLY: read_tuple(attribute, connection.reply); break;
      case CTA_ZONE: connection.zone = attribute.u16(); break;
      case CTA_ID: connection.id = attribute.u32(); break;
      default: break;
    }
  });
  return connection;
}

netlink::Message begin(char* room, std::size_t size, const char* operation, uint16_t type, uint16_t flags,
                       uint8_t family) {
  netlink::Message message(room, size, operation, static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type), flags);
  nfgenmsg header{};
  header.nfgen_family = family;
  header.version = NFNETLINK_V0;
  message.header(header);
  return message;
}

Status read(netlink::Socket& socket, const std::function<void()>& start,
            const std::function<void(const Connection&)>& each) {
  if (has_none(socket)) {
    start();
    return {};
  }
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    start();
    alignas(nlmsghdr) char room[256];
    netlink::Message question = begin(room, sizeof room, "connections", IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);
    status = socket.request(question.written(), [&](Answer& answer) { each(read_connection(answer)); });
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

}  // namespace slipway::conntrack
