// Every chain and rule of nf_tables in a namespace, of whatever family and table. `iptables-nft` writes there, too.
#pragma once

#include "firewall/firewall.h"
#include "netlink/socket.h"

namespace slipway::firewall {

Status read_nft(netlink::Socket& socket, Firewalls& firewalls);

}  // namespace slipway::firewall
