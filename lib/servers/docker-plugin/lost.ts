import { existsSync } from 'node:fs'
import type { Slipway } from '../../api/slipway.js'
import { ENDPOINT } from './call.js'

/**
 * Removes the endpoints of containers that have ended while nobody was here to be told: dockerd gives up after half a
 * minute. The namespace of such a container has lost its name.
 *
 * @returns What was removed, a sentence each.
 */
export async function removeLost(slipway: Slipway): Promise<string[]> {
  const removed: string[] = []
  for (const sandbox of await slipway.sandboxes.list({ label: ENDPOINT })) {
    if (existsSync(sandbox.path)) continue
    await sandbox.remove()
    removed.push(`removed ${sandbox.name}, an endpoint of dockerd's: its container has ended`)
  }
  return removed
}
