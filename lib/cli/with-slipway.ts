import type { Command } from 'commander'
import { Slipway } from '../slipway.js'
import { say } from './failures.js'
import { hostOptions } from './host-options.js'

/** Opens the host for one command, and leaves it. What open() found to clean up is said, for nobody asked for it. */
export async function withSlipway<T>(program: Command, work: (slipway: Slipway) => Promise<T>, closing: { wait?: boolean } = {}): Promise<T> {
  const slipway = await Slipway.open(hostOptions(program).options)
  try {
    for (const what of slipway.reconciled.collected) say(`note: left over from a process that died: ${what}`)
    for (const name of slipway.reconciled.healed) say(`note: somebody had flushed the rules of sandbox ${name}; it has them back`)
    return await work(slipway)
  } finally {
    await slipway.close(closing)
  }
}
