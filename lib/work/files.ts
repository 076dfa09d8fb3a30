import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Slices } from '../admission/slices.js'
import { SlipwayError } from '../base/errors.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import { hostModeFiles, sandboxFiles, type NameFiles } from '../names/files.js'
import { readHostFiles } from '../names/host-files.js'
import type { NameOptions } from '../base/name-options.js'
import { nameFilePaths, removeNameFiles, writeNameFiles, type NameFilePaths } from '../names/write-files.js'
import { DEFAULT_NETWORK, FAMILIES } from '../store/network-spec.js'
import type { DamagedRecords } from '../heal/index.js'
import { removed } from '../claims/refusals.js'
import { isAtPath } from '../store/namespace.js'
import { readRegular } from '../store/read-file.js'
import { listFolder } from '../store/list-folder.js'
import { hostnameOf, listRecords, readRecord, type SandboxRecord } from '../store/records.js'
import type { Context } from './context.js'
import { joinedId, ownerOfJoined, whatIsLeft } from './sharing.js'

/**
 * Paths of the files of a sandbox, for a runtime to mount over `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`.
 */
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

type Known = Pick<SandboxRecord, 'id' | 'name' | 'joined'>

/** By id: another sandbox of the same name has others. Whoever has joined a sandbox has its files. */
const filesFolder = (folder: string, sandbox: Pick<SandboxRecord, 'id' | 'joined'>): string =>
  join(folder, joinedId(sandbox) ?? sandbox.id)

/** Writes them where they are not as they should be. @throws {SlipwayError} `NOT_FOUND` */
export async function writeFiles(context: Context, sandbox: Known): Promise<SandboxFiles> {
  const { record } = await current(context, sandbox)
  const joined = joinedId(record)
  if (joined !== undefined) {
    const owner = await ownerOfJoined(record, context.records)
    return owner ? writeFiles(context, owner.record) : write(context, whatIsLeft(record, joined))
  }
  for (let attempt = 1; ; attempt++) {
    const { record, text } = await current(context, sandbox)
    const paths = await write(context, record)
    // Whoever writes last has read last: two that write at once agree in the end.
    if ((await current(context, sandbox)).text === text || attempt === TRIES) return paths
  }
}

async function write(context: Context, record: SandboxRecord): Promise<SandboxFiles> {
  const files = await filesOf(context, record)
  const turn = context.turns.next()
  if (turn) await turn
  return named(writeNameFiles(filesFolder(context.files, record), files))
}

/** The files as they were written before; `undefined` when nobody has asked for them yet. */
export function writtenFiles(
  { files }: Pick<Context, 'files'>,
  sandbox: Pick<SandboxRecord, 'id' | 'joined'>,
): SandboxFiles | undefined {
  const folder = filesFolder(files, sandbox)
  return existsSync(folder) ? named(nameFilePaths(folder)) : undefined
}

/** Where its files are to be, written or not. */
export const filePaths = (
  { files }: Pick<Context, 'files'>,
  sandbox: Pick<SandboxRecord, 'id' | 'joined'>,
): SandboxFiles => named(nameFilePaths(filesFolder(files, sandbox)))

/**
 * What is in its files: as they were written, and perhaps changed by its processes; else as they would be.
 *
 * @throws {SlipwayError} `NOT_FOUND`
 */
export async function readNames(context: Context, sandbox: Known): Promise<NameFiles> {
  const { record } = await current(context, sandbox)
  const { hostname, hosts, resolvConf } = filePaths(context, record)
  const written = [hostname, hosts, resolvConf].map((path) => readRegular(path)?.text)
  if (written.every((text) => text !== undefined)) {
    const [name = '', lines = '', servers = ''] = written
    return { hostname: name, hosts: lines, 'resolv.conf': servers }
  }
  const joined = joinedId(record)
  if (joined === undefined) return filesOf(context, record)
  const owner = await ownerOfJoined(record, context.records)
  return filesOf(context, owner?.record ?? whatIsLeft(record, joined))
}

const named = ({ hostnamePath, hostsPath, resolvConfPath }: NameFilePaths): SandboxFiles => ({
  hostname: hostnamePath,
  hosts: hostsPath,
  resolvConf: resolvConfPath,
})

/**
 * Writes them anew where there are any. It comes after a change that has happened, and what is wrong with the files, of
 * which the sandbox has a say, is no reason to say of the change that it has failed: that is a warning of the process.
 */
export async function renewFiles(context: Context, sandbox: Known): Promise<void> {
  if (!existsSync(filesFolder(context.files, sandbox))) return
  try {
    await writeFiles(context, sandbox)
  } catch (error) {
    // Removed meanwhile: then it needs none.
    if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return
    process.emitWarning(`The files of sandbox ${sandbox.name} could not be written anew: ${(error as Error).message}`, {
      code: 'SLIPWAY_FILES',
    })
  }
}

