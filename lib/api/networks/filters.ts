import { invalid, show } from '../../base/errors.js'
import { checkOptions, checks, type Check } from '../../base/checks.js'
import type { Network } from './network.js'

/** Which networks are meant; docker's `--filter`. A list means any of these. */
export interface NetworkFilters {
  /** `bridge`, `host`, `null`. */
  driver?: string | readonly string[]
  /** Beginning of an id. */
  id?: string | readonly string[]
  /** Part of a name. */
  name?: string | readonly string[]
  /** `key` or `key=value`; of a list, all of them. */
  label?: string | readonly string[]
  /** `custom`: created by somebody; `builtin`: there on every host. */
  type?: 'custom' | 'builtin'
  /** Networks that somebody has created: no sandbox is on it; false: some are. */
  dangling?: boolean
}

/** Which unused networks are to be removed. */
export interface PruneFilters {
  /** As in {@link NetworkFilters}; with `!` before it, those without. */
  label?: string | readonly string[]
  /** Only those that were created before: a time (`2026-01-31T12:00:00Z`), or how long ago (`24h`, `10m`, `1h30m`). */
  until?: string | Date
}

const text = (value: unknown): value is string => typeof value === 'string' && value !== ''
const texts: Check = (value) =>
  text(value) || (Array.isArray(value) && value.every(text)) ? undefined : 'a text or a list of texts'

const CHECKS: Record<keyof NetworkFilters, Check> = {
  driver: texts,
  id: texts,
  name: texts,
  label: texts,
  type: (value) => (value === 'custom' || value === 'builtin' ? undefined : '"custom" or "builtin"'),
  dangling: checks.flag,
}

type Read = { [Key in 'driver' | 'id' | 'name' | 'label']?: readonly string[] } & Pick<
  NetworkFilters,
  'type' | 'dangling'
>

const list = (value: string | readonly string[]): readonly string[] => (typeof value === 'string' ? [value] : value)

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readFilters(filters: NetworkFilters): Read {
  checkOptions('networks.list', filters, CHECKS)
  const { driver, id, name, label, type, dangling } = filters
  return {
    ...(driver === undefined ? {} : { driver: list(driver) }),
    ...(id === undefined ? {} : { id: list(id) }),
    ...(name === undefined ? {} : { name: list(name) }),
    ...(label === undefined ? {} : { label: list(label) }),
    ...(type === undefined ? {} : { type }),
    ...(dangling === undefined ? {} : { dangling }),
  }
}

export function matches(network: Network, { driver, id, name, label, type, dangling }: Read, used: boolean): boolean {
  return (
    (driver?.includes(network.driver) ?? true) &&
    (id?.some((one) => network.id.startsWith(one)) ?? true) &&
    (name?.some((one) => network.name.includes(one)) ?? true) &&
    (label?.every((one) => hasLabel(network.labels, one)) ?? true) &&
    (type === undefined || network.userDefined === (type === 'custom')) &&
    (dangling === undefined || (network.userDefined && used !== dangling))
  )
}

/** `key`, `key=value`, and with `!` before it the contrary. */
function hasLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  if (wanted.startsWith('!')) return !hasLabel(labels, wanted.slice(1))
  const [key = '', ...value] = wanted.split('=')
  return Object.hasOwn(labels, key) && (value.length === 0 || labels[key] === value.join('='))
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readPruneFilters(filters: PruneFilters): { list: Pick<NetworkFilters, 'label'>; until?: number } {
  checkOptions('networks.prune', filters, {
    label: texts,
    until: (value) => (text(value) || (value instanceof Date && !Number.isNaN(value.getTime())) ? undefined : TIME),
  })
  const { label, until } = filters
  return { list: label === undefined ? {} : { label }, ...(until === undefined ? {} : { until: readUntil(until) }) }
}

const TIME = "a time, as in '24h' or '2026-01-31T12:00:00Z'"
const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

/** In milliseconds since 1970. */
function readUntil(until: string | Date): number {
  if (until instanceof Date) return until.getTime()
  if (/^(\d+[hms])+$/.test(until)) {
    const parts = [...until.matchAll(/(\d+)([hms])/g)]
    return Date.now() - parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 0), 0)
  }
  // Date.parse alone reads far more than times: 'day 1' is one in 2001 to it.
  const time = /^\d+$/.test(until)
    ? Number(until) * 1000
    : /^\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?$/.test(until)
      ? Date.parse(until)
      : NaN
  if (Number.isNaN(time)) throw invalid(`networks.prune: until must be ${TIME}, and is ${show(until)}.`)
  return time
}
