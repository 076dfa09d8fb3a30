import { tryPlan } from '../claims/remove-if-there.js'
import type { Host } from '../kernel/host.js'
import { isAlive } from '../store/maker.js'
import { listLeavingNetworks, staying, type StoredNetwork } from '../store/network-records.js'
import type { SandboxRecord } from '../store/records.js'

/** Networks whose removal was under way. */
export interface Leaving {
  /** Names of those that a living process removes, or finds to be in use. */
  living: ReadonlySet<string>
  /** Those whose remover has died: what there is of them is to go, and the record last. */
  dead: readonly StoredNetwork[]
}

/**
 * Looks at networks whose removal was under way. One whose remover has died before it has seen that a sandbox is on it
 * stays.
 *
 * @param sandboxes - Of the host.
 */
export async function sortLeaving(host: Host, folder: string, sandboxes: readonly SandboxRecord[]): Promise<Leaving> {
  const living = new Set<string>()
  const dead: StoredNetwork[] = []
  for (const item of await listLeavingNetworks(folder)) {
    const { id, name, removing } = item.record
    const isUsed = () =>
      sandboxes.some((one) => !one.removing && one.endpoints.some(({ networkId }) => networkId === id))
    if (removing && isAlive(removing)) living.add(name)
    else if (isUsed())
      await tryPlan(host, [{ op: 'file.replace', path: item.path, content: staying(item).text, expected: item.text }])
    else dead.push(item)
  }
  return { living, dead }
}

/** Ends removals whose remover has died. @returns What was done, a sentence each. */
export async function endLeaving(host: Host, dead: readonly StoredNetwork[]): Promise<string[]> {
  const done: string[] = []
  for (const { record, path, text } of dead) {
    const refusal = await tryPlan(host, [
      { op: 'file.check', path, expected: text },
      { op: 'file.delete', path },
    ])
    if (!refusal) done.push(`network ${record.name}: half removed, removed`)
  }
  return done
}
