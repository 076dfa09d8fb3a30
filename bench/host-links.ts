import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Host ends of endpoints, as every arm names them: this /sys was mounted in the host's namespace. Bridges do not count,
 * as a network may get one more.
 */
export const hostLinks = (): number => readdirSync('/sys/class/net').filter((name) => name.startsWith('veth')).length

const PATIENCE_MS = 60_000

/** Resolves when the kernel has taken links down to `count`. @throws {Error} when it does not. */
export async function linksDownTo(count: number): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; hostLinks() > count; await sleep(1)) {
    if (Date.now() > end)
      throw new Error(`${hostLinks()} links are left after ${PATIENCE_MS / 1000} s, and ${count} were there before.`)
  }
}
