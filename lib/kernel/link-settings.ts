/** What decides which frames pass a bridge and its ports: bits of a link's settings (`native/rtnl/link_settings.h`). */
export const SETTING = {
  // Of ports.
  hairpin: 2 ** 16,
  flood: 2 ** 17,
  multicastFlood: 2 ** 18,
  broadcastFlood: 2 ** 19,
  isolated: 2 ** 20,
  /** By either of its two settings. */
  proxyArp: 2 ** 21,
  neighborSuppress: 2 ** 22,
  /** It has a carrier: its bridge is down, or somebody has said so. */
  disabled: 2 ** 23,
  // Of bridges.
  stp: 2 ** 24,
  vlanFiltering: 2 ** 25,
  multicastSnooping: 2 ** 26,
  linkLocalLearning: 2 ** 27,
} as const

/** The bits of a port that say which frames to link-local groups it takes for ordinary ones (group_fwd_mask). */
export const GROUP_FORWARD_MASK = 0xffff

/** Which settings matter, and how they are to be. */
export interface SettingsRule {
  mask: number
  value: number
}

export const isAsRuled = (settings: number, { mask, value }: SettingsRule): boolean => (settings & mask) === value
