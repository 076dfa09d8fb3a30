import { driverShapes, type DriverShapes } from '../store/driver-shapes.js'
import { bridge } from './bridge/index.js'
import { host } from './host/index.js'
import type { NetworksOf } from './networks-of.js'
import { none } from './none/index.js'

export interface NetworkDriver {
  /** As docker calls it: `bridge`. */
  readonly name: string
  readonly shapes: DriverShapes
  readonly networks: NetworksOf
}

/**
 * The drivers that networks can be of: a new one is a line here, and a folder. The first is taken where none is named.
 */
export const networkDrivers: readonly [NetworkDriver, ...NetworkDriver[]] = [bridge]

/** Those by which a sandbox comes to a network stack without a network. */
export const stackDrivers: readonly { name: string; network: string }[] = [host, none]

const byName = new Map<string, NetworkDriver>(networkDrivers.map((driver) => [driver.name, driver]))

for (const { name, shapes } of networkDrivers) driverShapes.set(name, shapes)

export const findDriver = (name: string): NetworkDriver | undefined => byName.get(name)

/** The driver of a network. Records name no other (lib/store/driver-shapes.ts). */
export function driverOf({ driver }: { driver: string }): NetworkDriver {
  const found = byName.get(driver)
  if (!found) throw new RangeError(`there is no driver ${driver}`)
  return found
}

/** What the driver of a network does for it. */
export const networksOf = (spec: { driver: string }): NetworksOf => driverOf(spec).networks
