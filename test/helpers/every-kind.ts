import type { CreateNetworkOptions, CreateOptions, Sandbox, Slipway } from 'slipway'
import type { ExecutionContext } from 'ava'
import { DualStackWorld, HOST, NEIGHBOUR, OTHER_HOST, SPARE, STRANGER, type Addresses } from './dual-stack.js'
import { serveBoth, type Cast } from './reach-table.js'
import { ip, type Place } from './world.js'

/** A host with a network of every kind and sandboxes on them, all of it made as a user of the library would. */

const option = (name: string, value: string) => ({ [`com.docker.network.${name}`]: value })
const modes = (mode: string) => ({
  ...option('bridge.gateway_mode_ipv4', mode),
  ...option('bridge.gateway_mode_ipv6', mode),
})

/** By name; the network number n is 10.n.0.0/24 and fd00:n::/64. */
const NETWORKS: Readonly<Record<string, Omit<CreateNetworkOptions, 'name'>>> = {
  web: {},
  other: {},
  inner: { internal: true },
  isolated: { internal: true, options: modes('isolated') },
  routed: { options: modes('routed') },
  bare: { options: modes('nat-unprotected') },
  trusting: { options: option('bridge.trusted_host_interfaces', 'uplink') },
  sourced: { options: { ...option('host_ipv4', OTHER_HOST[4]), ...option('host_ipv6', OTHER_HOST[6]) } },
  plain: { options: option('bridge.enable_ip_masquerade', 'false') },
  apart: { options: option('bridge.enable_icc', 'false') },
}

export const numberOf = (network: string) => (network === 'bridge' ? 1 : Object.keys(NETWORKS).indexOf(network) + 2)

/** The addresses of a network with these last numbers. */
export const addressesOn = (network: string, last: number): Addresses => ({
  4: `10.${numberOf(network)}.0.${last}`,
  6: `fd00:${numberOf(network)}::${last}`,
})

/** TCP and UDP. */
const both = (...specs: string[]) => specs.flatMap((spec) => [`${spec}/tcp`, `${spec}/udp`])

/** The sandboxes, by name; those on one network have addresses that end in 2, 3 and so on. */
const SANDBOXES: Readonly<Record<string, CreateOptions & { network: string }>> = {
  app: { network: 'web', publish: both('8080:80', '127.0.0.1:8081:80') },
  beside: {
    network: 'web',
    publish: both('8087:80').map((spec) => `${spec},allow=${NEIGHBOUR[4]},allow=fd00:99::8/125`),
  },
  far: { network: 'other', publish: [`${SPARE[4]}:*`, `[${SPARE[6]}]:*`] },
  two: { network: 'web' },
  shy: { network: 'inner' },
  'shy too': { network: 'inner' },
  isle: { network: 'isolated' },
  'isle too': { network: 'isolated' },
  routed: { network: 'routed', publish: both('8084:80') },
  bare: { network: 'bare', publish: both('8090:80') },
  trusting: { network: 'trusting', publish: both('8085:80') },
  sourced: { network: 'sourced' },
  plain: { network: 'plain' },
  lone: { network: 'apart' },
  lonely: { network: 'apart', publish: both('8088:80') },
  first: { network: 'bridge', publish: both(`${OTHER_HOST[4]}:8089:80`, `[${OTHER_HOST[6]}]:8089:80`) },
}

export interface EveryKind {
  world: DualStackWorld
  slipway: Slipway
  sandboxes: Readonly<Record<string, Sandbox>>
  /**
   * With `NETWORK gateway` for the host's addresses on each network, and `two there` for the sandbox two on the network
   * other.
   */
  cast: Cast
}

export interface Every {
  bridgeCallsIptables: boolean
  /** Names of the sandboxes to make. Default: all, on all networks. */
  only?: readonly string[]
  /** With 1, each sandbox of a network is on a bridge of its own. Default: all are on one. */
  portsPerBridge?: number
}

export async function everyKind(
  t: ExecutionContext,
  { bridgeCallsIptables, only = Object.keys(SANDBOXES), portsPerBridge = 256 }: Every,
): Promise<EveryKind> {
  const world = new DualStackWorld(t, bridgeCallsIptables)
  const { 4: bip, 6: bip6 } = addressesOn('bridge', 1)
  const slipway = await world.open({ bip: `${bip}/24`, bip6: `${bip6}/64`, portsPerBridge })
  for (const [name, options] of Object.entries(NETWORKS)) {
    const { 4: v4, 6: v6 } = addressesOn(name, 0)
    await slipway.networks.create({
      name,
      subnets: [{ subnet: `${v4}/24` }, { subnet: `${v6.replace(/0$/, '')}/64` }],
      ...options,
    })
  }
  const sandboxes: Record<string, Sandbox> = {}
  const cast: Cast = {
    host: { place: world.host, at: HOST },
    'other host': { place: world.host, at: OTHER_HOST },
    spare: { place: world.host, at: SPARE },
    neighbour: { place: world.neighbour, at: NEIGHBOUR },
    stranger: { place: world.neighbour, at: STRANGER, sendsFrom: true },
  }
  for (const [name, options] of Object.entries(SANDBOXES)) {
    if (!only.includes(name)) continue
    const sandbox = await world.create(slipway, name.replace(' ', '-'), options)
    sandboxes[name] = sandbox
    cast[name] = { place: sandbox, at: addressesOf(sandbox) }
  }
  for (const network of ['bridge', ...Object.keys(NETWORKS)])
    cast[`${network} gateway`] = { place: world.host, at: addressesOn(network, 1) }
  const { two } = sandboxes
  if (two) {
    await two.connect('other')
    cast['two there'] = { place: two, at: addressesOf(two, 'other') }
  }
  return { world, slipway, sandboxes, cast }
}

/** Every sandbox serves the ports 80 and 81, host and neighbour 8000. */
export function serveAll(t: ExecutionContext, { world, sandboxes }: EveryKind): void {
  for (const sandbox of Object.values(sandboxes)) for (const port of [80, 81]) serveBoth(t, sandbox, port)
  for (const place of [world.host, world.neighbour]) serveBoth(t, place, 8000)
}

/** The addresses of a sandbox on a network, or on its first. */
export function addressesOf({ endpoints }: Sandbox, network?: string): Addresses {
  const endpoint = network === undefined ? endpoints[0] : endpoints.find((one) => one.network === network)
  const [v4 = '', v6 = ''] = (endpoint?.addresses ?? []).map((address) => address.split('/')[0] ?? '')
  return { 4: v4, 6: v6 }
}

/** Gives a place default routes through an address that its network has not told it. */
export function routeThrough(place: Place, gateway: Addresses): void {
  for (const family of [4, 6] as const) ip('-n', place.name, 'route', 'add', 'default', 'via', gateway[family])
}