/**
 * After a sandbox's removal: its files go, unless others have them, too; of the owner's, its addresses go from them.
 */
export async function removeFiles(context: Context, sandbox: Known): Promise<void> {
  const folder = filesFolder(context.files, sandbox)
  if (!existsSync(folder)) return
  const users = (await listRecords(context.records))
    .map(({ record }) => record)
    .filter((record) => filesFolder(context.files, record) === folder)
  const [user] = users
  if (!user) return removeNameFiles(folder)
  const joined = joinedId(user)
  if (joined !== undefined && users.every(({ id }) => id !== joined)) await write(context, whatIsLeft(user, joined))
}

/** Folders of sandboxes' files, for {@link collectFiles}: to be listed before the records are. */
export async function listFilesFolders(folder: string): Promise<string[]> {
  // What is in the way of it is in the way of the records, too: reading these tells.
  return (await listFolder(folder, ['ENOENT', 'ENOTDIR'])).filter((id) => ID.test(id)).map((id) => join(folder, id))
}

/** What else lies there is nothing of ours. */
const ID = /^[0-9a-f]{64}$/

/** Removes the files of sandboxes whose remover has died on the way. */
export async function collectFiles(
  folder: string,
  folders: readonly string[],
  kept: readonly SandboxRecord[],
  damagedRecords: DamagedRecords,
): Promise<void> {
  const known = new Set(kept.map((record) => filesFolder(folder, record)))
  const slices = new Slices()
  for (const path of folders) {
    if (known.has(path) || damagedRecords.hasId(basename(path))) continue
    removeNameFiles(path)
    const pause = slices.next()
    if (pause) await pause
  }
}

/**
 * What is remembered of a sandbox now. Of one that is gone, the files go, too: a writer may have come after the
 * remover.
 */
async function current(context: Context, sandbox: Known) {
  const stored = await readRecord(context.records, sandbox.name)
  if (stored?.record.id === sandbox.id) return stored
  await removeFiles(context, sandbox)
  throw new SlipwayError('NOT_FOUND', removed(sandbox.name))
}

async function filesOf(context: Context, record: SandboxRecord): Promise<NameFiles> {
  const { netns } = context.settings
  const host = await readHostFiles(netns === undefined ? {} : { netns })
  const options: NameOptions = record.names ?? {}
  const hostGateway = await hostGateways(context, record, options)
  const ipv6Loopback = await hasIpv6Loopback(context, record)
  if (record.stack === 'host') return hostModeFiles(options, { hostGateway, ipv6Loopback }, host)
  const addresses = record.endpoints.flatMap((endpoint) =>
    FAMILIES.flatMap((family) => endpoint.addresses[family]?.address ?? []),
  )
  const resolver = resolverOf(record)
  return sandboxFiles(
    { ...options, hostname: hostnameOf(record) },
    { addresses, hostGateway, ipv6Loopback, ...(resolver === undefined ? {} : { resolver }) },
    host,
  )
}

/** Not so where IPv6 is switched off: in the kernel, or inside. */
async function hasIpv6Loopback({ host }: Context, record: SandboxRecord): Promise<boolean> {
  const { stack, path } = record
  if (stack !== 'host' && !isAtPath(record)) return false
  const inside = await host.find('addresses', stack === 'host' ? { ipv6: true } : { netns: path, ipv6: true })
  return inside?.some(({ address }) => address === '::1') ?? false
}

/**
 * As docker has it: the default bridge's addresses, whatever network a sandbox is on. The bridge is made where it is
 * not there: the host is to have the address that the file names. A sandbox that has no way there, on internal networks
 * or by its IP version, gets the addresses that the host has on its own networks.
 */
async function hostGateways(
  { networks }: Context,
  { endpoints }: SandboxRecord,
  { addHost }: NameOptions,
): Promise<string[]> {
  if (!addHost?.some((line) => line.endsWith('host-gateway'))) return []
  const near = endpoints.flatMap(({ addresses }) => FAMILIES.flatMap((family) => addresses[family]?.resolver ?? []))
  const reaches = (family: IpFamily) =>
    endpoints.length === 0 || endpoints.some(({ internal, addresses }) => !internal && addresses[family] !== undefined)
  if (near.length > 0 && !FAMILIES.some(reaches)) return near
  const { spec } = await networks.ready(DEFAULT_NETWORK)
  const own = spec.subnets.flatMap(({ address }) => address ?? [])
  const reached = own.filter((address) => reaches(familyOf(address)))
  return [reached, near].find(({ length }) => length > 0) ?? own
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
