// Whether a namespace has what it was given. Nothing is dumped: what else is in there, its own processes have made, as
// much of it as they like.
#pragma once

#include <string>

#include "netlink/socket.h"

namespace slipway::rtnl {

// `given`: interfaces, a line each, with its addresses behind its name. `lacking`: in the same form, what of them is
// not there; an interface that is down has "down" for its addresses, one that is not there has nothing.
Status find_lacking(netlink::Socket& socket, const std::string& given, std::string& lacking);

}  // namespace slipway::rtnl
