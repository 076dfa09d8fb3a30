import { bridgeAlias } from '../drivers/bridge/network.js'
import { invalid, show, SlipwayError } from '../base/errors.js'
import { completeIpam } from '../claims/addresses/complete.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { IpFamily } from '../base/addresses/ip.js'
import { macOf, macOfId } from '../base/addresses/mac.js'
import { parseSubnet } from '../base/addresses/subnet.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'
import { checkSubnetRequests, type SubnetRequest } from '../base/addresses/subnet-request.js'
import { checkOptions, checks, type Check } from '../base/checks.js'
import type { Settings } from '../base/settings.js'
import { nameCheck } from '../base/name.js'
import type { NetworkRecord } from '../store/network-records.js'
import { randomId } from '../base/random-id.js'
import { thisProcess } from '../store/maker.js'
import { readDriverOptions, type DriverOptions } from '../drivers/bridge/options.js'
import { PREDEFINED } from '../store/predefined.js'
import { FAMILIES, IPV6_MTU, type NetworkSpec } from '../store/network-spec.js'
import type { Surroundings } from '../drivers/surroundings.js'

/** Options of `networks.create`. Names are those of `docker network create`'s flags. */
export interface CreateNetworkOptions {
  /** Letters, digits, `_`, `.` and `-`, at most 100. */
  name: string
  /** Only `bridge` can be created. Default: `bridge`. */
  driver?: string
  /** Default: a free one of the address pools for each IP version that is on. */
  subnets?: readonly SubnetRequest[]
  /** Default: true. */
  ipv4?: boolean
  /** Default: whether a subnet is IPv6. */
  ipv6?: boolean
  /** No way out or in, but for the host itself. Default: false. */
  internal?: boolean
  /** Shown by inspect, and what lists are filtered by. */
  labels?: Readonly<Record<string, string>>
  /** The bridge driver's options, by docker's names: `{ 'com.docker.network.driver.mtu': '1400' }`. */
  options?: Readonly<Record<string, string>>
}

/** IFALIASZ of linux/if.h, without the null. */
const LONGEST_ALIAS = 255

const texts: Check = (value) =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === 'string')
    ? undefined
    : "texts by name, as in { team: 'blue' }"

const CHECKS: Record<keyof CreateNetworkOptions, Check> = {
  name: nameCheck,
  driver: (value) => (typeof value === 'string' ? undefined : "a driver's name"),
  subnets: (value) => (Array.isArray(value) ? undefined : "a list, as in [{ subnet: '172.20.0.0/16' }]"),
  ipv4: checks.flag,
  ipv6: checks.flag,
  internal: checks.flag,
  labels: texts,
  options: texts,
}

/**
 * Checks what does not depend on the host.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT` for a name that every host's networks have, `UNSUPPORTED`
 * drivers.
 */
export function checkNetworkOptions(options: CreateNetworkOptions, { stateDir }: Pick<Settings, 'stateDir'>): void {
  checkOptions('networks.create', options, CHECKS)
  if (options.subnets) checkSubnetRequests(options.subnets)
  if (options.name === undefined) throw invalid("networks.create needs a name, as in { name: 'web' }.")
  if (Object.hasOwn(PREDEFINED, options.name))
    throw new SlipwayError('CONFLICT', `The network "${options.name}" is there on every host. Choose another name.`)
  const tooLong = Buffer.byteLength(bridgeAlias({ name: options.name, stateDir })) - LONGEST_ALIAS
  if (tooLong > 0) {
    throw invalid(
      `name ${options.name} is too long by ${tooLong} characters: the alias of its bridge holds it and stateDir (${stateDir}). Choose a shorter name, or open with a shorter stateDir.`,
    )
  }
  const { driver = 'bridge' } = options
  if (driver === 'bridge') return checkModes(readDriverOptions(options.options ?? {}), options.internal ?? false)
  if (Object.values(PREDEFINED).includes(driver) || driver === 'none')
    throw invalid(
      `driver ${driver}: every host has one such network, and no second can be created. Use it by its name.`,
    )
  throw new SlipwayError('UNSUPPORTED', `driver ${show(driver)} is not one of Slipway's. There is "bridge".`)
}

/**
 * What a network will be: everything that was left open is chosen now.
 *
 * @param kept - Subnets that are not chosen from the pools.
 * @param chosen - Those of networks that this process is about to make, by their ids; this one's comes here.
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT`, `EXHAUSTED`
 */
