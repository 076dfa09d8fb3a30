// One table of iptables' older half: entries of various lengths, one behind the other.
#pragma once

#include <net/if.h>
#include <netinet/in.h>
// These want the names of the headers above.
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <string>
#include <string_view>

#include "firewall/firewall.h"

namespace slipway::firewall {

// Adds the chains and rules of a table. `info` and `bytes` are what the kernel says of it; what is not whole there, or
// lies where nothing of its kind can, is passed over with all that is behind it. The bytes begin at a multiple of 8.
void put_table(const std::string& name, const ipt_getinfo& info, std::string_view bytes, Firewalls& firewalls);
void put_table(const std::string& name, const ip6t_getinfo& info, std::string_view bytes, Firewalls& firewalls);

}  // namespace slipway::firewall
