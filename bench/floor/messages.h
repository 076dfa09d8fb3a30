// The messages that bring one endpoint up: those that Slipway's bridge driver plans (lib/drivers/bridge.ts,
// createSandbox), attribute by attribute, written out by hand.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "netlink.h"

namespace bench {

// What all endpoints share.
struct Network {
  uint32_t bridge_index = 0;
  uint32_t peer_index = 0;  // of eth0: each fresh namespace counts alike
  uint32_t mtu = 1500;
  uint32_t gateway = 0, broadcast = 0;  // network byte order, as every address here
  uint8_t prefix = 16;
  bool hairpin = false;
};

struct Endpoint {
  std::string path;       // /run/netns/…
  std::string host_link;  // the end of the veth that is a port of the bridge
  std::string owner;      // comment of the elements
  std::array<uint8_t, 6> mac;
  uint32_t address;
  uint16_t host_port, container_port;
};

// The transaction that claims address, sender and published port.
void put_claims(Messages& messages, const Endpoint& endpoint);
// The veth, its peer born in the namespace `netns_fd`; then the host's end, told and raised.
void put_link(Messages& messages, const Network& network, const Endpoint& endpoint, int netns_fd);
// lo, eth0, its address and the default route, inside the namespace.
void put_configuration(Messages& messages, const Network& network, const Endpoint& endpoint);
// Asks for the host's end, which makes the kernel act at once on the news that it has a carrier.
void put_settle(Messages& messages, const Endpoint& endpoint);

}  // namespace bench
