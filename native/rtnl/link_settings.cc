#include "rtnl/link_settings.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <string>

namespace slipway::rtnl {
namespace {

uint32_t read_bridge(const netlink::Attribute& bridge) {
  uint32_t settings = 0;
  bridge.each([&](const netlink::Attribute& attribute) {
    switch (attribute.type()) {
      case IFLA_BR_STP_STATE: settings |= attribute.u32() != 0 ? kStp : 0; break;
      case IFLA_BR_VLAN_FILTERING: settings |= attribute.u8() != 0 ? kVlanFiltering : 0; break;
      case IFLA_BR_MCAST_SNOOPING: settings |= attribute.u8() != 0 ? kMulticastSnooping : 0; break;
      case IFLA_BR_MULTI_BOOLOPT: {
        auto options = attribute.structure<br_boolopt_multi>(sizeof(br_boolopt_multi));
        bool learns = (options.optmask & ~options.optval & 1U << BR_BOOLOPT_NO_LL_LEARN) != 0;
        settings |= learns ? kLinkLocalLearning : 0;
        break;
      }
      default: break;
    }
  });
  return settings;
}

}  // namespace

uint32_t read_port_settings(const netlink::Attribute& port, bool running) {
  uint32_t settings = kMulticastFlood | kBroadcastFlood;
  const auto flag = [&](uint32_t bit, const netlink::Attribute& attribute) {
    settings = attribute.u8() != 0 ? settings | bit : settings & ~bit;
  };
  port.each([&](const netlink::Attribute& attribute) {
    switch (attribute.type()) {
      // Out of each other state, a bridge without STP takes its ports at once.
      case IFLA_BRPORT_STATE: settings |= running && attribute.u8() == BR_STATE_DISABLED ? kDisabled : 0; break;
      case IFLA_BRPORT_MODE: flag(kHairpin, attribute); break;
      case IFLA_BRPORT_UNICAST_FLOOD: flag(kFlood, attribute); break;
      case IFLA_BRPORT_MCAST_FLOOD: flag(kMulticastFlood, attribute); break;
      case IFLA_BRPORT_BCAST_FLOOD: flag(kBroadcastFlood, attribute); break;
      case IFLA_BRPORT_ISOLATED: flag(kIsolated, attribute); break;
      case IFLA_BRPORT_PROXYARP:
      case IFLA_BRPORT_PROXYARP_WIFI: settings |= attribute.u8() != 0 ? kProxyArp : 0; break;
      case IFLA_BRPORT_NEIGH_SUPPRESS: flag(kNeighSuppress, attribute); break;
      case IFLA_BRPORT_GROUP_FWD_MASK: settings |= attribute.u16(); break;
      default: break;
    }
  });
  return settings;
}

// The kernel says of which kind something is before it says what is set of it.
uint32_t read_link_settings(const netlink::Attribute& info, bool running) {
  uint32_t settings = 0;
  bool bridge = false;
  bool port = false;
  info.each([&](const netlink::Attribute& attribute) {
    switch (attribute.type()) {
      case IFLA_INFO_KIND: bridge = attribute.text() == "bridge"; break;
      case IFLA_INFO_SLAVE_KIND: port = attribute.text() == "bridge"; break;
      case IFLA_INFO_DATA: settings |= bridge ? read_bridge(attribute) : 0; break;
      case IFLA_INFO_SLAVE_DATA: settings |= port ? read_port_settings(attribute, running) : 0; break;
      default: break;
    }
  });
  return settings;
}

}  // namespace slipway::rtnl
