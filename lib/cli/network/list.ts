import type { Network } from '../../api/networks/network.js'
import { printLabels, readListFormat } from '../list.js'
import { print, printColumns, printJson } from '../output.js'
import type { GivenHost } from '../usage/host-flags.js'
import { withSlipway } from '../with-slipway.js'
import { listFilters } from './filters.js'

const HEAD = ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE']

/** What stands above each field of --format in a table. */
const HEADS = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  CreatedAt: 'CREATED AT',
  Labels: 'LABELS',
  Label: (key: string) => key,
}

type Row = Record<Exclude<keyof typeof HEADS, 'Label'>, string> & { Label: (key: string) => string }

export interface ListFlags {
  filter?: string[]
  format?: string
  quiet?: true
  trunc: boolean
  json?: true
}

/** `slipway network ls`: as `docker network ls` does. */
export async function listNetworks(host: GivenHost, flags: ListFlags): Promise<void> {
  const { filter = [], quiet, trunc, json } = flags
  const filters = listFilters(filter)
  const format = await readListFormat<Row>(flags, HEADS)
  const id = (full: string) => (trunc ? full.slice(0, 12) : full)
  await withSlipway(host, async (slipway) => {
    const networks = await slipway.networks.list(filters)
    if (json) return printJson(await Promise.all(networks.map((one) => one.inspect())))
    if (quiet) return print(networks.map((one) => id(one.id)).join('\n'))
    if (format) return print(format(await Promise.all(networks.map((one) => rowOf(one, id(one.id))))))
    printColumns(
      HEAD,
      networks.map((one) => [id(one.id), one.name, one.driver, 'local']),
    )
  })
}

async function rowOf(network: Network, id: string): Promise<Row> {
  const { Created, Internal, EnableIPv4, EnableIPv6, Labels } = await network.inspect()
  return {
    ID: id,
    Name: network.name,
    Driver: network.driver,
    Scope: 'local',
    IPv4: String(EnableIPv4),
    IPv6: String(EnableIPv6),
    Internal: String(Internal),
    CreatedAt: Created.replace('T', ' ').replace(/\.\d+Z$/, ' +0000 UTC'),
    Labels: printLabels(Labels),
    Label: (key) => (Object.hasOwn(Labels, key) ? (Labels[key] ?? '') : ''),
  }
}
