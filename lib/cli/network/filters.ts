import { readFilters, readPruneFilters, type NetworkFilters } from '../../api/networks/filters.js'
import type { PruneFilters } from '../../base/filters.js'
import { asUsage, UsageError } from '../failures.js'

/** Filters as docker has them: `KEY=VALUE`, each key as often as you like. */

/** @throws {UsageError} */
export function listFilters(texts: readonly string[]): NetworkFilters {
  const { type, dangling, ...rest } = readPairs(texts, ['driver', 'id', 'label', 'name', 'type', 'dangling'])
  const filters = {
    ...rest,
    ...(type ? { type: single('type', type) } : {}),
    ...(dangling ? { dangling: flag(single('dangling', dangling)) } : {}),
  } as NetworkFilters
  asUsage(() => readFilters(filters), { type: '--filter type', driver: '--filter driver', name: '--filter name' })
  return filters
}

/** @throws {UsageError} */
export function pruneFilters(texts: readonly string[]): PruneFilters {
  const { until, ...rest } = readPairs(texts, ['label', 'until'])
  const filters: PruneFilters = { ...rest, ...(until ? { until: single('until', until) } : {}) }
  asUsage(() => readPruneFilters(filters), { until: '--filter until' })
  return filters
}

function readPairs<Key extends string>(texts: readonly string[], known: readonly Key[]): { [K in Key]?: string[] } {
  const found: { [K in Key]?: string[] } = {}
  for (const text of texts) {
    const [, key, not = '', value = ''] = /^(\w+)(!?)=(.+)$/s.exec(text) ?? []
    const name = known.find((one) => one === key)
    if (name === undefined || (not !== '' && name !== 'label'))
      throw new UsageError(
        `--filter "${text}" is none. A filter is written KEY=VALUE, with ${known.join(', ')} as key.`,
      )
    ;(found[name] ??= []).push(`${not}${value}`)
  }
  return found
}

function single(key: string, values: readonly string[]): string {
  const [value = '', ...others] = values
  if (others.some((other) => other !== value))
    throw new UsageError(`--filter ${key} is given twice, as ${values.join(' and ')}. Give one.`)
  return value
}

function flag(text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw new UsageError(`--filter dangling must be true or false, and is "${text}".`)
}
