import type { Command } from 'commander'
import { print, printJson } from './output.js'
import { forEachName, reportRefusals } from './several.js'
import { withSlipway } from './with-slipway.js'

const AFTER = `
Processes inside go on, without network. Of several NAMEs, those that can be removed
are removed, and the others are reported.

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
      const { done, refusals } = await withSlipway(
        program,
        (slipway) =>
          forEachName(names, async (name) => {
            await (await slipway.sandboxes.get(name)).remove()
            return name
          }),
        { wait: true },
      )
      if (json) printJson(done)
      else print(done.join('\n'))
      reportRefusals(refusals)
    })
}
