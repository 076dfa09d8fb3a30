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
  bool readable = (all || parse_cidr(op.destination, destination, prefix)) &&
                  (op.gateway.empty() || parse_ip(op.gateway, gateway));
  if (!readable) return Failure::of(EINVAL, "route");
  if (!op.link.empty()) {
    if (auto failure = names.link_index(op.netns, op.link, index)) return failure;
  }
  nlmsghdr* message = batch.begin(type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  auto* header = static_cast<rtmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(rtmsg)));
  bool adding = type == RTM_NEWROUTE;
  header->rtm_family = family_of(op.family, all ? gateway : destination);
  header->rtm_dst_len = prefix;
  header->rtm_table = RT_TABLE_MAIN;
  // A deletion with protocol, type and scope unset matches any.
  header->rtm_protocol = adding ? RTPROT_BOOT : RTPROT_UNSPEC;
  header->rtm_type = adding ? RTN_UNICAST : RTN_UNSPEC;
  header->rtm_scope = scope_of(adding, header->rtm_family, op.gateway.empty());
  if (!all) mnl_attr_put(message, RTA_DST, destination.length, destination.bytes.data());
  if (!op.gateway.empty()) mnl_attr_put(message, RTA_GATEWAY, gateway.length, gateway.bytes.data());
  if (index != 0) mnl_attr_put_u32(message, RTA_OIF, static_cast<uint32_t>(index));
  batch.commit();
  return kOk;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const RouteAdd& op, Names& names) {
  return put_route(batch, origin, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, op, names);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const RouteDelete& op, Names& names) {
  return put_route(batch, origin, RTM_DELROUTE, 0, op, names);
}

}  // namespace slipway::rtnl
