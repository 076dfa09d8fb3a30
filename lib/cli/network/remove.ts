import type { Command } from 'commander'
import { print, printJson } from '../output.js'
import { forEachName, reportRefusals } from '../several.js'
import { withSlipway } from '../with-slipway.js'

const AFTER = `
A network with sandboxes is not removed: disconnect or remove the sandboxes first.
Of several NAMEs, those that can be removed are removed, and the others are reported.

Example:
  slipway network rm web back`

/** `slipway network rm`. */
export function addNetworkRemove(program: Command, network: Command): void {
  network
    .command('rm')
    .usage('NAME...')
    .description('remove networks that no sandbox is on')
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('--json', 'print the names of those removed, as JSON')
    .addHelpText('after', AFTER)
    .action(async (names: string[], { json }: { json?: true }) => {
      const { done, refusals } = await withSlipway(program, (slipway) =>
        forEachName(names, async (name) => {
          await (await slipway.networks.get(name)).remove()
          return name
        }),
      )
      if (json) printJson(done)
      else print(done.join('\n'))
      reportRefusals(refusals)
    })
}
