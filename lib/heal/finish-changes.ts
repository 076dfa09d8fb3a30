import { dirname } from 'node:path'
import { mappedPorts, targetsOf } from '../drivers/gateway.js'
import { elementName, mapOf, publishAgain, publishedKey, publishedName, removeOwn } from '../policy/elements.js'
import { besides } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { Operation } from '../plan/operation.js'
import type { PortMapping } from '../base/port-mapping.js'
import { ownerComment } from '../store/owner.js'
import { isBusy, readRecord, toStored, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { Slices } from '../admission/slices.js'
import { tryPlan } from '../claims/remove-if-there.js'
import type { Owned, OwnedElements } from '../claims/owned.js'
import { sleep } from '../base/timers.js'

/** How long, in milliseconds, a living process takes at most from the kernel's maps to the record. */
const PATIENCE_MS = 20

/**
 * Ends what a process that died had begun to change on sandboxes that stay. Ports that only the kernel knows (half
 * published) are taken back; ports that only the record knows (half unpublished, or flushed by somebody) are published
 * again.
 *
 * @returns What was done, a sentence each.
 */
export async function finishChanges(
  host: Host,
  stored: readonly StoredRecord[],
  owned: OwnedElements,
): Promise<string[]> {
  const doubtful: StoredRecord[] = []
  const slices = new Slices()
  for (const item of stored) {
    if (unrecorded(item.record, owned).length + unpublished(item.record, owned).length > 0) doubtful.push(item)
    const pause = slices.next()
    if (pause) await pause
  }
  if (doubtful.length === 0) return []
  // A living process may be at it this very moment: what is doubtful still is looked at again, later.
  await sleep(PATIENCE_MS)

  const done: string[] = []
  for (const { record, path } of doubtful) {
    const now = await readRecord(dirname(path), record.name)
    if (now?.record.id !== record.id || isBusy(now.record)) continue
    const stays: Operation = { op: 'file.check', path, expected: now.text }
    for (const { set, element } of unrecorded(now.record, owned)) {
      if ((await host.find('element', { ...set, key: element.key }))?.comment !== element.comment) continue
      if (
        (await tryPlan(host, [
          stays,
          ...[[set, element.key] as const, ...besides(set, element.key)].map(([one, key]) =>
            removeOwn(one, { key, comment: element.comment }),
          ),
        ])) === undefined
      ) {
        done.push(`element ${element.key} of ${set.set}: half published by the sandbox ${record.name}, removed`)
      }
    }
    const taken: PortMapping[] = []
    for (const mapping of unpublished(now.record, owned)) {
      const { name, id, endpoints } = now.record
      const owner = ownerComment(name, id)
      const refusal = await tryPlan(host, [...publishAgain(mapping, targetsOf(endpoints), owner), stays])
      if (refusal === undefined)
        done.push(
          `port ${mapping.hostPort}/${mapping.protocol} of the sandbox ${name}: half unpublished, published again`,
        )
      if (
        refusal?.errnoName === 'EEXIST' &&
        (await host.find('element', { ...mapOf(mapping), key: publishedKey(mapping) }))?.comment !== owner
      )
        taken.push(mapping)
    }
    if (taken.length === 0) continue
    const without = toStored(dirname(path), {
      ...now.record,
      ports: now.record.ports.filter((mapping) => !taken.includes(mapping)),
    })
    await tryPlan(host, [{ op: 'file.replace', path, content: without.text, expected: now.text }])
    done.push(
      ...taken.map(
        ({ hostPort, protocol }) =>
          `port ${hostPort}/${protocol} of the sandbox ${record.name}: another has it, forgotten`,
      ),
    )
  }
  return done
}

/** Elements of a sandbox that its record does not know. */
function unrecorded(record: SandboxRecord, owned: OwnedElements): Owned[] {
  const there = owned.publishedOf(record)
  if (there.length === 0) return []
  const recorded = new Set(record.ports.map(publishedName))
  return there.filter(({ set, element }) => !recorded.has(elementName(set, element.key)))
}

/** Ports of a record that have no element. */
const unpublished = (record: SandboxRecord, owned: OwnedElements): PortMapping[] =>
  mappedPorts(record.endpoints, record.ports).filter(
    (mapping) => !owned.has(record, mapOf(mapping), publishedKey(mapping)),
  )
