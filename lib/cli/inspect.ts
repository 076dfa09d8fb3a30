import type { Command } from 'commander'
import { describe, type Description } from './describe.js'
import { Refusals } from './failures.js'
import { printJson } from './output.js'
import { withSlipway } from './with-slipway.js'

const AFTER = `
Example:
  slipway inspect app | jq -r '.[0].NetworkSettings.Networks.bridge.IPAddress'`

/** `slipway inspect`. */
export function addInspect(program: Command): void {
  program
    .command('inspect')
    .usage('NAME...')
    .description("all about sandboxes: a JSON array with docker's NetworkSettings of each")
    .argument('<name...>', 'name, id, or the beginning of an id')
    .option('--json', 'as it does anyway')
    .addHelpText('after', AFTER)
    .action(async (names: string[]) => {
      const found: Description[] = []
      const refusals: unknown[] = []
      await withSlipway(program, async (slipway) => {
        for (const name of names) {
          try {
            found.push(describe(await slipway.sandboxes.get(name)))
          } catch (error) {
            refusals.push(error)
          }
        }
      })
      printJson(found)
      if (refusals.length > 0) throw new Refusals(refusals)
    })
}
