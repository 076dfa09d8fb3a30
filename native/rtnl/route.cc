#include "rtnl/route.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

// `told` is all zeros where there is no address to tell.
uint8_t family_of(uint8_t asked, const IpAddress& told) {
  if (told.length != 0) return told.family;
  return asked == 6 ? AF_INET6 : AF_INET;
}

// IPv6 has no scopes of routes.
uint8_t scope_of(bool adding, uint8_t family, bool on_link) {
  if (family == AF_INET6) return RT_SCOPE_UNIVERSE;
  if (!adding) return RT_SCOPE_NOWHERE;
  return on_link ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

template <typename Op>
Status put_route(netlink::Batch& batch, netlink::Origin origin, uint16_t type, uint16_t flags, const Op& op,
                 Names& names) {
  IpAddress destination;
  IpAddress gateway;
  uint8_t prefix = 0;
  int index = 0;
  bool all = op.destination == "default";
  bool readable =
      (all || parse_cidr(op.destination, destination, prefix)) && (op.gateway.empty() || parse_ip(op.gateway, gateway));
  if (!readable) return Failure::of(EINVAL, "route");
  if (!op.link.empty()) {
    if (auto failure = names.link_index(op.netns, op.link, index)) return failure;
  }
  bool adding = type == RTM_NEWROUTE;
  netlink::Message message =
      batch.begin(adding ? "route.add" : "route.delete", type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  rtmsg header{};
  header.rtm_family = family_of(op.family, all ? gateway : destination);
  header.rtm_dst_len = prefix;
  header.rtm_table = RT_TABLE_MAIN;
  // A deletion with protocol, type and scope unset matches any.
  uint8_t protocol = adding ? RTPROT_BOOT : RTPROT_UNSPEC;
  header.rtm_protocol = op.protocol != 0 ? op.protocol : protocol;
  header.rtm_type = adding ? RTN_UNICAST : RTN_UNSPEC;
  header.rtm_scope = scope_of(adding, header.rtm_family, op.gateway.empty());
  message.header(header);
  if (!all) message.bytes(RTA_DST, destination.bytes.data(), destination.length);
  if (!op.gateway.empty()) message.bytes(RTA_GATEWAY, gateway.bytes.data(), gateway.length);
  if (op.metric != 0) message.u32(RTA_PRIORITY, op.metric);
  if (index != 0) message.u32(RTA_OIF, static_cast<uint32_t>(index));
  return batch.commit(message);
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const RouteAdd& op, Names& names) {
  return put_route(batch, origin, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, op, names);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const RouteDelete& op, Names& names) {
  return put_route(batch, origin, RTM_DELROUTE, 0, op, names);
}

}  // namespace slipway::rtnl
