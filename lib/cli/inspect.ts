import type { Command } from 'commander'
import { describe } from './describe.js'
import { printJson } from './output.js'
import { forEachName, reportRefusals } from './several.js'
import { withSlipway } from './with-slipway.js'

const AFTER = `
Prints JSON with the keys of 'docker inspect': networks with addresses and aliases,
ports, the options of names (hostname, dns, ...), and the paths of the files, if
'slipway files' has written them.

Examples:
  slipway inspect app
  slipway inspect app | jq -r '.[0].NetworkSettings.Networks.bridge.IPAddress'`

/** `slipway inspect`. */
export function addInspect(program: Command): void {
  program
    .command('inspect')
    .usage('NAME...')
    .description('print everything about sandboxes, as JSON')
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('--json', 'JSON, which it prints anyway')
    .addHelpText('after', AFTER)
    .action(async (names: string[]) => {
      const { done, refusals } = await withSlipway(program, (slipway) =>
        forEachName(names, async (name) => describe(await slipway.sandboxes.get(name))),
      )
      printJson(done)
      reportRefusals(refusals)
    })
}
