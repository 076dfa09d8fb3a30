/**
 * Tables all of whose lines take minutes: `npm test` tries some of them, and `npm run test:long` all (test/long/).
 */
export const THOROUGH = process.env['SLIPWAY_TESTS'] === 'long'

const DRAWN = Math.floor(Math.random() * 4)

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

const ALL_BRIDGES = [
  [true, 256],
  [false, 1],
  [false, 256],
  [true, 1],
] as const

/** With br_netfilter and without, on one bridge and on a bridge for each sandbox: one of the four by chance, or all. */
export const BRIDGES = ALL_BRIDGES.filter((_, index) => THOROUGH || index === DRAWN)
