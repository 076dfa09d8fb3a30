import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { UsageError } from '../failures.js'
import { print, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { filterOption, pruneFilters } from './filters.js'

const AFTER = `
Asks first, unless --force is given. bridge, host and none stay.

Examples:
  slipway network prune
  slipway network prune --force --filter until=24h --filter label!=keep`

/** `slipway network prune`. */
export function addNetworkPrune(program: Command, network: Command): void {
  network
    .command('prune')
    .usage('[OPTIONS]')
    .description('remove all networks that no sandbox is on')
    .addOption(
      filterOption(
        '--filter',
        'until=24h or until=2026-01-31T12:00:00Z (created before), label=KEY[=VALUE], label!=KEY[=VALUE]',
      ),
    )
    .option('-f, --force', 'do not ask first')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', AFTER)
    .action(async ({ filter = [], force, json }: { filter?: string[]; force?: true; json?: true }) => {
      const filters = pruneFilters(filter)
      if (!force && !(await isSure())) return
      const removed = await withSlipway(program, (slipway) => slipway.networks.prune(filters))
      if (json) printJson(removed)
      else if (removed.length > 0) print(`Deleted Networks:\n${removed.join('\n')}`)
    })
}

/** @throws {UsageError} when there is nobody to ask. */
async function isSure(): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError(
      'network prune asks before it removes, and standard input is no terminal. Give --force to have it done unasked.',
    )
  // Standard output is for what was done.
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test(
      (await terminal.question('This removes all networks that no sandbox is on. Go on? [y/N] ')).trim(),
    )
  } finally {
    terminal.close()
  }
}
