import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import type { Marks } from '../store/pool-marks.js'
import { removeIfThere } from '../claims/remove-if-there.js'
import { now, sleep } from '../base/timers.js'

/**
 * The kernel takes down what a process that died has held within milliseconds each: so long is waited for all, in
 * milliseconds.
 */
const PATIENCE_MS = 1000
const STEP_MS = 2

/**
 * Tells spare sandboxes from leftovers, among links that are no sandbox's. Those of processes that live stay; those of
 * processes that died go with the last descriptor, and only the mark is left to be removed.
 *
 * @returns The links that are left over after all, and what was done, a sentence each.
 */
export async function collectSpares(
  host: Host,
  marks: Marks,
  links: readonly LinkInfo[],
): Promise<{ stray: LinkInfo[]; collected: string[] }> {
  const collected: string[] = []
  const gone = new Set<string>()
  const deadline = now() + PATIENCE_MS
  for (const { path, pid, links: left } of marks.left(links.map(({ name }) => name))) {
    for (const name of left) if (await isGone(host, name, deadline)) gone.add(name)
    await removeIfThere(host, [{ op: 'file.delete', path }])
    collected.push(`pool of process ${pid}: it has died, and its spare sandboxes with it, removed`)
  }
  return { stray: links.filter(({ name }) => !marks.isKept(name) && !gone.has(name)), collected }
}

async function isGone(host: Host, name: string, deadline: number): Promise<boolean> {
  while (await host.find('link', { name })) {
    if (now() > deadline) return false
    await sleep(STEP_MS)
  }
  return true
}
