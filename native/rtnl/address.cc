#include "rtnl/address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

struct Place {
  int index = 0;
  IpAddress ip;
};

Status resolve(const std::string& netns, const std::string& link, const std::string& address, Names& names,
               Place& place) {
  if (!parse_ip(address, place.ip)) return Failure::of(EINVAL, "address");
  return names.link_index(netns, link, place.index);
}

nlmsghdr* begin_address(netlink::Batch& batch, netlink::Origin origin, uint16_t type, uint16_t flags,
                        const Place& place, uint8_t prefix) {
  nlmsghdr* message = batch.begin(type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  auto* header = static_cast<ifaddrmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ifaddrmsg)));
  header->ifa_family = place.ip.family;
  header->ifa_prefixlen = prefix;
  header->ifa_index = static_cast<uint32_t>(place.index);
  // The sandbox's addresses are given, never discovered: nobody waits for duplicate address detection.
  if (type == RTM_NEWADDR && place.ip.family == AF_INET6) header->ifa_flags = IFA_F_NODAD;
  mnl_attr_put(message, IFA_LOCAL, place.ip.length, place.ip.bytes.data());
  mnl_attr_put(message, IFA_ADDRESS, place.ip.length, place.ip.bytes.data());
  return message;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const AddressAdd& op, Names& names) {
  Place place;
  IpAddress broadcast;
  if (!op.broadcast.empty() && !parse_ip(op.broadcast, broadcast)) return Failure::of(EINVAL, "address.add");
  if (auto failure = resolve(op.netns, op.link, op.address, names, place)) return failure;
  nlmsghdr* message = begin_address(batch, origin, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, place, op.prefix);
  if (!op.broadcast.empty()) mnl_attr_put(message, IFA_BROADCAST, broadcast.length, broadcast.bytes.data());
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const AddressDelete& op, Names& names) {
  Place place;
  if (auto failure = resolve(op.netns, op.link, op.address, names, place)) return failure;
  begin_address(batch, origin, RTM_DELADDR, 0, place, op.prefix);
  batch.commit();
  return kOk;
}

}  // namespace slipway::rtnl
