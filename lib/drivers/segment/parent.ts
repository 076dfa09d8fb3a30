import type { Operation } from '../../plan/operation.js'
import { SEGMENT_GROUP } from '../../policy/sets.js'
import { FAMILIES } from '../../store/network-spec.js'
import { linkAlias } from '../link-alias.js'
import type { SegmentKind } from './kind.js'
import { readVlan, type SegmentNetwork } from './spec.js'

/** The parent of a network, where it is ours to make, and the host's own link beside the sandboxes'. Pure functions. */

/** Alias of a VLAN link that we have made: networks of one driver share it, the last one takes it away. */
export const vlanAlias = ({ driver }: Pick<SegmentKind, 'driver'>, stateDir: string): string =>
  `parent of ${driver} networks of slipway, records in ${stateDir}`

export function makeParent(kind: SegmentKind, network: SegmentNetwork): Operation[] {
  const { parent, made, stateDir, mtu } = network
  if (made === undefined) return []
  const vlan = readVlan(parent)
  return [
    made === 'vlan' && vlan
      ? { op: 'link.create', name: parent, kind: 'vlan', link: vlan.link, id: vlan.id, looseBinding: true }
      : { op: 'link.create', name: parent, kind: 'dummy', mtu },
    {
      op: 'link.set',
      name: parent,
      alias: made === 'vlan' ? vlanAlias(kind, stateDir) : linkAlias(network),
      group: SEGMENT_GROUP,
      noIpv6Address: true,
      up: true,
    },
  ]
}

export function makeShim({ driver, connected }: SegmentKind, network: SegmentNetwork): Operation[] {
  const { parent, shim, mode, flag, mtu } = network
  if (!shim) return []
  return [
    {
      op: 'link.create',
      name: shim.name,
      kind: driver,
      link: parent,
      mode: mode as 'bridge',
      ...(flag === undefined ? {} : { flag: flag as 'bridge' }),
      mtu,
    },
    {
      op: 'link.set',
      name: shim.name,
      alias: linkAlias(network),
      group: SEGMENT_GROUP,
      noIpv6Address: true,
      ...(shim.addresses[6] ? { ipv6: true } : {}),
      up: true,
    },
    ...FAMILIES.flatMap((family): Operation[] => {
      const address = shim.addresses[family]
      // The segment's subnet may be the host's by another link: only the sandboxes are behind this one.
      return address === undefined || connected.includes(mode)
        ? []
        : [{ op: 'address.add', link: shim.name, address: `${address}/${family === 4 ? 32 : 128}` }]
    }),
  ]
}
