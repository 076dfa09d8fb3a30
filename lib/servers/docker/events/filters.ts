import { hasLabel } from '../../../base/filters.js'
import type { DockerEvent } from './message.js'

/** Filters that mean the beginning of an id or a name, whatever has it. */
const NAMED = [
  ...['config', 'container', 'daemon', 'image', 'network', 'node', 'plugin', 'secret', 'service', 'volume'],
] as const

export const EVENT_FILTERS: readonly string[] = ['event', 'label', 'scope', 'type', ...NAMED].sort()

/** Of several values of a filter, one; of several labels, all. As dockerd compares them. */
export function eventTest(filters: ReadonlyMap<string, readonly string[]>): (event: DockerEvent) => boolean {
  const any = (key: string, test: (value: string) => boolean) => {
    const values = filters.get(key) ?? []
    return values.length === 0 || values.some(test)
  }
  const labels = filters.get('label') ?? []
  return ({ type, action, id, attributes }) =>
    any('type', (value) => value === type) &&
    any('event', (value) => value === action) &&
    any('scope', (value) => value === 'local') &&
    labels.every((label) => hasLabel(attributes, label)) &&
    NAMED.every((key) => any(key, (value) => id.startsWith(value) || (attributes['name'] ?? '').startsWith(value)))
}
