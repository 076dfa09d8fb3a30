/**
 * Tables all of whose lines take minutes: `npm test` tries some of them, and `npm run test:long` all (test/long/).
 */
export const THOROUGH = process.env['SLIPWAY_TESTS'] === 'long'

/**
 * Which of many moments are tried: one of the first so many, and each that is so many later. Each is tried in some run.
 */
export interface Moments {
  first: number
  step: number
}

/** @param step - In `npm test`. */
export const momentsOf = (step: number): Moments =>
  THOROUGH ? { first: 1, step: 1 } : { first: 1 + Math.floor(Math.random() * step), step }

/** With br_netfilter and without, on one bridge and on a bridge for each sandbox: each of these once, or all four. */
export const BRIDGES = (
  [
    [true, 256],
    [false, 1],
    [false, 256],
    [true, 1],
  ] as const
).slice(0, THOROUGH ? 4 : 2)
