import type { Command } from 'commander'
import { print, printColumns, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { filterOption, listFilters } from './filters.js'

const HEAD = ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE']

const AFTER = `
Examples:
  slipway network ls --filter type=custom --filter label=team=blue
  slipway network ls -q --filter dangling=true       ids of networks without sandboxes`

/** `slipway network ls`: as `docker network ls` does. */
export function addNetworkList(program: Command, network: Command): void {
  network
    .command('ls')
    .usage('[OPTIONS]')
    .description('list the networks of this host')
    .addOption(
      filterOption(
        '-f, --filter',
        'driver=, id=, name= (a part of it), label=KEY[=VALUE], type=custom or builtin, dangling=true or false',
      ),
    )
    .option('-q, --quiet', 'print ids only')
    .option('--no-trunc', 'print ids in full length')
    .option('--json', 'print what inspect prints, for each')
    .addHelpText('after', AFTER)
    .action(
      async ({ filter = [], quiet, trunc, json }: { filter?: string[]; quiet?: true; trunc: boolean; json?: true }) => {
        const filters = listFilters(filter)
        const id = (full: string) => (trunc ? full.slice(0, 12) : full)
        await withSlipway(program, async (slipway) => {
          const networks = await slipway.networks.list(filters)
          if (json) return printJson(await Promise.all(networks.map((one) => one.inspect())))
          if (quiet) return print(networks.map((one) => id(one.id)).join('\n'))
          printColumns(
            HEAD,
            networks.map((one) => [id(one.id), one.name, one.driver, 'local']),
          )
        })
      },
    )
}
