import { UsageError } from '../failures.js'
import { Interrupted } from '../interruption.js'
import { print, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { pruneFilters } from './filters.js'
import type { GivenHost } from '../usage/host-flags.js'

export interface PruneFlags {
  filter?: string[]
  force?: true
  json?: true
}

/** `slipway network prune`. */
export async function pruneNetworks(host: GivenHost, { filter = [], force, json }: PruneFlags): Promise<void> {
  const filters = pruneFilters(filter)
  if (!force && !(await isSure())) return
  const removed = await withSlipway(host, (slipway) => slipway.networks.prune(filters))
  if (json) printJson(removed)
  else if (removed.length > 0) print(`Deleted Networks:\n${removed.join('\n')}`)
}

/** @throws {UsageError} when there is nobody to ask. */
async function isSure(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError(
      'network prune asks before it removes, and standard input is no terminal. Give --force to have it done unasked.',
    )
  const { createInterface } = process.getBuiltinModule('node:readline')
  // Standard output is for what was done.
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      terminal.once('SIGINT', () => reject(new Interrupted('SIGINT')))
      // Ctrl-D.
      terminal.once('close', () => resolve(''))
      terminal.question('This removes all networks that no sandbox is on. Go on? [y/N] ', resolve)
    })
    return /^y(es)?$/i.test(answer.trim())
  } catch (error) {
    process.stderr.write('\n')
    throw error
  } finally {
    terminal.close()
  }
}
