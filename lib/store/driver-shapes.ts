import { flaw, type Shape } from './shape.js'

/** What of a driver is in records: it alone reads that, and says what is right. */
export interface DriverShapes {
  /** Of a network's record, beside what all have. */
  network: Shape
  /** Of an endpoint: its body, beside the head of it. */
  endpoint: Shape
}

/** By driver's name. lib/drivers/index.ts fills it. */
export const driverShapes = new Map<string, DriverShapes>()

/** On a thread that no driver comes to: what records have of drivers is passed over, as it is not asked for there. */
export function passOverDrivers(names: readonly string[]): void {
  const unread = () => undefined
  for (const name of names) driverShapes.set(name, { network: unread, endpoint: unread })
}

export const driver: Shape = (value) =>
  typeof value === 'string' && driverShapes.has(value)
    ? undefined
    : flaw(`a driver of this Slipway (${[...driverShapes.keys()].join(', ')})`, value)
