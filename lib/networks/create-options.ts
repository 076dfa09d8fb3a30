import type {
  BridgeDriverOptions,
  DockerDriverOptions,
  IpvlanDriverOptions,
  MacvlanDriverOptions,
} from '../base/driver-options.js'
import { callChecks, type CallOptions } from '../base/call.js'
import { invalid, show, SlipwayError } from '../base/errors.js'
import { checkSubnetRequests, type SubnetRequest } from '../base/addresses/subnet-request.js'
import { checkOptions, checks, type Check } from '../base/checks.js'
import { labelsCheck, type Labels } from '../base/labels.js'
import { nameCheck } from '../base/name.js'
import type { Settings } from '../base/settings.js'
import type { NetworkDriver } from '../drivers/driver.js'
import { dockerOptions } from './driver-options.js'
import { defaultDriver, findDriver, networkDrivers, stackDrivers } from '../drivers/index.js'
import type { NetworkRequest } from '../drivers/networks-of.js'
import { isPredefined } from '../drivers/predefined.js'

/** What networks of all drivers are created with. Names are those of `docker network create`'s flags. */
export interface CommonNetworkOptions extends CallOptions {
  /** Letters, digits, `_`, `.` and `-`, at most 100. */
  name: string
  /** Default: a free one of the address pools for each IP version that is on. */
  subnets?: readonly SubnetRequest[]
  /** Default: true. */
  ipv4?: boolean
  /** Default: whether a subnet is IPv6. */
  ipv6?: boolean
  /** No way out or in, but for the host itself. Default: false. */
  internal?: boolean
  /**
   * Takes {@link subnets} also where they overlap a route or an address of the host, which then leads to the network.
   * Never those of another network. Default: false.
   */
  force?: boolean
  /** Shown by inspect, and what lists are filtered by. */
  labels?: Labels
}

/** A network on a bridge. */
export interface CreateBridgeOptions extends CommonNetworkOptions {
  /** The default. */
  driver?: 'bridge'
  /** Of the driver: `{ mtu: 1400, icc: false }`, or by docker's names `{ 'com.docker.network.driver.mtu': '1400' }`. */
  options?: BridgeDriverOptions & DockerDriverOptions
}

/** A macvlan network. */
export interface CreateMacvlanOptions extends CommonNetworkOptions {
  /** Links of the sandboxes on the parent's segment. */
  driver: 'macvlan'
  /** Of the driver: `{ parent: 'eth0', mode: 'bridge', hostShim: true }`, or by docker's names. */
  options?: MacvlanDriverOptions & {
    /** `bridge`, `private`, `vepa` or `passthru`: `mode` by docker's name. */
    macvlan_mode?: string
    /** `true` or `false`: `hostShim` as docker writes options. */
    host_shim?: string
  } & DockerDriverOptions
}

/** An ipvlan network. */
export interface CreateIpvlanOptions extends CommonNetworkOptions {
  /** Links of the sandboxes under the parent's MAC address. */
  driver: 'ipvlan'
  /** Of the driver: `{ parent: 'eth0', mode: 'l3' }`, or by docker's names. */
  options?: IpvlanDriverOptions & {
    /** `l2`, `l3` or `l3s`: `mode` by docker's name. */
    ipvlan_mode?: string
    /** `bridge`, `private` or `vepa`: `flag` by docker's name. */
    ipvlan_flag?: string
    /** `true` or `false`: `hostShim` as docker writes options. */
    host_shim?: string
  } & DockerDriverOptions
}

/** Options of `networks.create`, with texts as options of the driver. Names are those of `docker network create`. */
export interface CreateNetworkOptions extends CommonNetworkOptions {
  /** `bridge`, `macvlan` or `ipvlan`. Default: `bridge`. */
  driver?: string
  /** The driver's options, by docker's names or the short ones: `{ 'com.docker.network.driver.mtu': '1400' }`. */
  options?: Readonly<Record<string, string>>
}

/** The same, typed by driver: `{ name: 'web', options: { mtu: 1400, icc: false } }`. */
export type TypedNetworkOptions = CreateBridgeOptions | CreateMacvlanOptions | CreateIpvlanOptions

/** Options of `networks.create`. */
export type NetworkOptions = CreateNetworkOptions | TypedNetworkOptions

const CHECKS: Record<keyof CreateNetworkOptions, Check> = {
  name: nameCheck,
  driver: (value) => (typeof value === 'string' ? undefined : "a driver's name"),
  subnets: (value) => (Array.isArray(value) ? undefined : "a list, as in [{ subnet: '172.20.0.0/16' }]"),
  ipv4: checks.flag,
  ipv6: checks.flag,
  internal: checks.flag,
  force: checks.flag,
  labels: labelsCheck,
  options: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? undefined
      : 'options by name, as in { mtu: 1400 }',
  ...callChecks,
}

/**
 * Checks what does not depend on the host.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT` for a name that every host's networks have, `UNSUPPORTED`
 * drivers.
 */
export function checkNetworkOptions(options: NetworkOptions, settings: Pick<Settings, 'stateDir'>): void {
  checkOptions('networks.create', options, CHECKS)
  if (options.subnets) checkSubnetRequests(options.subnets)
  if (options.name === undefined) throw invalid("networks.create needs a name, as in { name: 'web' }.")
  if (isPredefined(options.name))
    throw new SlipwayError('CONFLICT', `The network "${options.name}" is there on every host. Choose another name.`)
  driverFor(options).networks.check(requestOf(options), settings)
}

/** What the driver is asked for. */
export const requestOf = (given: NetworkOptions): NetworkRequest => {
  const { name, internal = false, options = {}, subnets = [] } = given
  return { name, internal, options: dockerOptions(driverFor(given), options), subnets }
}

/** @throws {SlipwayError} `INVALID_ARGUMENT`, `UNSUPPORTED` */
export function driverFor({ driver = defaultDriver.name }: NetworkOptions): NetworkDriver {
  const found = findDriver(driver)
  if (found) return found
  if (stackDrivers.some(({ name, network }) => driver === name || driver === network))
    throw invalid(
      `driver ${driver}: every host has one such network, and no second can be created. Use it by its name.`,
    )
  const [first, ...others] = networkDrivers.map(({ name }) => show(name))
  throw new SlipwayError(
    'UNSUPPORTED',
    `driver ${show(driver)} is not one of Slipway's. ${others.length === 0 ? `There is ${first}` : `There are ${[first, ...others].join(', ')}`}.`,
  )
}
