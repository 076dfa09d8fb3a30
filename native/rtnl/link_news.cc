#include "rtnl/link_news.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace slipway::rtnl {

Status LinkNews::open() { return News::open(NETLINK_ROUTE, {RTNLGRP_LINK}, nullptr); }

const std::map<std::string, int>& LinkNews::mean(const std::set<std::string>& names) {
  std::map<std::string, int> meant;
  for (const auto& name : names) {
    auto known = meant_.find(name);
    meant[name] = known == meant_.end() ? number_of(name) : known->second;
  }
  meant_ = std::move(meant);
  return meant_;
}

int LinkNews::number_of(const std::string& name) const {
  ifreq request{};
  if (name.size() >= IFNAMSIZ) return 0;
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  return ioctl(fd(), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

// What was not heard may have been about any of them.
void LinkNews::miss(std::set<std::string>& told) {
  for (auto& [name, number] : meant_) {
    number = number_of(name);
    told.insert(name);
  }
}

void LinkNews::hear(netlink::Answer& message, std::set<std::string>& told) {
  if (message.type() != RTM_NEWLINK && message.type() != RTM_DELLINK) return;
  auto info = message.header<ifinfomsg>();
  std::string name;
  message.each<ifinfomsg>([&](const netlink::Attribute& attribute) {
    if (attribute.type() == IFLA_IFNAME) name = attribute.text();
  });
  // A port that leaves its bridge is said to be deleted, too: to the family of bridges.
  auto meant = info.ifi_family == AF_UNSPEC && !message.malformed() ? meant_.find(name) : meant_.end();
  if (meant == meant_.end()) return;
  // What is said of a link that had the name before is old.
  bool gone = message.type() == RTM_DELLINK;
  if (gone ? meant->second != info.ifi_index : meant->second == info.ifi_index) return;
  meant->second = gone ? 0 : info.ifi_index;
  told.insert(name);
}

}  // namespace slipway::rtnl
