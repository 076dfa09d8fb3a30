#include "rtnl/neighbor.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

template <typename Op>
Status begin_neighbor(netlink::Batch& batch, netlink::Origin origin, uint16_t type, uint16_t flags, const Op& op,
                      Names& names, nlmsghdr*& message) {
  IpAddress ip;
  int index = 0;
  if (!parse_ip(op.address, ip)) return Failure::of(EINVAL, "neighbor");
  if (auto failure = names.link_index(op.netns, op.link, index)) return failure;
  message = batch.begin(type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  auto* header = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
  header->ndm_family = ip.family;
  header->ndm_ifindex = index;
  header->ndm_state = NUD_PERMANENT;
  header->ndm_flags = op.proxy ? NTF_PROXY : 0;
  mnl_attr_put(message, NDA_DST, ip.length, ip.bytes.data());
  return kOk;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const NeighborAdd& op, Names& names) {
  nlmsghdr* message = nullptr;
  std::array<uint8_t, 6> mac{};
  if (!op.proxy && !parse_mac(op.lladdr, mac)) return Failure::of(EINVAL, "neighbor.add");
  if (auto failure = begin_neighbor(batch, origin, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, op, names, message)) {
    return failure;
  }
  if (!op.proxy) mnl_attr_put(message, NDA_LLADDR, mac.size(), mac.data());
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const NeighborDelete& op, Names& names) {
  nlmsghdr* message = nullptr;
  if (auto failure = begin_neighbor(batch, origin, RTM_DELNEIGH, 0, op, names, message)) return failure;
  batch.commit();
  return kOk;
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const FdbAdd& op, Names& names) {
  std::array<uint8_t, 6> mac{};
  int index = 0;
  if (!parse_mac(op.lladdr, mac)) return Failure::of(EINVAL, "fdb.add");
  if (auto failure = names.link_index({}, op.link, index)) return failure;
  auto flags = static_cast<uint16_t>(NLM_F_ACK | NLM_F_CREATE | (op.exclusive ? NLM_F_EXCL : NLM_F_REPLACE));
  nlmsghdr* message = batch.begin(RTM_NEWNEIGH, flags, origin);
  auto* header = static_cast<ndmsg*>(mnl_nlmsg_put_extra_header(message, sizeof(ndmsg)));
  header->ndm_family = AF_BRIDGE;
  header->ndm_ifindex = index;
  // As `bridge fdb add ... master static sticky` says it: a port that goes down keeps it, and no frame moves it to another.
  header->ndm_state = NUD_NOARP | NUD_REACHABLE;
  header->ndm_flags = NTF_MASTER | NTF_STICKY;
  mnl_attr_put(message, NDA_LLADDR, mac.size(), mac.data());
  batch.commit();
  return kOk;
}

}  // namespace slipway::rtnl
