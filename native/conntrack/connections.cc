#include "conntrack/connections.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include "rtnl/dump.h"

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

void read_tuple(const Attribute& nest, Tuple& tuple) {
  nest.each([&](const Attribute& part) {
    bool ip = part.type() == CTA_TUPLE_IP;
    bool protocol = part.type() == CTA_TUPLE_PROTO;
    if (!ip && !protocol) return;
    part.each([&](const Attribute& field) {
      uint16_t type = field.type();
      if (ip && type == CTA_IP_V4_SRC) read_address(field, AF_INET, tuple.source);
      if (ip && type == CTA_IP_V4_DST) read_address(field, AF_INET, tuple.destination);
      if (ip && type == CTA_IP_V6_SRC) read_address(field, AF_INET6, tuple.source);
      if (ip && type == CTA_IP_V6_DST) read_address(field, AF_INET6, tuple.destination);
      if (protocol && type == CTA_PROTO_NUM) tuple.protocol = field.u8();
      if (protocol && type == CTA_PROTO_SRC_PORT) tuple.source_port = field.u16();
      if (protocol && type == CTA_PROTO_DST_PORT) tuple.destination_port = field.u16();
    });
  });
}

Status dump(netlink::Socket& socket, uint8_t family, std::vector<Connection>& connections) {
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    connections.clear();
    alignas(nlmsghdr) char room[256];
    netlink::Message question = begin(room, sizeof room, "connections", IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
    status = socket.request(question.written(), [&](Answer& answer) { connections.push_back(read_connection(answer)); });
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

}  // namespace

Connection read_connection(Answer& answer) {
  Connection connection;
  answer.header<nfgenmsg>();
  answer.each<nfgenmsg>([&](const Attribute& attribute) {
    switch (attribute.type()) {
      case CTA_TUPLE_ORIG: read_tuple(attribute, connection.original); break;
      case CTA_TUPLE_REPLY: read_tuple(attribute, connection.reply); break;
      case CTA_ID: connection.id = attribute.u32(); break;
      default: break;
    }
  });
  return connection;
}

netlink::Message begin(char* room, std::size_t size, const char* operation, uint16_t type, uint16_t flags, uint8_t family) {
  netlink::Message message(room, size, operation, static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type), flags);
  nfgenmsg header{};
  header.nfgen_family = family;
  header.version = NFNETLINK_V0;
  message.header(header);
  return message;
}

Status read(netlink::Socket& conntrack, netlink::Socket& rtnl, uint8_t family, Connections& connections) {
  std::vector<rtnl::AddressInfo> own;
  if (auto failure = dump(conntrack, family, connections.all)) return failure;
  if (auto failure = rtnl::dump_addresses(rtnl, family, own)) return failure;
  for (const auto& info : own) {
    rtnl::IpAddress ip;
    if (rtnl::parse_ip(info.address, ip)) connections.local.insert(ip);
  }
  return kOk;
}

}  // namespace slipway::conntrack
