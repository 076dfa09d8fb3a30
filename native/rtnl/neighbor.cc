#include "rtnl/neighbor.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

template <typename Op>
Status resolve(const Op& op, Names& names, ndmsg& header, IpAddress& ip) {
  if (!parse_ip(op.address, ip)) return Failure::of(EINVAL, "neighbor");
  header.ndm_family = ip.family;
  header.ndm_state = NUD_PERMANENT;
  header.ndm_flags = op.proxy ? NTF_PROXY : 0;
  return names.link_index(op.netns, op.link, header.ndm_ifindex);
}

netlink::Message begin_neighbor(netlink::Batch& batch, netlink::Origin origin, const char* operation, uint16_t type,
                                uint16_t flags, const ndmsg& header, const IpAddress& ip) {
  netlink::Message message = batch.begin(operation, type, static_cast<uint16_t>(NLM_F_ACK | flags), origin);
  message.header(header);
  message.bytes(NDA_DST, ip.bytes.data(), ip.length);
  return message;
}

}  // namespace

Status encode(netlink::Batch& batch, netlink::Origin origin, const NeighborAdd& op, Names& names) {
  std::array<uint8_t, 6> mac{};
  ndmsg header{};
  IpAddress ip;
  if (!op.proxy && !parse_mac(op.lladdr, mac)) return Failure::of(EINVAL, "neighbor.add");
  if (auto failure = resolve(op, names, header, ip)) return failure;
  netlink::Message message =
      begin_neighbor(batch, origin, "neighbor.add", RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_EXCL, header, ip);
  if (!op.proxy) message.bytes(NDA_LLADDR, mac.data(), mac.size());
  return batch.commit(message);
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const NeighborDelete& op, Names& names) {
  ndmsg header{};
  IpAddress ip;
  if (auto failure = resolve(op, names, header, ip)) return failure;
  return batch.commit(begin_neighbor(batch, origin, "neighbor.delete", RTM_DELNEIGH, 0, header, ip));
}

Status encode(netlink::Batch& batch, netlink::Origin origin, const FdbAdd& op, Names& names) {
  std::array<uint8_t, 6> mac{};
  int index = 0;
  if (!parse_mac(op.lladdr, mac)) return Failure::of(EINVAL, "fdb.add");
  if (auto failure = names.link_index({}, op.link, index)) return failure;
  auto flags = static_cast<uint16_t>(NLM_F_ACK | NLM_F_CREATE | (op.exclusive ? NLM_F_EXCL : NLM_F_REPLACE));
  ndmsg header{};
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = index;
  // As `bridge fdb add ... master static sticky` says it: a port that goes down keeps it, and no frame moves it to
  // another.
  header.ndm_state = NUD_NOARP | NUD_REACHABLE;
  header.ndm_flags = NTF_MASTER | NTF_STICKY;
  netlink::Message message = batch.begin("fdb.add", RTM_NEWNEIGH, flags, origin);
  message.header(header);
  message.bytes(NDA_LLADDR, mac.data(), mac.size());
  return batch.commit(message);
}

}  // namespace slipway::rtnl
