// Hears that a namespace's forwarding is turned on or off as a whole (RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF). A
// filter in the kernel lets nothing else through: each link that comes says something in these groups, too.
#pragma once

#include <set>
#include <string>

#include "netlink/news.h"

namespace slipway::rtnl {

class ForwardingNews : public netlink::News {
 public:
  Status open() override;

 private:
  // Told is what the setting is by now, as "ipv4 1"; or "ipv4" alone where that is not known.
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override;
};

}  // namespace slipway::rtnl
