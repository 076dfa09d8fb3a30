import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ours } from '../arms/ours.js'
import { run } from '../peers/tools.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** What somebody does to the host, in words, and the command. */
export const DAMAGES: Readonly<Record<string, string>> = {
  'one element deleted': 'nft delete element inet slipway addresses4 "{ 172.17.0.2 }"',
  'a link deleted': 'ip link delete $(ip -o link show master docker0 | head -1 | cut -d: -f2 | cut -d@ -f1)',
  'the bridge down': 'ip link set docker0 down',
  'a chain flushed': 'nft flush chain inet slipway forward',
  'the ruleset flushed': 'nft flush ruleset',
  'two sets flushed': 'nft flush set inet slipway macs; nft flush map inet slipway published4',
  'the bridge deleted': 'ip link delete docker0',
}

/** Longer than any healing takes. */
const PATIENCE_MS = 60_000
/** Between two damages: what the last has left is done by then. */
const REST_MS = 1000
const SAVED = '/run/healing.nft'

/**
 * From the end of the command that damages something to the end of the healing, as the channel `slipway:damage` says.
 * Beside it, what `nft -f` takes to load the same ruleset, in a namespace of its own.
 */
export async function healing(_: Ours, { count, variant = '' }: TrialSpec): Promise<TrialResult> {
  const command = DAMAGES[variant]
  if (command === undefined) throw new RangeError(`${variant} is no damage`)
  writeFileSync(SAVED, run('nft', ['--stateless', 'list', 'ruleset']))
  const total: number[] = []
  const lost: string[] = []
  for (let i = 0; i < count; i++) {
    await sleep(REST_MS)
    const healed = nextHealing(lost)
    run('sh', ['-c', command])
    const began = performance.now()
    await healed
    total.push((performance.now() - began) * 1000)
  }
  const began = performance.now()
  run('unshare', ['--net', 'nft', '-f', SAVED])
  const nftMicroseconds = (performance.now() - began) * 1000
  return { total, phases: {}, numbers: { nftMicroseconds, lost: lost.length } }
}

function nextHealing(lost: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`nothing was healed in ${PATIENCE_MS} ms`)), PATIENCE_MS)
    const heard = (message: unknown) => {
      lost.push(...(message as { lost: string[] }).lost)
      clearTimeout(timer)
      unsubscribe('slipway:damage', heard)
      resolve()
    }
    subscribe('slipway:damage', heard)
  })
}
