#include "conntrack/connections.h"

#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <sys/socket.h>

#include <cstring>

#include "netlink/attributes.h"
#include "rtnl/dump.h"

namespace slipway::conntrack {
namespace {

constexpr int kDumpTries = 5;

void read_address(const nlattr* field, uint8_t family, rtnl::IpAddress& address) {
  address.family = family;
  address.length = family == AF_INET ? 4 : 16;
  if (mnl_attr_get_payload_len(field) == address.length) {
    std::memcpy(address.bytes.data(), mnl_attr_get_payload(field), address.length);
  }
}

void read_tuple(const nlattr* nest, Tuple& tuple) {
  netlink::for_each_nested(nest, [&](const nlattr* part) {
    bool ip = mnl_attr_get_type(part) == CTA_TUPLE_IP;
    bool protocol = mnl_attr_get_type(part) == CTA_TUPLE_PROTO;
    netlink::for_each_nested(part, [&](const nlattr* field) {
      uint16_t type = mnl_attr_get_type(field);
      if (ip && type == CTA_IP_V4_SRC) read_address(field, AF_INET, tuple.source);
      if (ip && type == CTA_IP_V4_DST) read_address(field, AF_INET, tuple.destination);
      if (ip && type == CTA_IP_V6_SRC) read_address(field, AF_INET6, tuple.source);
      if (ip && type == CTA_IP_V6_DST) read_address(field, AF_INET6, tuple.destination);
      if (protocol && type == CTA_PROTO_NUM) tuple.protocol = mnl_attr_get_u8(field);
      if (protocol && type == CTA_PROTO_SRC_PORT) tuple.source_port = mnl_attr_get_u16(field);
      if (protocol && type == CTA_PROTO_DST_PORT) tuple.destination_port = mnl_attr_get_u16(field);
    });
  });
}

Status dump(netlink::Socket& socket, uint8_t family, std::vector<Connection>& connections) {
  Status status;
  for (int attempt = 0; attempt < kDumpTries; ++attempt) {
    connections.clear();
    alignas(nlmsghdr) char buffer[256] = {};
    status = socket.request(build(buffer, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family), [&](const nlmsghdr* answer) {
      Connection connection;
      netlink::for_each_attribute(answer, sizeof(nfgenmsg), [&](const nlattr* attribute) {
        switch (mnl_attr_get_type(attribute)) {
          case CTA_TUPLE_ORIG: read_tuple(attribute, connection.original); break;
          case CTA_TUPLE_REPLY: read_tuple(attribute, connection.reply); break;
          case CTA_ID: connection.id = mnl_attr_get_u32(attribute); break;
          default: break;
        }
      });
      connections.push_back(connection);
    });
    if (!status || status->errnum != EINTR) return status;
  }
  return status;
}

}  // namespace

nlmsghdr* build(char* buffer, uint16_t type, uint16_t flags, uint8_t family) {
  nlmsghdr* message = mnl_nlmsg_put_header(buffer);
  message->nlmsg_type = static_cast<uint16_t>(NFNL_SUBSYS_CTNETLINK << 8 | type);
  message->nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | flags);
  auto* header = static_cast<nfgenmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(nfgenmsg)));
  header->nfgen_family = family;
  header->version = NFNETLINK_V0;
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
