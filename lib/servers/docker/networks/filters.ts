import type { NetworkInspect } from '../../../api/networks/inspect.js'
import { hasLabel } from '../../../base/filters.js'
import { badRequest } from '../../http/http-error.js'
import { pattern } from '../pattern.js'
import { isPredefined } from '../../../drivers/predefined.js'

export const LIST_FILTERS = ['dangling', 'driver', 'id', 'label', 'name', 'scope', 'type'] as const

type Test = (network: NetworkInspect) => boolean

/** A test for each filter that compares what a network is. @param values - At least one. */
const TESTS: Readonly<Record<Exclude<(typeof LIST_FILTERS)[number], 'dangling'>, (values: readonly string[]) => Test>> =
  {
    driver: (values) => (network) => values.includes(network.Driver),
    scope: (values) => (network) => values.includes(network.Scope),
    label: (values) => (network) => values.every((value) => hasLabel(network.Labels, value)),
    name: (values) => any(values, ({ Name }) => Name),
    id: (values) => any(values, ({ Id }) => Id),
    type: (values) => {
      for (const value of values)
        if (value !== 'builtin' && value !== 'custom')
          throw badRequest(`invalid filter: 'type'='${value}' is neither builtin nor custom`)
      return (network) => values.includes(isPredefined(network.Name) ? 'builtin' : 'custom')
    },
  }

function any(values: readonly string[], of: (network: NetworkInspect) => string): Test {
  const tests = values.map(pattern)
  return (network) => tests.some((test) => test(of(network)))
}

/** @throws {HttpError} 400 */
export function readListFilters(filters: ReadonlyMap<string, readonly string[]>): {
  /** As it was asked for. */
  dangling: boolean | undefined
  matches: Test
} {
  const tests = Object.entries(TESTS).flatMap(([key, test]) => {
    const values = filters.get(key) ?? []
    return values.length === 0 ? [] : [test(values)]
  })
  return {
    dangling: readDangling(filters.get('dangling') ?? []),
    matches: (network) => tests.every((test) => test(network)),
  }
}

function readDangling(values: readonly string[]): boolean | undefined {
  const [value, ...others] = values
  if (others.length > 0) throw badRequest('got more than one value for filter key "dangling"')
  if (value === undefined) return undefined
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  throw badRequest('invalid value for filter \'dangling\', must be "true" (or "1"), or "false" (or "0")')
}
