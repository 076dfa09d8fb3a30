import { clock } from './timers.js'
import type { Check } from './checks.js'
import { invalid, show } from './errors.js'

/** Filters of lists, and what is pruned: docker's `--filter`. */

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** One text or several. */
export const textsCheck: Check = (value) =>
  text(value) || (Array.isArray(value) && value.every(text)) ? undefined : 'a text or a list of texts'

export const listOf = (value: string | readonly string[]): readonly string[] =>
  typeof value === 'string' ? [value] : value

/** `key`, `key=value`, and with `!` before it the contrary. */
export function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const bare = wanted.replace(/^!+/, '')
  const isContrary = (wanted.length - bare.length) % 2 === 1
  const [key = '', ...value] = bare.split('=')
  const isThere = Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='))
  return isThere !== isContrary
}

/** What a prune takes: of those that are not in use, these. */
export interface PruneFilters {
  /** `key` or `key=value`, with `!` before it those without; of a list, all of them. */
  label?: string | readonly string[]
  /** Only those that were created before: a time (`2026-01-31T12:00:00Z`), or how long ago (`24h`, `10m`, `1h30m`). */
  until?: string | Date
}

const TIME = "a time, as in '24h' or '2026-01-31T12:00:00Z'"
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

export const pruneChecks: Record<keyof PruneFilters, Check> = {
  label: textsCheck,
  until: (value) => (text(value) || (value instanceof Date && !Number.isNaN(value.getTime())) ? undefined : TIME),
}

/**
 * @param what - The call, for its errors.
 * @returns Milliseconds since 1970.
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function readUntil(what: string, until: string | Date): number {
  if (until instanceof Date) return until.getTime()
  if (/^(\d+[hms])+$/.test(until)) {
    const parts = [...until.matchAll(/(\d+)([hms])/g)]
    return clock.time() - parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0)
  }
  // Date.parse alone reads far more than times: 'day 1' is one in 2001 to it.
  const time = /^\d+$/.test(until)
    ? Number(until) * 1000
    : /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?$/.test(until)
      ? Date.parse(until)
      : NaN
  if (Number.isNaN(time)) throw invalid(`${what}: until must be ${TIME}, and is ${show(until)}.`)
  return time
}
