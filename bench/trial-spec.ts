/** What is measured, and what comes back: all that the harness and a trial's process say to each other. */

/** Who brings the endpoints up. bench/README.md says what each does. */
export const ARMS = [
  'ours',
  'pooled',
  'against',
  'against-pooled',
  'floor',
  'exec',
  'slipway-cni',
  'cni',
  'netavark',
  'docker-connect',
  'docker-start',
] as const
export type Arm = (typeof ARMS)[number]

/** Slipway of another checkout, by its public API. */
export const isAgainst = (arm: Arm): boolean => arm === 'against' || arm === 'against-pooled'

/** What is measured; each is a part of the benchmark that can be run alone. bench/parts.ts explains them. */
export const MEASURES = [
  'latency',
  'age',
  'first-byte',
  'burst',
  'hold',
  'delay',
  'teardown',
  'fleet',
  'protocols',
  'segments',
  'costs',
  'endpoints',
  'ports',
  'connect',
  'churn',
  'ablation',
  'thread',
  'claims',
  'data',
  'names',
  'healing',
  'commands',
] as const
export type Measure = (typeof MEASURES)[number]

/** Drivers whose sandboxes are on the segment of a link of the host's: the variants of `segments`. */
export const SEGMENT_KINDS = ['macvlan', 'ipvlan'] as const
export type SegmentKind = (typeof SEGMENT_KINDS)[number]

/** @throws {RangeError} */
export function readSegmentKind(variant: string | undefined): SegmentKind {
  const kind = SEGMENT_KINDS.find((one) => one === variant)
  if (kind === undefined) throw new RangeError(`${variant} is no kind of segment`)
  return kind
}

export interface TrialSpec {
  arm: Arm
  measure: Measure
  /** Endpoints that are brought up first and not counted; they stay, so every arm is measured beside as many. */
  warmUp: number
  /** Endpoints that come and go before those, in the same process: V8 compiles code by how often it runs. */
  practice?: number
  /** How many are timed. */
  count: number
  /**
   * The number that the measure is drawn over, where it has one. `age`: how many came and went before. `burst`,
   * `teardown`: how many at once. `endpoints`: how many exist. `ports`, `connect`, `claims`: how many ports are
   * published.
   */
  at?: number
  /** Which way it is done, where there are several: an ablation by name, a direction of the data path. */
  variant?: string
  /** For how long, of what is measured for a time: `churn`, `data`, `names`, the idle part of `costs`. */
  seconds?: number
}

/**
 * Where the time of an endpoint goes. `rest` is what lies between and around the others: JavaScript, the hop to the
 * native thread and back, closing descriptors.
 */
export const PHASES = ['namespace', 'link', 'configure', 'claims', 'reserve', 'record', 'rest'] as const
export type Phase = (typeof PHASES)[number]

/** Times are microseconds. */
export interface TrialResult {
  /** One a step (an endpoint, a port, a connection), or a single one for the whole (the bursts, `fleet`). */
  total: number[]
  phases: Partial<Record<Phase, number[]>>
  hold?: HoldResult
  /** Further lists by name, in microseconds. */
  series?: Record<string, number[]>
  /** Single numbers by name; the name ends in the unit where that is not a count: `rssStartBytes`, `perSecond`. */
  numbers?: Record<string, number>
  /** Of a peer: its programs' own words. */
  version?: string
}

/** How long the event loop was held, in microseconds. */
export interface HoldResult {
  /** The call of all the creates in one turn, until control came back. */
  call: number
  /**
   * After that call, until the last endpoint was up. `hold`: the longest turn of the loop, without the time in which
   * another thread or machine had the CPU or the collector was at work. `delay`: the monitor's longest, with all that,
   * its own interval taken off.
   */
  longest: number
  /** The same of the same loop in as much time with nothing to do: what the machine itself does to it. */
  idle: number
  /** The longest pause for garbage collection. */
  collection: number
  /**
   * `hold`: of the turns in which something was done. `wall` is the longest with the time that `longest` leaves out,
   * `waited` how long another thread had the CPU in all of them together; samples that were kept before it was counted
   * have none.
   */
  turns?: { p99: number; overMillisecond: number; count: number; wall: number; waited?: number }
}
