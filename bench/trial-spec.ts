/** What is measured, and what comes back: all that the harness and a trial's process say to each other. */

/** Who brings the endpoints up. */
export const ARMS = ['ours', 'floor', 'exec'] as const
export type Arm = (typeof ARMS)[number]

/**
 * - `latency`: endpoints one after another, each timed.
 * - `first-byte`: the same, until a byte has come from a server in the sandbox through the published port.
 * - `burst`: all endpoints asked for at once; the time until the last is up.
 * - `hold`: a burst, with every turn of the event loop timed.
 * - `delay`: a burst, with perf_hooks' monitorEventLoopDelay. These are apart because watching costs: timing every
 *   turn keeps the loop busy and makes garbage.
 */
export const MEASURES = ['latency', 'first-byte', 'burst', 'hold', 'delay'] as const
export type Measure = (typeof MEASURES)[number]

export interface TrialSpec {
  arm: Arm
  measure: Measure
  /** Endpoints that are brought up first and not counted; they stay, so every arm is measured beside as many. */
  warmUp: number
  count: number
}

/**
 * Where the time of an endpoint goes. `rest` is what lies between and around the others: JavaScript, the hop to the
 * native thread and back, closing descriptors.
 */
export const PHASES = ['namespace', 'link', 'configure', 'claims', 'reserve', 'record', 'rest'] as const
export type Phase = (typeof PHASES)[number]

/** Times are microseconds. */
export interface TrialResult {
  /** One an endpoint (`latency`, `first-byte`), or a single one for the whole (the bursts). */
  total: number[]
  phases: Partial<Record<Phase, number[]>>
  hold?: HoldResult
}

/** How long the event loop was held, in microseconds. */
export interface HoldResult {
  /** The call of all the creates in one turn, until control came back. */
  call: number
  /**
   * After that call, until the last endpoint was up. `hold`: the longest turn of the loop, without the time in which
   * another process had the CPU or the collector was at work. `delay`: the monitor's longest, with all that, its own
   * interval taken off.
   */
  longest: number
  /** The same of the same loop in as much time with nothing to do: what the machine itself does to it. */
  idle: number
  /** The longest pause for garbage collection. */
  collection: number
  /** `hold`: of the turns in which something was done. `wall` is the longest with the time that `longest` leaves out. */
  turns?: { p99: number; overMillisecond: number; count: number; wall: number }
}
