import { join } from 'node:path'
import { invalid } from '../errors.js'
import { hostModeFiles, sandboxFiles } from '../names/files.js'
import { readHostFiles } from '../names/host-files.js'
import type { NameOptions } from '../names/options.js'
import { writeNameFiles } from '../names/write-files.js'
import { DEFAULT_NETWORK, FAMILIES } from '../network/spec.js'
import type { SandboxRecord } from '../state/records.js'
import type { Context } from './context.js'
import { ownerOfJoined } from './removal.js'

/** Paths of the files of a sandbox. */
export interface SandboxFiles {
  hostname: string
  hosts: string
  resolvConf: string
}

/** By id: another sandbox of the same name has others. */
export const filesFolder = (folder: string, { id }: Pick<SandboxRecord, 'id'>): string => join(folder, id)

export const hostnameOf = ({ id, names }: Pick<SandboxRecord, 'id' | 'names'>): string => names?.hostname ?? id.slice(0, 12)

/** Writes them where they are not as they should be. */
export async function writeFiles(context: Context, record: SandboxRecord): Promise<SandboxFiles> {
  if (record.network.startsWith('container:')) {
    const owner = await ownerOfJoined(record.network, context.records)
    if (!owner) throw invalid(`The sandbox ${record.name} has the files of the sandbox that it joined, and that was removed.`)
    return writeFiles(context, owner.record)
  }
  const host = await readHostFiles()
  const options: NameOptions = { ...daemonOptions(context), ...record.names }
  const hostGateway = await hostGateways(context, options)
  const addresses = record.endpoints.flatMap((endpoint) => FAMILIES.flatMap((family) => endpoint.addresses[family]?.address ?? []))
  const resolver = resolverOf(record)
  const files =
    record.network === 'host'
      ? hostModeFiles(options, { hostGateway, ipv6Loopback: true }, host)
      : sandboxFiles({ ...options, hostname: hostnameOf(record) }, { addresses, hostGateway, ipv6Loopback: true, ...(resolver === undefined ? {} : { resolver }) }, host)
  const paths = await writeNameFiles(filesFolder(context.files, record), files)
  return { hostname: paths.hostnamePath, hosts: paths.hostsPath, resolvConf: paths.resolvConfPath }
}

/** What open() says of every sandbox. */
const daemonOptions = ({ settings: { dns, dnsSearch, dnsOptions } }: Context): NameOptions => ({
  ...(dns ? { dns } : {}),
  ...(dnsSearch ? { dnsSearch } : {}),
  ...(dnsOptions ? { dnsOptions } : {}),
})

/** As docker has it: the default bridge's addresses, whatever network a sandbox is on. */
async function hostGateways({ networks }: Context, { addHost }: NameOptions): Promise<string[]> {
  if (!addHost?.some((line) => line.includes('host-gateway'))) return []
  const { spec } = (await networks.preview(DEFAULT_NETWORK)).ready
  return spec.subnets.flatMap(({ address }) => address ?? [])
}

/** The resolver of the first user-defined network that has one. */
export function resolverOf({ endpoints }: SandboxRecord): string | undefined {
  for (const { network, addresses } of endpoints) {
    if (network === DEFAULT_NETWORK) continue
    for (const family of FAMILIES) {
      const resolver = addresses[family]?.resolver
      if (resolver !== undefined) return resolver
    }
  }
  return undefined
}
