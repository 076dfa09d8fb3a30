import type { Sandbox } from 'slipway'
import { addressesOn } from './segment.js'
import { execIn, ipJson, type World } from './world.js'

/** What others do on the host to a macvlan or ipvlan network, by name. */

export interface DamagedSegment {
  world: World
  app: Sandbox
  /** The link that is damaged: the host's own on the segment, or a parent that Slipway has made. */
  link: string
}

export interface SegmentDamage {
  do(scene: DamagedSegment): unknown
  /** The kernel tells nobody which sandbox it is of: the next open() notices it. */
  late?: true
}

const set = ({ world, link }: DamagedSegment, ...words: string[]) =>
  execIn(world.host, 'ip', 'link', 'set', link, ...words)

/** Of any link that Slipway has made for such a network. */
export const LINK_DAMAGES: Readonly<Record<string, SegmentDamage>> = {
  deleted: { do: ({ world, link }) => execIn(world.host, 'ip', 'link', 'delete', link) },
  down: { do: (scene) => set(scene, 'down') },
  renamed: { do: (scene) => set(scene, 'name', 'old9') },
  'without its alias': { do: (scene) => set(scene, 'alias', '') },
  'in another group': { do: (scene) => set(scene, 'group', '7') },
  'with a smaller MTU': { do: (scene) => set(scene, 'mtu', '1400') },
}

/** Of the host's own link, and of what the ruleset has of a sandbox on such a network. */
export const SHIM_DAMAGES: Readonly<Record<string, SegmentDamage>> = {
  ...LINK_DAMAGES,
  'without its IPv4 address': { do: ({ world, link }) => execIn(world.host, 'ip', '-4', 'address', 'flush', link) },
  'without its IPv6 address': {
    do: ({ world, link }) => execIn(world.host, 'ip', '-6', 'address', 'flush', link, 'scope', 'global'),
  },
  'the route to a sandbox deleted': {
    late: true,
    do: ({ world, link, app }) => execIn(world.host, 'ip', 'route', 'delete', `${addressesOn(app)[0]}/32`, 'dev', link),
  },
  'the claim of an address deleted': {
    do: ({ world, app }) =>
      execIn(world.host, 'nft', `delete element inet slipway segments4 { "uplink" . ${addressesOn(app)[0]} }`),
  },
  'the claims of MAC addresses flushed': {
    do: ({ world }) => execIn(world.host, 'nft', 'flush set inet slipway macs'),
  },
}

interface Link {
  ifname: string
  flags: string[]
  mtu: number
  group: string
  ifalias?: string
  addr_info: { local: string; prefixlen: number; scope: string }[]
}

/** What of the host is to be as before; numbers and MAC addresses of links may be others. */
export function segmentCondition({ world: { host } }: DamagedSegment): Record<string, string[]> {
  const routes = ['-4', '-6'].flatMap((version) => ipJson<{ dst: string; dev: string }>(host, version, 'route'))
  return {
    links: ipJson<Link>(host, 'address')
      .map(({ ifname, flags, mtu, group, ifalias, addr_info }) =>
        [
          ...[ifname, flags.includes('UP'), mtu, group, ifalias],
          ...addr_info.flatMap(({ local, prefixlen, scope }) => (scope === 'global' ? [`${local}/${prefixlen}`] : [])),
        ].join(' '),
      )
      .sort(),
    routes: routes.map(({ dst, dev }) => `${dst} ${dev}`).sort(),
    claims: ['segments4', 'segments6', 'macs'].flatMap((of) =>
      execIn(host, 'nft', 'list', 'set', 'inet', 'slipway', of)
        .split('\n')
        .map((line) => line.trim()),
    ),
  }
}
