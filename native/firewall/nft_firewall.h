// Every chain and rule of nf_tables in a namespace, of whatever family and table. `iptables-nft` writes there, too.
#pragma once

#include "firewall/firewall.h"
#include "netlink/socket.h"

namespace slipway::firewall {

Status read_chains(netlink::Socket& socket, std::vector<Chain>& chains);
Status read_rules(netlink::Socket& socket, std::vector<Rule>& rules);

}  // namespace slipway::firewall
