import type { StoredRecord } from '../store/records.js'
import type { DamagedRecords } from './damaged-records.js'
import { commentOf, type OwnedElements } from '../claims/owned.js'

/**
 * Records that have come to say one id, of a sandbox or of an endpoint: what is done for one of them would be done to
 * the other. The one whose elements the kernel has is believed, and the others are damaged. Where the kernel has those
 * of several or of none, all of them are.
 *
 * @returns Those that are believed.
 */
export function rejectDuplicateIds(
  stored: readonly StoredRecord[],
  owned: OwnedElements,
  damagedRecords: DamagedRecords,
): StoredRecord[] {
  const byId = new Map<string, Set<StoredRecord>>()
  for (const item of stored) {
    for (const { id } of [item.record, ...item.record.endpoints]) {
      const there = byId.get(id)
      if (there) there.add(item)
      else byId.set(id, new Set([item]))
    }
  }
  const twins = [...byId].filter(([, items]) => items.size > 1)
  if (twins.length === 0) return [...stored]
  const owners = new Set([...owned].map(({ owner }) => owner))
  const damaged = new Set<StoredRecord>()
  for (const [id, items] of twins) {
    const known = [...items].filter(({ record }) => owners.has(commentOf(record)))
    const believed = known.length === 1 ? known[0] : undefined
    for (const item of items) {
      if (item === believed || damaged.has(item)) continue
      damaged.add(item)
      const others = [...items].flatMap(({ record }) => (record === item.record ? [] : [record.name]))
      damagedRecords.add({
        path: item.path,
        name: item.record.name,
        text: item.text,
        why: `${fieldOf(item, id)} must be an id of its own, and is one that the record of ${others.slice(0, 3).join(', ')} has, too`,
      })
    }
  }
  return stored.filter((item) => !damaged.has(item))
}

function fieldOf({ record }: StoredRecord, id: string): string {
  return record.id === id ? 'id' : `endpoints[${record.endpoints.findIndex((endpoint) => endpoint.id === id)}].id`
}
