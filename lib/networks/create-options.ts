import { callChecks, type CallOptions } from '../base/call.js'
import { invalid, show, SlipwayError } from '../base/errors.js'
import { checkSubnetRequests, type SubnetRequest } from '../base/addresses/subnet-request.js'
import { checkOptions, checks, type Check } from '../base/checks.js'
import { labelsCheck, type Labels } from '../base/labels.js'
import { nameCheck } from '../base/name.js'
import type { Settings } from '../base/settings.js'
import type { NetworkDriver } from '../drivers/driver.js'
import { defaultDriver, findDriver, networkDrivers, stackDrivers } from '../drivers/index.js'
import type { NetworkRequest } from '../drivers/networks-of.js'
import { isPredefined } from '../drivers/predefined.js'

/** Options of `networks.create`. Names are those of `docker network create`'s flags. */
export interface CreateNetworkOptions extends CallOptions {
  /** Letters, digits, `_`, `.` and `-`, at most 100. */
  name: string
  /** `bridge`, `macvlan` or `ipvlan`. Default: `bridge`. */
  driver?: string
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
  /** The driver's options, by docker's names: `{ 'com.docker.network.driver.mtu': '1400' }`. */
  options?: Readonly<Record<string, string>>
}

const CHECKS: Record<keyof CreateNetworkOptions, Check> = {
  name: nameCheck,
  driver: (value) => (typeof value === 'string' ? undefined : "a driver's name"),
  subnets: (value) => (Array.isArray(value) ? undefined : "a list, as in [{ subnet: '172.20.0.0/16' }]"),
  ipv4: checks.flag,
  ipv6: checks.flag,
  internal: checks.flag,
  force: checks.flag,
  labels: labelsCheck,
  options: labelsCheck,
  ...callChecks,
}

/**
 * Checks what does not depend on the host.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT` for a name that every host's networks have, `UNSUPPORTED`
 * drivers.
 */
export function checkNetworkOptions(options: CreateNetworkOptions, settings: Pick<Settings, 'stateDir'>): void {
  checkOptions('networks.create', options, CHECKS)
  if (options.subnets) checkSubnetRequests(options.subnets)
  if (options.name === undefined) throw invalid("networks.create needs a name, as in { name: 'web' }.")
  if (isPredefined(options.name))
    throw new SlipwayError('CONFLICT', `The network "${options.name}" is there on every host. Choose another name.`)
  driverFor(options).networks.check(requestOf(options), settings)
}

/** What the driver is asked for. */
export const requestOf = ({
  name,
  internal = false,
  options = {},
  subnets = [],
}: CreateNetworkOptions): NetworkRequest => ({
  name,
  internal,
  options,
  subnets,
})

/** @throws {SlipwayError} `INVALID_ARGUMENT`, `UNSUPPORTED` */
export function driverFor({ driver = defaultDriver.name }: CreateNetworkOptions): NetworkDriver {
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
