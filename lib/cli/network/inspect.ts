import type { Command } from 'commander'
import { printJson } from '../output.js'
import { forEachName, reportRefusals } from '../several.js'
import { withSlipway } from '../with-slipway.js'

const AFTER = `
Example:
  slipway network inspect web | jq -r '.[0].IPAM.Config[].Subnet'`

/** `slipway network inspect`. */
export function addNetworkInspect(program: Command, network: Command): void {
  network
    .command('inspect')
    .usage('NAME...')
    .description("all about networks and who is on them: docker's JSON array")
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('--json', 'JSON, which it prints anyway')
    .addHelpText('after', AFTER)
    .action(async (names: string[]) => {
      const { done, refusals } = await withSlipway(program, (slipway) =>
        forEachName(names, async (name) => (await slipway.networks.get(name)).inspect()),
      )
      printJson(done)
      reportRefusals(refusals)
    })
}
