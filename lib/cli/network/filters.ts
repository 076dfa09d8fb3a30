import { readFilters, readPruneFilters, type NetworkFilters } from '../../api/networks/filters.js'
import type { PruneFilters } from '../../base/filters.js'
import { asUsage } from '../failures.js'
import { flag, prunedBy, readPairs, single } from '../filters.js'

/** @throws {UsageError} */
export function listFilters(texts: readonly string[]): NetworkFilters {
  const { type, dangling, ...rest } = readPairs(texts, ['driver', 'id', 'label', 'name', 'type', 'dangling'])
  const filters = {
    ...rest,
    ...(type ? { type: single('type', type) } : {}),
    ...(dangling ? { dangling: flag('dangling', single('dangling', dangling)) } : {}),
  } as NetworkFilters
  asUsage(() => readFilters(filters), { type: '--filter type', driver: '--filter driver', name: '--filter name' })
  return filters
}

/** @throws {UsageError} */
export const pruneFilters = (texts: readonly string[]): PruneFilters => prunedBy(texts, readPruneFilters)
