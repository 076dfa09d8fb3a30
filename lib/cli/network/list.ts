import { print, printColumns, printJson } from '../output.js'
import { withSlipway } from '../with-slipway.js'
import { listFilters } from './filters.js'
import type { GivenHost } from '../usage/host-flags.js'

const HEAD = ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE']

export interface ListFlags {
  filter?: string[]
  quiet?: true
  trunc: boolean
  json?: true
}

/** `slipway network ls`: as `docker network ls` does. */
export async function listNetworks(host: GivenHost, { filter = [], quiet, trunc, json }: ListFlags): Promise<void> {
  const filters = listFilters(filter)
  const id = (full: string) => (trunc ? full.slice(0, 12) : full)
  await withSlipway(host, async (slipway) => {
    const networks = await slipway.networks.list(filters)
    if (json) return printJson(await Promise.all(networks.map((one) => one.inspect())))
    if (quiet) return print(networks.map((one) => id(one.id)).join('\n'))
    printColumns(
      HEAD,
      networks.map((one) => [id(one.id), one.name, one.driver, 'local']),
    )
  })
}
