import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Host } from '../kernel/host.js'
import type { Settings } from '../base/settings.js'
import { bootId, isAlive, type Maker } from '../store/maker.js'
import { listNetworkRecords } from '../store/network-records.js'
import { isOwnFolder } from '../store/own-folder.js'
import { listAllRecords, type SandboxRecord } from '../store/records.js'
import { removeStateFolder } from '../store/remove-state-folder.js'

/**
 * A host whose namespace is gone while its state folder is there: a container was stopped and started with its /run on
 * a disk or a volume, or the machine was booted with one. Its sandboxes went with it, and left the files that
 * namespaces were bound over.
 */
export interface FormerHost {
  folder: string
  /** Files that namespaces were bound over, which keep names from being had. */
  files: string[]
}

/** State folders of other hosts: those that are gone for certain, and those of which this process can see neither. */
export interface OtherHosts {
  former: FormerHost[]
  unclear: string[]
}

/** Looks and changes nothing. Without other state folders it is one look at one folder. */
export async function findOtherHosts(
  { stateDir }: Pick<Settings, 'stateDir'>,
  { identity }: Pick<Host, 'identity'>,
): Promise<OtherHosts> {
  const found: OtherHosts = { former: [], unclear: [] }
  const others = namesOf(stateDir).filter((name) => /^\d{1,20}$/.test(name) && name !== String(identity))
  if (others.length === 0) return found
  const visible = visibleNamespaces()
  for (const name of others) {
    const folder = join(stateDir, name)
    if (
      visible.has(name) ||
      !['', 'sandboxes', 'networks'].every(
        (what) => isOwnFolder(join(folder, what)) || (what !== '' && !existsSync(join(folder, what))),
      )
    )
      continue
    const files = await filesOfGone(folder)
    if (files) found.former.push({ folder, files })
    else found.unclear.push(folder)
  }
  // One that lives may be about to bind a namespace of the same name.
  const living = namesOf(stateDir)
    .map((name) => join(stateDir, name))
    .filter((folder) => !found.former.some((one) => one.folder === folder))
  const isWanted = (file: string) =>
    living.some((folder) => existsSync(join(folder, 'sandboxes', `${basename(file)}.json`)))
  return {
    ...found,
    former: found.former.map(({ folder, files }) => ({ folder, files: files.filter((file) => !isWanted(file)) })),
  }
}

/** @returns What was done, a sentence each. */
export function collectFormerHosts({ former }: OtherHosts): string[] {
  return former.map(({ folder, files }) => {
    for (const file of files) if (isLeftFile(file)) unlinkSync(file)
    const stays = removeStateFolder(folder)
    const but = stays.length > 0 ? `, but for ${stays.join(', ')}` : ''
    return `state folder ${folder}: the namespace of its host is gone, removed${but}`
  })
}

/**
 * Files that are left of the sandboxes of a host that is gone; `undefined` where it may live out of this process's
 * sight: another container may share the folder. What was written before the machine was booted is of one that is gone.
 * In the same boot, no process that has worked on it lives, no namespace of its sandboxes is bound, and the files that
 * they were bound over are those that we see.
 */
async function filesOfGone(folder: string): Promise<string[] | undefined> {
  let damaged = false
  const broken = () => (damaged = true)
  const records = await listAllRecords(join(folder, 'sandboxes'), broken)
  const networks = await listNetworkRecords(join(folder, 'networks'), broken)
  const makers = [
    ...records.flatMap(({ record: { maker, busy } }) => [maker, ...(busy ? [busy] : [])]),
    ...networks.map(({ record }) => record.maker),
  ]
  if (
    damaged ||
    [...makers, ...namedMakers(join(folder, 'holders')), ...namedMakers(join(folder, 'pool'))].some(isAlive)
  )
    return undefined
  const paths = records.flatMap(({ record }) => (isOwn(record) ? [record.path] : []))
  const files = paths.filter(isLeftFile)
  const isOfEarlierBoot = makers.length > 0 && makers.every(({ boot }) => boot !== undefined && boot !== bootId())
  if (isOfEarlierBoot) return files
  if (paths.some(isBound)) return undefined
  return paths.length === 0 || files.length > 0 ? files : undefined
}

const isOwn = ({ foreign, stack }: SandboxRecord): boolean => foreign !== true && stack !== 'host'

/** Processes that folders or files are named after: `PID-STARTED-…`. */
const namedMakers = (folder: string): Maker[] =>
  namesOf(folder).flatMap((name) => {
    const [, pid, started = ''] = /^(\d{1,7})-(\d{0,20})-/.exec(name) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), started }]
  })

/** An empty file of this user or root, with nothing bound over it. */
function isLeftFile(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  return (
    stat !== undefined &&
    stat.isFile() &&
    stat.size === 0 &&
    (stat.uid === 0 || stat.uid === process.geteuid?.()) &&
    !isBound(path)
  )
}

/** What is bound over a file lies on another file system than its folder. */
function isBound(path: string): boolean {
  const device = statSync(path, { throwIfNoEntry: false })?.dev
  return device !== undefined && device !== statSync(dirname(path), { throwIfNoEntry: false })?.dev
}

/**
 * Inode numbers of the network namespaces that processes are in, or that are bound somewhere, as far as this process
 * sees.
 */
function visibleNamespaces(): Set<string> {
  const found = new Set<string>()
  for (const [, inode = ''] of readFileSync('/proc/self/mountinfo', 'utf8').matchAll(/ net:\[(\d+)\] /g))
    found.add(inode)
  for (const pid of namesOf('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      found.add(/^net:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/ns/net`))?.[1] ?? '')
    } catch {
      // It has ended.
    }
  }
  return found
}

function namesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
