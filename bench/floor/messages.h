// The messages that bring one endpoint up: those that Slipway's drivers plan (lib/drivers/plans/create.ts, with
// bridge/port.ts and segment/endpoints.ts), attribute by attribute, written out by hand.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "netlink.h"
#include "options.h"

namespace bench {

// What all endpoints share.
struct Network {
  std::vector<uint32_t> bridges;  // ifindexes
  uint32_t parent = 0;            // ifindex of what links are a part of, where there are no bridges
  std::string kind;               // of such links: macvlan, ipvlan
  uint32_t peer_index = 0;        // of eth0: each fresh namespace counts alike
  uint32_t mtu = 1500;
  uint32_t gateway = 0, broadcast = 0;  // network byte order, as every address here
  uint8_t prefix = 16;
  bool hairpin = false;
  Ways ways;
};

struct Endpoint {
  std::string path;       // /run/netns/…
  std::string host_link;  // the end of the veth that is a port of the bridge
  std::string segment;    // name of what the claims are made on: the network's own bridge, or the parent
  std::string owner;      // comment of the elements
  std::array<uint8_t, 6> mac;
  uint32_t address;
  uint32_t bridge;   // ifindex
  uint32_t leaf_of;  // ifindex of the network's own bridge, 0 on that one itself
  uint16_t host_port, container_port;
  unsigned ports;  // published: that many from `host_port` on
};

// The transaction that claims address, sender, MAC and published ports.
void put_claims(Messages& messages, const Network& network, const Endpoint& endpoint);
// The same in a transaction for each element. Sends them.
void claim_one_by_one(Socket& nft, Messages& messages, const Endpoint& endpoint);
// The transaction that gives all of them back.
void put_release(Messages& messages, const Network& network, const Endpoint& endpoint);
// The veth, its peer born in the namespace `netns_fd`; then the host's end, told and raised; on a further bridge of the
// network also what leads there.
void put_link(Messages& messages, const Network& network, const Endpoint& endpoint, int netns_fd);
// Raised, as a port of the bridge, which sends frames for its MAC there and nowhere else. `link`: ifindex of the
// host's end.
void put_raised(Messages& messages, const Network& network, const Endpoint& endpoint, uint32_t link);
// A part of the parent, born in the namespace `netns_fd`.
void put_part(Messages& messages, const Network& network, const Endpoint& endpoint, int netns_fd);
// Takes eth0 away, inside the namespace: no rule of the host's keeps it from the segment.
void put_gone(Messages& messages);
// lo, eth0, its address and the default route, inside the namespace.
void put_configuration(Messages& messages, const Network& network, const Endpoint& endpoint);
// Takes back what leads to an endpoint on a further bridge.
void put_lead_away(Messages& messages, const Endpoint& endpoint);
// Asks for the host's end, which makes the kernel act at once on the news that it has a carrier.
void put_settle(Messages& messages, const Endpoint& endpoint);

}  // namespace bench
