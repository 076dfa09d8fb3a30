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
  uint8_t prefix = 0;
};

Status resolve(const std::string& netns, const std::string& link, const std::string& address, Names& names,
               Place& place) {
  if (!parse_cidr(address, place.ip, place.prefix)) return Failure::of(EINVAL, "address");
  return names.link_index(netns, link, place.index);
}

netlink::Message begin_address(netlink::Batch& batch, netlink::Origin origin, const char* operation, uint16_t type,
                               uint16_t flags, const Place& place) {
  netlink::Message message = batch.begin(operation, type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  ifaddrmsg header{};
  header.ifa_family = place.ip.family;
  header.ifa_prefixlen = place.prefix;
  header.ifa_index = static_cast<uint32_t>(place.index);
  // The sandbox's addresses are given, never discovered: nobody waits for duplicate address detection.
  if (type == RTM_NEWADDR && place.ip.family == AF_INET6) header.ifa_flags = IFA_F_NODAD;
  message.header(header);
  message.bytes(IFA_LOCAL, place.ip.bytes.data(), place.ip.length);
  message.bytes(IFA_ADDRESS, place.ip.bytes.data(), place.ip.length);
  return message;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const AddressAdd& op, Names& names) {
  Place place;
  IpAddress broadcast;
  if (!op.broadcast.empty() && !parse_ip(op.broadcast, broadcast)) return Failure::of(EINVAL, "address.add");
  if (auto failure = resolve(op.netns, op.link, op.address, names, place)) return failure;
  netlink::Message message = begin_address(batch, origin, "address.add", RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, place);
  if (!op.broadcast.empty()) message.bytes(IFA_BROADCAST, broadcast.bytes.data(), broadcast.length);
  return batch.commit(message);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const AddressDelete& op, Names& names) {
  Place place;
  if (auto failure = resolve(op.netns, op.link, op.address, names, place)) return failure;
  return batch.commit(begin_address(batch, origin, "address.delete", RTM_DELADDR, 0, place));
}

}  // namespace slipway::rtnl
