import type { Command } from 'commander'
import { Refusals } from './failures.js'
import { print, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'

const AFTER = `
Processes inside go on, without network. With several names, each that can be removed is.

Examples:
  slipway rm app
  slipway ls -q | xargs -r slipway rm     all of them`

/** `slipway rm`. */
export function addRemove(program: Command): void {
  program
    .command('rm')
    .usage('NAME...')
    .description('take sandboxes off the network, and free their names, addresses and ports')
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', AFTER)
    .action(async (names: string[], { json }: { json?: true }) => {
      const outcomes = await withSlipway(
        program,
        (slipway) =>
          Promise.allSettled(
            names.map(async (name) => {
              const sandbox = await slipway.sandboxes.get(name)
              await sandbox.remove()
              return name
            }),
          ),
        { wait: true },
      )
      const removed = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
      if (json) printJson(removed)
      else print(removed.join('\n'))
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))
      if (refusals.length > 0) throw new Refusals(refusals)
    })
}
