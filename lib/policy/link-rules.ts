import { GROUP_FORWARD_MASK, SETTING, type SettingsRule } from '../kernel/link-settings.js'

/** How bridges and ports of sandboxes are to be set, as far as a frame that passes, or does not, depends on it. */

/**
 * Frames to 01:80:c2:00:00:0X, all but PAUSE, which a bridge drops: without it they pass no rule, and go to the host by
 * the port itself, which answers ARP there and believes what it is told.
 */
export const LINK_LOCAL_GROUPS = 0xfffd

/**
 * A port is sent what is for many, and nothing that is for MAC addresses which its bridge does not know. What a static
 * entry or the rules hold without them is left to an administrator: `learning`, `locked`, `guard`, `fastleave`,
 * `priority`, `cost`.
 */
export const PORT_RULE: SettingsRule = {
  mask:
    GROUP_FORWARD_MASK +
    SETTING.flood +
    SETTING.multicastFlood +
    SETTING.broadcastFlood +
    SETTING.isolated +
    SETTING.proxyArp +
    SETTING.neighborSuppress +
    SETTING.disabled,
  value: LINK_LOCAL_GROUPS + SETTING.multicastFlood + SETTING.broadcastFlood,
}

/**
 * A bridge that speaks STP keeps a new port waiting for half a minute, and one that filters by VLAN drops frames. One
 * that overhears who listens to which group, or learns from frames to link-local groups, lets a sandbox change what
 * others get.
 */
export const BRIDGE_RULE: SettingsRule = {
  mask: SETTING.stp + SETTING.vlanFiltering + SETTING.multicastSnooping + SETTING.linkLocalLearning,
  value: 0,
}

/** Settings of bridges under /proc/sys/net/ipv4/conf and ipv6/conf that matter, and of which no multicast tells. */
export const SETTING_FILES = ['route_localnet', 'rp_filter', 'arp_ignore', 'disable_ipv6', 'proxy_arp', 'proxy_ndp']
