import type { GatewayMode } from '../base/gateway-mode.js'
import type { IpFamily } from '../base/addresses/ip.js'
import type { SetDefinition } from '../plan/operation.js'
import * as sets from './sets.js'

/** What of a network matters to the firewall. */
export interface NetworkRules {
  /** Name of its bridge. */
  bridge: string
  /** MAC address of the bridge. */
  mac: string
  /** As CIDR: `172.20.0.0/16`. */
  subnets: readonly { family: IpFamily; subnet: string }[]
  /** What is said of an IP version that has no subnet is left unsaid to the kernel. */
  families: Readonly<Partial<Record<IpFamily, FamilyRules>>>
  /** Nothing passes into or out of it. */
  internal: boolean
  /** Its sandboxes may talk to each other. */
  icc: boolean
  /** Interfaces of the host: what comes in there may speak to published ports at the sandboxes' own addresses. */
  trusted: readonly string[]
}

export interface FamilyRules {
  mode: GatewayMode
  /** Traffic to the world leaves under the host's address, where the mode translates at all. */
  masquerade: boolean
  /** Which address of the host that is. Default: the one that the kernel chooses by the route. */
  source?: string
}

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
    ...when(translates, [sets.masqueraded[family], { key: bridge }]),
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
