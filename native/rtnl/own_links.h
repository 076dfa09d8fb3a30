// Hears what becomes of links that are ours, which are told by their group: those of networks, and ports of bridges.
// Told is what was whole and is not, with its name, unless it is whole again a moment later: each link that is made is
// half made for a while.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "netlink/news.h"

namespace slipway::rtnl {

// As far as it is ours to say how it is to be. `alias`: of a network's own link. `address`: of a bridge.
struct OwnLink {
  std::string name;
  int master = 0;
  uint32_t group = 0;
  uint32_t mtu = 0;
  bool up = false;
  uint32_t settings = 0;
  std::string address, alias;

  bool operator==(const OwnLink& other) const = default;
};

// `mac`: that which a port leads to, if any.
struct FoundLink {
  int index = 0;
  OwnLink link;
  std::string mac;
};

// Which settings (rtnl/link_settings.h) matter, and how they are to be.
struct Rule {
  uint32_t mask = 0, value = 0;

  bool holds(uint32_t settings) const { return (settings & mask) == value; }
};

// Which links are ours: groups of bridges, of other links that networks have, of ports of those bridges, and of ports
// that are being deleted.
struct OwnGroups {
  uint32_t bridges = 0, segments = 0;
  std::set<uint32_t> ports;
  uint32_t leaving = 0;
  Rule bridge, port;
};

class OwnLinks : public netlink::News {
 public:
  explicit OwnLinks(OwnGroups groups) : groups_(std::move(groups)) {}
  Status open() override;
  int rest() const override { return 20; }
  bool ripen(std::set<std::string>& told) override;
  // Links as they were found. What was heard before has happened to them while others were looked at, or earlier: what
  // they are by then decides. Afterwards the rest is to be waited for where this returns true.
  bool know(const std::vector<FoundLink>& found);

 private:
  struct Known {
    OwnLink whole, now;
    OwnLink told;        // as it was when that was told last
    std::string bridge;  // the name that it was told under as a bridge
    bool was_whole = false;
    bool gone = false;
    bool struck = false;  // it has lost something that is not looked at here
  };

  // Told are names, "bridge NAME" of a bridge that is whole for the first time or under another name, or has gone, and
  // "missed" where some was not heard.
  void hear(netlink::Answer& message, std::set<std::string>& told) override;
  void miss(std::set<std::string>& told) override;
  void know(const FoundLink& found);
  void hear_link(netlink::Answer& message, std::set<std::string>& told);
  void hear_port(netlink::Answer& message);
  void hear_neighbor(netlink::Answer& message);
  void hear_address(netlink::Answer& message);
  void hear_route(netlink::Answer& message);
  void hear_forwarding(netlink::Answer& message);
  bool is_bridge(const OwnLink& link) const { return link.group == groups_.bridges; }
  // A network's own, and no port.
  bool is_network(const OwnLink& link) const { return is_bridge(link) || link.group == groups_.segments; }
  bool is_ours(const OwnLink& link) const { return is_network(link) || groups_.ports.count(link.group) > 0; }
  bool is_whole(const OwnLink& link) const;
  bool awaits_bridge(const Known& port) const;
  void strike(int link, bool network = true);
  void change(int index, Known& known);

  OwnGroups groups_;
  // What is heard of links that are not known yet: as they are, or have gone (without a name), or have lost something.
  struct Heard {
    OwnLink now;
    bool is_link = false, struck = false, struck_network = false;
  };
  // An entry of a bridge's table: the bridge, and a MAC address.
  using Entry = std::pair<int, std::array<uint8_t, 6>>;

  std::map<int, Known> known_;
  std::map<Entry, int> leads_;  // the port of ours that each leads to; 0 where frames may move it
  bool knows_ = false;          // links as they were found
  std::map<int, Heard> heard_;  // until then
  std::set<int> fresh_, ripe_;  // what is to be told, if it is so still: since the last ripen(), and before
};

}  // namespace slipway::rtnl