export async function draftNetwork(
  options: CreateNetworkOptions,
  settings: Settings,
  surroundings: Surroundings,
  kept: readonly Occupied[],
  chosen: Map<string, readonly Occupied[]>,
): Promise<NetworkRecord> {
  const { name, subnets, internal = false, labels = {}, options: given = {}, ipv4 = true } = options
  const driver = readDriverOptions(given, { mtu: settings.mtu, ip: settings.ip })
  const ipv6 =
    options.ipv6 ??
    subnets?.some((request) => typeof request?.subnet === 'string' && request.subnet.includes(':')) ??
    false
  checkModes(driver, internal)
  for (const family of FAMILIES) {
    const source = driver.source[family]
    // Answers would go to whoever has it.
    if (source !== undefined && !(await surroundings.has(source))) {
      throw invalid(
        `options: com.docker.network.host_ipv${family} ${source} is no address of this host. ip address shows what there is.`,
      )
    }
  }
  const complete = completeIpam(
    {
      ...(subnets ? { subnets } : {}),
      ipv4,
      ipv6,
      gatewayModes: driver.modes,
      inhibitIpv4: driver.inhibitIpv4,
      internal,
    },
    {
      pools: surroundings.pools(FAMILIES),
      occupied: await surroundings.occupied(FAMILIES),
      kept: [...kept, ...[...chosen.values()].flat()],
    },
  )
  if (ipv6 && (driver.mtu ?? IPV6_MTU) < IPV6_MTU)
    throw invalid(
      `options: com.docker.network.driver.mtu ${driver.mtu}${settings.mtu === driver.mtu ? ' (as Slipway.open has it)' : ''} is too narrow for IPv6, which takes ${IPV6_MTU} bytes at least. Give that, or leave IPv6 out.`,
    )
  const id = randomId()
  // At once: the next draft chooses before this one is claimed.
  chosen.set(
    id,
    complete.flatMap(({ subnet: text }) => {
      const subnet = parseSubnet(text)
      return subnet ? [{ subnet, what: `the network ${name} will have ${text}` }] : []
    }),
  )
  const rules = (family: IpFamily) => {
    const source = driver.source[family]
    return { mode: driver.modes[family], masquerade: driver.masquerade, ...(source === undefined ? {} : { source }) }
  }
  const spec: Omit<NetworkSpec, 'record'> = {
    id,
    name,
    bridge: driver.bridge ?? `br-${id.slice(0, 12)}`,
    mac: bridgeMac(id, complete),
    mtu: driver.mtu ?? 1500,
    subnets: complete,
    families: { 4: rules(4), 6: rules(6) },
    internal,
    icc: driver.icc,
    trusted: driver.trusted,
    interfacePrefix: driver.interfacePrefix,
    hostIps: driver.hostIps,
    stateDir: settings.stateDir,
  }
  return {
    version: 1,
    id,
    name,
    created: new Date().toISOString(),
    maker: thisProcess(),
    spec,
    ipv4,
    ipv6,
    ...(subnets ? { subnets } : {}),
    options: given,
    labels,
  }
}

/** Of a network with IPv4 the address says it; gateways of IPv6 networks look alike in their last bytes. */
function bridgeMac(id: string, subnets: readonly NetworkSubnet[]): string {
  const ipv4 = subnets.find(({ family }) => family === 4)
  return ipv4 ? macOf(ipv4.address ?? ipv4.subnet.split('/')[0] ?? '') : macOfId(id)
}

function checkModes({ modes, trusted, inhibitIpv4 }: DriverOptions, internal: boolean): void {
  for (const family of FAMILIES) {
    if (modes[family] === 'isolated' && !internal) {
      throw invalid(
        `options: com.docker.network.bridge.gateway_mode_ipv${family} isolated goes with internal: true only: without a gateway nothing could get out.`,
      )
    }
  }
  if (internal && trusted.length > 0)
    throw invalid(
      'options: com.docker.network.bridge.trusted_host_interfaces does not go with internal: nothing gets in there. Leave one of them out.',
    )
  if (inhibitIpv4 && modes[4] === 'isolated')
    throw invalid(
      'options: com.docker.network.bridge.inhibit_ipv4 says nothing where gateway_mode_ipv4 is isolated: the bridge has no address then. Leave it out.',
    )
}
