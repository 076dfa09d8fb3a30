import { driverShapes } from '../store/driver-shapes.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { container } from './container/index.js'
import type { EndpointsOf, NetworkDriver, StackDriver } from './driver.js'
import { host } from './host/index.js'
import type { NetworksOf } from './networks-of.js'
import * as list from './list.js'
import { none } from './none/index.js'

/** The drivers that networks can be of, by name. */
export const networkDrivers: readonly NetworkDriver[] = Object.values(list)

/** The driver of a network that names none: the one of which every host has a network. */
export const defaultDriver: NetworkDriver = list.bridge

/** Those by which a sandbox comes to a network stack without a network. */
export const stackDrivers: readonly StackDriver[] = [host, none, container]

const byName = new Map(networkDrivers.map((driver) => [driver.name, driver]))

for (const { name, shapes } of networkDrivers) driverShapes.set(name, shapes)

export { joiningText } from './container/index.js'

export const findDriver = (name: string): NetworkDriver | undefined => byName.get(name)

/** The driver of a network, or of an endpoint. Records name no other (lib/store/driver-shapes.ts). */
export function driverOf({ driver }: { driver: string }): NetworkDriver {
  const found = byName.get(driver)
  if (!found) throw new RangeError(`there is no driver ${driver}`)
  return found
}

/**
 * The driver that a text of create's `network` names, and what it names of it; `undefined` for the name of a network.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function stackNamed(network: string): { driver: StackDriver; target: string } | undefined {
  for (const driver of stackDrivers) {
    const target = driver.reads(network)
    if (target !== undefined) return { driver, target }
  }
  return undefined
}

/** What the driver of a network does for it. */
export const networksOf = (spec: { driver: string }): NetworksOf => driverOf(spec).networks

/** What the driver of an endpoint does for it. */
export const endpointsOf = (endpoint: StoredEndpoint): EndpointsOf => driverOf(endpoint).endpoints
