import { callChecks, type CallOptions } from '../../base/call.js'
import { checkOptions, checks, type Check } from '../../base/checks.js'
import { hasLabel, listOf, pruneChecks, readUntil, textsCheck, type PruneFilters } from '../../base/filters.js'
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

const CHECKS: Record<keyof NetworkFilters | keyof CallOptions, Check> = {
  driver: textsCheck,
  id: textsCheck,
  name: textsCheck,
  label: textsCheck,
  type: (value) => (value === 'custom' || value === 'builtin' ? undefined : '"custom" or "builtin"'),
  dangling: checks.flag,
  ...callChecks,
}

type Read = { [Key in 'driver' | 'id' | 'name' | 'label']?: readonly string[] } & Pick<
  NetworkFilters,
  'type' | 'dangling'
>

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readFilters(filters: NetworkFilters): Read {
  checkOptions('networks.list', filters, CHECKS)
  const { driver, id, name, label, type, dangling } = filters
  return {
    ...(driver === undefined ? {} : { driver: listOf(driver) }),
    ...(id === undefined ? {} : { id: listOf(id) }),
    ...(name === undefined ? {} : { name: listOf(name) }),
    ...(label === undefined ? {} : { label: listOf(label) }),
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

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readPruneFilters(filters: PruneFilters): { list: Pick<NetworkFilters, 'label'>; until?: number } {
  checkOptions('networks.prune', filters, { ...pruneChecks, ...callChecks })
  const { label, until } = filters
  return {
    list: label === undefined ? {} : { label },
    ...(until === undefined ? {} : { until: readUntil('networks.prune', until) }),
  }
}
