import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { ago, describe, portsColumn } from './describe.js'
import { print, printColumns, printJson } from './output.js'
import { withSlipway } from './with-slipway.js'
import type { GivenHost } from './usage/host-flags.js'

const HEAD = ['NAME', 'ID', 'NETWORK', 'ADDRESS', 'PORTS', 'CREATED']

/** Those it is on; without any, how it comes to its network. */
const networks = ({ endpoints, network }: Sandbox, trunc: boolean): string =>
  endpoints.map((endpoint) => endpoint.network).join(', ') ||
  (trunc ? network.replace(/^(container:.{12}).*/, '$1') : network)

export interface ListFlags {
  quiet?: true
  trunc: boolean
  json?: true
}

/** `slipway ls`. */
export async function list(host: GivenHost, { quiet, trunc, json }: ListFlags): Promise<void> {
  const sandboxes = await withSlipway(host, (slipway) => slipway.sandboxes.list())
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
}
