import type { Shape } from './shape.js'

/** What of a driver is in records: it alone reads that, and says what is right. */
export interface DriverShapes {
  /** Of a network's record, beside what all have. */
  network: Shape
}

/** By driver's name. lib/drivers/index.ts fills it. */
export const driverShapes = new Map<string, DriverShapes>()
