import type { Command } from 'commander'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { ago, describe, portsColumn } from './describe.js'
import { print, printColumns, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'

const HEAD = ['NAME', 'ID', 'NETWORK', 'ADDRESS', 'PORTS', 'CREATED']

/** Those it is on; without any, how it comes to its network. */
const networks = ({ endpoints, network }: Sandbox, trunc: boolean): string =>
  endpoints.map((endpoint) => endpoint.network).join(', ') ||
  (trunc ? network.replace(/^(container:.{12}).*/, '$1') : network)

/** `slipway ls`. */
export function addList(program: Command): void {
  program
    .command('ls')
    .usage('[OPTIONS]')
    .description('list the sandboxes of this host, of all processes')
    .option('-q, --quiet', 'print ids only')
    .option('--no-trunc', 'print ids in full length')
    .option('--json', 'print what inspect prints, for each')
    .action(async ({ quiet, trunc, json }: { quiet?: true; trunc: boolean; json?: true }) => {
      const sandboxes = await withSlipway(program, (slipway) => slipway.sandboxes.list())
      const id = (full: string) => (trunc ? full.slice(0, 12) : full)
      if (json) return printJson(sandboxes.map(describe))
      if (quiet) return print(sandboxes.map((sandbox) => id(sandbox.id)).join('\n'))
      printColumns(
        HEAD,
        sandboxes.map((sandbox) => [
          sandbox.name,
          id(sandbox.id),
          networks(sandbox, trunc),
          sandbox.endpoints.flatMap(({ addresses }) => addresses).join(', '),
          portsColumn(sandbox.ports),
          ago(sandbox.created),
        ]),
      )
    })
}
