import { readFilters, readPruneFilters, type SandboxFilters } from '../api/sandboxes/filters.js'
import type { PruneFilters } from '../base/filters.js'
import { asUsage, UsageError } from './failures.js'

/** Filters as docker has them: `KEY=VALUE`, each key as often as you like. */

/** @throws {UsageError} */
export function sandboxFilters(texts: readonly string[]): SandboxFilters {
  const { ephemeral, ...rest } = readPairs(texts, ['id', 'label', 'name', 'network', 'ephemeral'])
  const filters: SandboxFilters = {
    ...rest,
    ...(ephemeral ? { ephemeral: flag('ephemeral', single('ephemeral', ephemeral)) } : {}),
  }
  asUsage(() => readFilters(filters, (network) => network))
  return filters
}

/** @throws {UsageError} */
export const sandboxPruneFilters = (texts: readonly string[]): PruneFilters => prunedBy(texts, readPruneFilters)

/** What is pruned. @param check - The library's. @throws {UsageError} */
export function prunedBy(texts: readonly string[], check: (filters: PruneFilters) => unknown): PruneFilters {
  const { until, ...rest } = readPairs(texts, ['label', 'until'])
  const filters: PruneFilters = { ...rest, ...(until ? { until: single('until', until) } : {}) }
  asUsage(() => check(filters), { until: '--filter until' })
  return filters
}

export function readPairs<Key extends string>(
  texts: readonly string[],
  known: readonly Key[],
): { [K in Key]?: string[] } {
  const found: { [K in Key]?: string[] } = {}
  for (const text of texts) {
    const [, key, not = '', value = ''] = /^(\w+)(!?)=(.+)$/s.exec(text) ?? []
    const name = known.find((one) => one === key)
    if (name === undefined || (not !== '' && name !== 'label'))
      throw new UsageError(
        `--filter "${text}" is not known. A filter is written KEY=VALUE, and KEY is one of ${known.join(', ')}.`,
      )
    ;(found[name] ??= []).push(`${not}${value}`)
  }
  return found
}

export function single(key: string, values: readonly string[]): string {
  const [value = '', ...others] = values
  if (others.some((other) => other !== value))
    throw new UsageError(`--filter ${key} is given twice, as ${values.join(' and ')}. Give one.`)
  return value
}

export function flag(key: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw new UsageError(`--filter ${key} must be true or false, and is "${text}".`)
}
