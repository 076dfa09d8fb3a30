import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Links of the host's namespace: this /sys was mounted in it. */
export const hostLinks = (): number => readdirSync('/sys/class/net').length

const PATIENCE_MS = 60_000

/** Resolves when the kernel has taken links down to `count`. @throws {Error} when it does not. */
export async function linksDownTo(count: number): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; hostLinks() > count; await sleep(1)) {
    if (Date.now() > end) throw new Error(`${hostLinks()} links are left after ${PATIENCE_MS / 1000} s, and ${count} were there before.`)
  }
}
