// Extensions of iptables that ask something of a packet: those that are understood, as steps.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace slipway::firewall {

// Appends the steps of one. `info`: its own structure, as the kernel has it.
void put_match(const std::string& name, unsigned revision, std::string_view info, std::vector<std::string>& steps);

}  // namespace slipway::firewall
