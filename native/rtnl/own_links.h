// Hears what becomes of links that are ours, which are told by their group: bridges, and ports of bridges. Told is what
// was whole and is not, with its name, unless it is whole again a moment later: each link that is made is half made for
// a while.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "netlink/news.h"

namespace slipway::rtnl {

// As far as it is ours to say how it is to be.
struct OwnLink {
  std::string name;
  int master = 0;
  uint32_t group = 0;
  uint32_t mtu = 0;
  bool up = false;

  bool operator==(const OwnLink& other) const {
    return name == other.name && master == other.master && group == other.group && mtu == other.mtu && up == other.up;
  }
};

class OwnLinks : public netlink::News {
 public:
  // `bridges`: the group of bridges. `ports`: those of their ports. `leaving`: of ports that are being deleted.
  OwnLinks(uint32_t bridges, std::set<uint32_t> ports, uint32_t leaving)
      : bridges_(bridges), ports_(std::move(ports)), leaving_(leaving) {}
  Status open() override;
  int rest() const override { return 20; }
  bool ripen(std::set<std::string>& told) override;
  // A link as it was found.
  void know(int index, OwnLink link);

 private:
  struct Known {
    OwnLink whole, now;
    OwnLink told;  // as it was when that was told last
    bool was_whole = false;
    bool gone = false;
    bool struck = false;  // it has lost something that is not looked at here
  };

  // Told are names, and "missed" where some was not heard.
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override { told = {"missed"}; }
  void hear_link(netlink::Answer& message);
  void hear_address(netlink::Answer& message);
  void hear_route(netlink::Answer& message);
  void hear_forwarding(netlink::Answer& message);
  bool is_ours(const OwnLink& link) const { return link.group == bridges_ || ports_.count(link.group) > 0; }
  bool is_whole(const OwnLink& link) const;
  void strike(int bridge);
  void change(int index, Known& known);

  uint32_t bridges_;
  std::set<uint32_t> ports_;
  uint32_t leaving_;
  std::map<int, Known> known_;
  std::set<int> fresh_, ripe_;  // what is to be told, if it is so still: since the last ripen(), and before
};

}  // namespace slipway::rtnl
