import { gatewayEndpoint } from '#lib/drivers/gateway.js'
import { bridgeEndpoint, type BridgeEndpoint } from '#lib/drivers/bridge/endpoint.js'
import { freeInterface } from '#lib/drivers/free-interface.js'
import type { EndpointRequest, StoredEndpoint } from '#lib/store/endpoint.js'
import type { Circumstances } from '#lib/drivers/driver.js'
import type { Change } from '#lib/drivers/plans/connect.js'
import type { GatewayMode } from '#lib/base/gateway-mode.js'
import { completeIpam } from '#lib/claims/addresses/complete.js'
import { DEFAULT_POOLS } from '#lib/claims/addresses/default-subnet.js'
import type { IpFamily } from '#lib/base/addresses/ip.js'
import { macOf, macOfId } from '#lib/base/addresses/mac.js'
import { poolOf } from '#lib/claims/addresses/pool-of-subnet.js'
import type { SubnetRequest } from '#lib/base/addresses/subnet-request.js'
import { FAMILIES } from '#lib/store/network-spec.js'
import type { BridgeNetwork } from '#lib/drivers/bridge/spec.js'
import type { DefaultHostIps } from '#lib/claims/ports/expand.js'
import type { PortMapping } from '#lib/base/port-mapping.js'
import { PortGuesses } from '#lib/claims/ports/port-guesses.js'
import { PortTable } from '#lib/claims/ports/port-table.js'
import { claimPublished, readRequests } from '#lib/work/publish.js'

/**
 * What drivers are given, from what somebody would ask for. Nothing is drawn by lot: the same is asked, the same comes.
 */

export interface NetworkOptions {
  ipv4?: boolean
  ipv6?: boolean
  subnets?: SubnetRequest[]
  /** Of both IP versions, or of each. */
  mode?: GatewayMode | Readonly<Record<IpFamily, GatewayMode>>
  masquerade?: boolean
  source?: Readonly<Record<IpFamily, string>>
  internal?: boolean
  icc?: boolean
  trusted?: string[]
  mtu?: number
  interfacePrefix?: string
  hostIps?: Partial<Record<IpFamily, string>>
  inhibitIpv4?: boolean
}

/** Where IPv6 comes from when nobody names a subnet; a host's own pool is its own. */
export const POOLS = [...DEFAULT_POOLS, { base: 'fd00:5110:3a70::/48', size: 64 }]

export const STATE_DIR = '/run/slipway'

/** 64 hex digits that a name is known by. */
export const idOf = (name: string) => Buffer.from(name.padEnd(32, '.')).toString('hex')

/** @param stateDir - Where records are. */
export function networkOf(name: string, options: NetworkOptions = {}, stateDir = STATE_DIR): BridgeNetwork {
  const {
    ipv4 = true,
    ipv6 = false,
    subnets,
    mode = 'nat',
    masquerade = true,
    source,
    internal = false,
    icc = true,
    trusted = [],
    inhibitIpv4 = false,
  } = options
  const { mtu = 1500, interfacePrefix = 'eth', hostIps = { 4: '0.0.0.0', 6: '::' } } = options
  const modes = typeof mode === 'string' ? { 4: mode, 6: mode } : mode
  const routerOf = (family: IpFamily) =>
    modes[family] === 'isolated' ? 'nobody' : family === 4 && inhibitIpv4 ? 'another' : 'host'
  const complete = completeIpam(
    { ...(subnets ? { subnets } : {}), ipv4, ipv6, router: { 4: routerOf(4), 6: routerOf(6) }, internal },
    { pools: POOLS, occupied: [] },
  )
  const id = idOf(name)
  const own4 = complete.find(({ family }) => family === 4)
  const rules = (family: IpFamily) => ({
    mode: modes[family],
    masquerade,
    ...(source ? { source: source[family] } : {}),
  })
  return {
    id,
    name,
    driver: 'bridge',
    bridge: `br-${name}`,
    mac: own4 ? macOf(own4.address ?? own4.subnet.split('/')[0] ?? '') : macOfId(id.slice(2)),
    mtu,
    subnets: complete,
    families: { 4: rules(4), 6: rules(6) },
    internal,
    icc,
    trusted,
    interfacePrefix,
    hostIps,
    stateDir,
    record: { path: `${stateDir}/networks/${name}.json`, content: `{"name":"${name}"}\n` },
  }
}

/** The endpoint of the sandbox `app` on a network, after others. */
export function endpointOn(
  network: BridgeNetwork,
  asked: EndpointRequest = {},
  others: readonly BridgeEndpoint[] = [],
  leaf?: string,
): BridgeEndpoint {
  const taken: Partial<Record<IpFamily, { address: string; subnet: BridgeNetwork['subnets'][number] }>> = {}
  for (const subnet of network.subnets) {
    const address = asked[subnet.family === 4 ? 'ip' : 'ip6'] ?? poolOf(subnet).take()
    if (address !== undefined) taken[subnet.family] ??= { address, subnet }
  }
  const id = Buffer.from(network.name.padEnd(6, '.')).toString('hex').padEnd(64, '0')
  return bridgeEndpoint(network, id, freeInterface(network.interfacePrefix, others), taken, asked, leaf)
}

/** What `-p` becomes on these endpoints; every host port is named. */
export function published(
  endpoints: readonly BridgeEndpoint[],
  networks: readonly BridgeNetwork[],
  ...publish: string[]
): PortMapping[] {
  const hostIpOf = (family: IpFamily) =>
    networks.find(({ name }) => name === gatewayEndpoint(endpoints, family)?.network)?.hostIps[family]
  const hostIps = Object.fromEntries(
    FAMILIES.flatMap((family) => (hostIpOf(family) === undefined ? [] : [[family, hostIpOf(family)]])),
  ) as DefaultHostIps
  // Nothing has to be asked for ports that are named.
  const context = { ports: new PortTable() } as Parameters<typeof claimPublished>[0]
  const mappings = claimPublished(context, readRequests(publish), 'app', endpoints, hostIps, new PortGuesses())
  if (mappings instanceof Promise) throw new RangeError(`${publish.join(' ')}: a golden plan has no ports by choice`)
  return mappings
}

/** Where a sandbox is: its namespace, and the folder of all records. */
export interface Where {
  path: string
  stateDir: string
}

const APP: Where = { path: '/run/netns/app', stateDir: STATE_DIR }

/** The sandbox `app`. */
export const sandboxOf = (
  endpoints: readonly StoredEndpoint[],
  ports: readonly PortMapping[] = [],
  { path, stateDir }: Where = APP,
) => ({
  path,
  endpoints,
  ports,
  owner: 'app (0123456789ab)',
  record: { path: `${stateDir}/sandboxes/app.json`, content: recordOf(endpoints) },
})

/** It before a change. @param after - Its endpoints then. */
export function changeOf(
  endpoints: readonly StoredEndpoint[],
  ports: readonly PortMapping[] = [],
  after = endpoints,
  where = APP,
): Change {
  const { record, ...sandbox } = sandboxOf(endpoints, ports, where)
  return { ...sandbox, record: { path: record.path, before: record.content, content: recordOf(after) } }
}

const recordOf = (endpoints: readonly StoredEndpoint[]) =>
  `${JSON.stringify({ name: 'app', networks: endpoints.map(({ network }) => network) })}\n`

/** Of an endpoint that is made on a network. */
export const circumstancesOf = ({ record }: BridgeNetwork, hairpin = false): Circumstances => ({
  moment: { hairpin },
  ...(record ? { network: record } : {}),
})
