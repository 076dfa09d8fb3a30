import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { SlipwayError } from '../errors.js'
import { hostModeFiles, sandboxFiles, type NameFiles } from '../names/files.js'
import { readHostFiles } from '../names/host-files.js'
import type { NameOptions } from '../names/options.js'
import { removeNameFiles, writeNameFiles } from '../names/write-files.js'
import { DEFAULT_NETWORK, FAMILIES } from '../network/spec.js'
import { removed } from '../refusals.js'
import { readRecord, type SandboxRecord } from '../state/records.js'
import type { Context } from './context.js'
import { ownerOfJoined } from './removal.js'

/** Paths of the files of a sandbox, for a runtime to mount over `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`. */
export interface SandboxFiles {
  /** One line: the sandbox's hostname. */
  hostname: string
  /** Its own addresses and what `addHost` said. */
  hosts: string
  /** Nameservers, search domains and options. */
  resolvConf: string
}

/** Another process may change the sandbox while its files are written: they are written anew, this many times. */
const TRIES = 16

type Known = Pick<SandboxRecord, 'id' | 'name'>

/** By id: another sandbox of the same name has others. */
const filesFolder = (folder: string, { id }: Pick<SandboxRecord, 'id'>): string => join(folder, id)

export const hostnameOf = ({ id, names }: Pick<SandboxRecord, 'id' | 'names'>): string => names?.hostname ?? id.slice(0, 12)

/** Writes them where they are not as they should be. @throws {SlipwayError} `NOT_FOUND` */
export async function writeFiles(context: Context, sandbox: Known): Promise<SandboxFiles> {
  const { record } = await current(context, sandbox)
  if (record.network.startsWith('container:')) {
    const owner = await ownerOfJoined(record.network, context.records)
    if (!owner) throw new SlipwayError('NOT_FOUND', `The sandbox ${record.name} has the files of the sandbox that it joined, and that was removed.`)
    return writeFiles(context, owner.record)
  }
  for (let attempt = 1; ; attempt++) {
    const { record, text } = await current(context, sandbox)
    const paths = await writeNameFiles(filesFolder(context.files, record), await filesOf(context, record))
    // Whoever writes last has read last: two that write at once agree in the end.
    if ((await current(context, sandbox)).text === text || attempt === TRIES) return { hostname: paths.hostnamePath, hosts: paths.hostsPath, resolvConf: paths.resolvConfPath }
  }
}

/** Writes them anew where there are any. */
export async function renewFiles(context: Context, sandbox: Known): Promise<void> {
  if (!existsSync(filesFolder(context.files, sandbox))) return
  try {
    await writeFiles(context, sandbox)
  } catch (error) {
    // Removed meanwhile: then it needs none.
    if (!(error instanceof SlipwayError && error.code === 'NOT_FOUND')) throw error
  }
}

export async function removeFiles(folder: string, sandbox: Known): Promise<void> {
  if (existsSync(filesFolder(folder, sandbox))) await removeNameFiles(filesFolder(folder, sandbox))
}

/** Folders of sandboxes' files, for {@link collectFiles}: to be listed before the records are. */
export async function listFilesFolders(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).map((id) => join(folder, id))
  } catch (error) {
    // What is in the way of it is in the way of the records, too: reading these tells.
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

/** Removes the files of sandboxes whose remover has died on the way. */
export async function collectFiles(folder: string, folders: readonly string[], kept: readonly SandboxRecord[]): Promise<void> {
  const known = new Set(kept.map((record) => filesFolder(folder, record)))
  for (const path of folders) if (!known.has(path)) await removeNameFiles(path)
}

/** What is remembered of a sandbox now. Of one that is gone, the files go, too: a writer may have come after the remover. */
async function current({ records, files }: Context, sandbox: Known) {
  const stored = await readRecord(records, sandbox.name)
  if (stored?.record.id === sandbox.id) return stored
  await removeFiles(files, sandbox)
  throw new SlipwayError('NOT_FOUND', removed(sandbox.name))
}

async function filesOf(context: Context, record: SandboxRecord): Promise<NameFiles> {
  const { netns } = context.settings
  const host = await readHostFiles(netns === undefined ? {} : { netns })
  const options: NameOptions = record.names ?? {}
  const hostGateway = await hostGateways(context, options)
  const ipv6Loopback = await hasIpv6Loopback(context, record)
  if (record.network === 'host') return hostModeFiles(options, { hostGateway, ipv6Loopback }, host)
  const addresses = record.endpoints.flatMap((endpoint) => FAMILIES.flatMap((family) => endpoint.addresses[family]?.address ?? []))
  const resolver = resolverOf(record)
  return sandboxFiles({ ...options, hostname: hostnameOf(record) }, { addresses, hostGateway, ipv6Loopback, ...(resolver === undefined ? {} : { resolver }) }, host)
}

/** Not so where IPv6 is switched off: in the kernel, or inside. */
async function hasIpv6Loopback({ host }: Context, { network, path }: SandboxRecord): Promise<boolean> {
  const inside = await host.find('addresses', network === 'host' ? { ipv6: true } : { netns: path, ipv6: true })
  return inside?.some(({ address }) => address === '::1') ?? false
}

/** As docker has it: the default bridge's addresses, whatever network a sandbox is on. */
async function hostGateways({ networks }: Context, { addHost }: NameOptions): Promise<string[]> {
  if (!addHost?.some((line) => line.endsWith('host-gateway'))) return []
  const { spec } = (await networks.preview(DEFAULT_NETWORK)).ready
  return spec.subnets.flatMap(({ address }) => address ?? [])
}

/** The resolver of the first user-defined network that has one. */
function resolverOf({ endpoints }: SandboxRecord): string | undefined {
  for (const { network, addresses } of endpoints) {
    if (network === DEFAULT_NETWORK) continue
    for (const family of FAMILIES) {
      const resolver = addresses[family]?.resolver
      if (resolver !== undefined) return resolver
    }
  }
  return undefined
}
