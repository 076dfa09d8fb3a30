import type { NetworkRules } from '../store/network-spec.js'
import type { IpFamily } from '../base/addresses/ip.js'
import type { SetDefinition } from '../plan/operation.js'
import * as sets from './sets.js'

/** Set, key and, in a map, data. */
export type NetworkElement = readonly [set: SetDefinition, element: { key: string; data?: string }]

/** The elements that make the constant rules hold for a network; `bridges` first. */
export function networkElements(network: NetworkRules): NetworkElement[] {
  const { bridge, mac, subnets, internal, icc, trusted } = network
  return [
    [sets.bridges, { key: bridge }],
    ...subnets.map(({ family, subnet }): NetworkElement => [
      sets.sameNetwork[family],
      { key: `${subnet} . ${bridge}` },
    ]),
    icc ? [sets.icc, { key: `${bridge} . ${bridge}` }] : [sets.gates, { key: mac }],
    ...when(internal, [sets.internal, { key: bridge }]),
    ...([4, 6] as const).flatMap((family) => familyElements(network, family)),
    ...trusted.map((link): NetworkElement => [sets.trusted, { key: `${link} . ${bridge}` }]),
  ]
}

function familyElements({ bridge, subnets, families, internal }: NetworkRules, family: IpFamily): NetworkElement[] {
  const rules = families[family]
  if (!rules || internal || !subnets.some((subnet) => subnet.family === family)) return []
  const { mode, masquerade, source } = rules
  const translates = masquerade && (mode === 'nat' || mode === 'nat-unprotected')
  return [
    ...when(translates && source === undefined, [sets.masqueraded[family], { key: bridge }]),
    ...when(translates && source !== undefined, [sets.source[family], { key: bridge, data: source ?? '' }]),
    ...when(mode === 'nat-unprotected', [sets.unprotected[family], { key: bridge }]),
    ...when(mode === 'routed', [sets.routed[family], { key: bridge }]),
  ]
}

const when = (condition: boolean, element: NetworkElement): NetworkElement[] => (condition ? [element] : [])

/** What a network claims, and no other may have: its subnets, and on itself the MAC address of its bridge. */
export const networkClaims = ({ bridge, mac, subnets }: NetworkRules): NetworkElement[] => [
  ...subnets.map(({ family, subnet }): NetworkElement => [sets.subnets[family], { key: subnet }]),
  [sets.macs, { key: `${bridge} . ${mac}` }],
]

/** Every set and map whose elements belong to networks. */
export const ownedByNetworks: readonly SetDefinition[] = [
  sets.bridges,
  sets.icc,
  sets.internal,
  sets.trusted,
  sets.gates,
  sets.macs,
  ...[sets.subnets, sets.masqueraded, sets.source, sets.sameNetwork, sets.unprotected, sets.routed].flatMap(
    (definitions) => [definitions[4], definitions[6]],
  ),
]
