#include "rtnl/announce.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/if_ether.h>
#include <netinet/ip6.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/unique_fd.h"
#include "rtnl/address_text.h"

namespace slipway::rtnl {
namespace {

using Mac = std::array<uint8_t, 6>;

// An ARP request from an address for the same.
struct [[gnu::packed]] ArpFrame {
  ether_header ethernet;
  ether_arp arp;
};

// RFC 4861, 4.4, with the link-layer address of 4.6.1.
struct [[gnu::packed]] AdvertFrame {
  ether_header ethernet;
  ip6_hdr ip;
  nd_neighbor_advert advert;
  nd_opt_hdr option;
  uint8_t mac[6];
};

void put_ethernet(ether_header& header, const Mac& from, const Mac& to, uint16_t type) {
  std::memcpy(header.ether_shost, from.data(), from.size());
  std::memcpy(header.ether_dhost, to.data(), to.size());
  header.ether_type = htons(type);
}

ArpFrame arp_of(const Mac& mac, const IpAddress& ip) {
  ArpFrame frame{};
  put_ethernet(frame.ethernet, mac, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, ETHERTYPE_ARP);
  frame.arp.ea_hdr.ar_hrd = htons(ARPHRD_ETHER);
  frame.arp.ea_hdr.ar_pro = htons(ETHERTYPE_IP);
  frame.arp.ea_hdr.ar_hln = 6;
  frame.arp.ea_hdr.ar_pln = 4;
  frame.arp.ea_hdr.ar_op = htons(ARPOP_REQUEST);
  std::memcpy(frame.arp.arp_sha, mac.data(), mac.size());
  std::memcpy(frame.arp.arp_spa, ip.bytes.data(), 4);
  std::memcpy(frame.arp.arp_tpa, ip.bytes.data(), 4);
  return frame;
}

// Of the pseudo-header and what follows it (RFC 2460, 8.1).
uint16_t checksum_of(const AdvertFrame& frame) {
  uint32_t sum = IPPROTO_ICMPV6 + ntohs(frame.ip.ip6_plen);
  auto add = [&](const void* bytes, std::size_t size) {
    const auto* at = static_cast<const uint8_t*>(bytes);
    for (std::size_t index = 0; index < size; index += 2) sum += static_cast<uint32_t>(at[index] << 8 | at[index + 1]);
  };
  add(&frame.ip.ip6_src, sizeof frame.ip.ip6_src + sizeof frame.ip.ip6_dst);
  add(&frame.advert, ntohs(frame.ip.ip6_plen));
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<uint16_t>(~sum));
}

AdvertFrame advert_of(const Mac& mac, const IpAddress& ip) {
  constexpr uint8_t kAllNodes[16] = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  AdvertFrame frame{};
  put_ethernet(frame.ethernet, mac, {0x33, 0x33, 0, 0, 0, 1}, ETHERTYPE_IPV6);
  frame.ip.ip6_flow = htonl(6U << 28);
  frame.ip.ip6_plen = htons(sizeof frame.advert + sizeof frame.option + sizeof frame.mac);
  frame.ip.ip6_nxt = IPPROTO_ICMPV6;
  frame.ip.ip6_hlim = 255;
  std::memcpy(&frame.ip.ip6_src, ip.bytes.data(), 16);
  std::memcpy(&frame.ip.ip6_dst, kAllNodes, 16);
  frame.advert.nd_na_hdr.icmp6_type = ND_NEIGHBOR_ADVERT;
  frame.advert.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE;
  std::memcpy(&frame.advert.nd_na_target, ip.bytes.data(), 16);
  frame.option.nd_opt_type = ND_OPT_TARGET_LINKADDR;
  frame.option.nd_opt_len = 1;
  std::memcpy(frame.mac, mac.data(), mac.size());
  frame.advert.nd_na_hdr.icmp6_cksum = checksum_of(frame);
  return frame;
}

Status send(int link, const void* frame, std::size_t size, UniqueFd& socket) {
  if (!socket) socket = UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!socket) return Failure::of(errno, "socket");
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = link;
  to.sll_halen = ETH_ALEN;
  std::memcpy(to.sll_addr, frame, ETH_ALEN);
  const auto* place = reinterpret_cast<const sockaddr*>(&to);
  return sendto(socket.get(), frame, size, MSG_DONTWAIT, place, sizeof to) < 0 ? Status(Failure::of(errno, "sendto"))
                                                                               : kOk;
}

// By a socket that is closed at once. The frame has the bridge's MAC address as its source, which no neighbour looks
// at. Refused where the link has no IPv6.
Status send_by_ip(int link, const AdvertFrame& frame) {
  UniqueFd socket(::socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
  if (!socket) return Failure::of(errno, "socket");
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_scope_id = static_cast<uint32_t>(link);
  std::memcpy(&to.sin6_addr, &frame.ip.ip6_dst, 16);
  const auto* place = reinterpret_cast<const sockaddr*>(&to);
  return sendto(socket.get(), &frame.ip, sizeof frame - sizeof frame.ethernet, MSG_DONTWAIT, place, sizeof to) < 0
             ? Status(Failure::of(errno, "sendto"))
             : kOk;
}

}  // namespace

Status announce(int link, const NeighborAnnounce& op, UniqueFd& packets) {
  Mac mac{};
  IpAddress ip;
  if (!parse_mac(op.lladdr, mac) || !parse_ip(op.address, ip)) return Failure::of(EINVAL, "neighbor.announce");
  if (ip.family == AF_INET) {
    ArpFrame frame = arp_of(mac, ip);
    return send(link, &frame, sizeof frame, packets);
  }
  AdvertFrame frame = advert_of(mac, ip);
  return send_by_ip(link, frame) ? send(link, &frame, sizeof frame, packets) : kOk;
}

}  // namespace slipway::rtnl
