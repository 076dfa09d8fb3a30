import { lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { endpointsOf } from '../drivers/index.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import * as sets from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import { FAMILIES } from '../store/network-spec.js'
import type { Family, Operation } from '../plan/operation.js'
import { isAlive, isOfThisBoot } from '../store/maker.js'
import { isAtPath } from '../store/namespace.js'
import { stackPlace, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { OwnedElements } from '../claims/owned.js'

/** The kernel at one moment: elements of sandboxes, and links of the host by name. */
export interface Snapshot {
  owned: OwnedElements
  links: Map<string, LinkInfo>
  all: readonly LinkInfo[]
}

/** @param tables - Those of the ruleset that are there. @param links - Those of the host, where they are known. */
export async function takeSnapshot(
  host: Host,
  tables: ReadonlySet<Family>,
  links?: readonly LinkInfo[],
): Promise<Snapshot> {
  const [owned, all] = await Promise.all([OwnedElements.read(host, tables), links ?? host.ask('links', {})])
  return { owned, all, links: new Map(all.map((link) => [link.name, link])) }
}

/** The same, as far as a few sandboxes go: nothing else is asked for. @param claims - What they are to have. */
export async function takeSnapshotOf(
  host: Host,
  links: readonly string[],
  claims: readonly Operation[],
): Promise<Snapshot> {
  const owned = await OwnedElements.readFew(host, claims)
  const all: LinkInfo[] = []
  for (const name of new Set(links)) {
    const link = await host.find('link', { name })
    if (link) all.push(link)
  }
  return { owned, all, links: new Map(all.map((link) => [link.name, link])) }
}

/**
 * Whether all of a sandbox is there, as far as its being made goes: what its processes did inside since is no part of
 * that.
 */
export const isWhole = async (
  item: StoredRecord,
  { owned, links }: Pick<Snapshot, 'owned' | 'links'>,
  host: Host,
): Promise<boolean> => {
  const { record } = item
  return (
    !record.removing &&
    isThere(record) &&
    (isMade(item, links) || (someClaimed(record, owned) && (await isFinished(record, links, host))))
  )
}

/** Whether it was made to its end, and its namespace is there still. Records of earlier versions do not say it. */
export function isMade({ record, marked }: StoredRecord, links: ReadonlyMap<string, LinkInfo>): boolean {
  if (!marked || !isThere(record)) return false
  const { foreign, endpoints } = record
  return !foreign || isUp(endpoints, links) || isAtPath(record)
}

/** Whether one of its links is known to have been finished. */
const isUp = (endpoints: readonly StoredEndpoint[], links: ReadonlyMap<string, LinkInfo>): boolean =>
  endpoints.some((endpoint) => endpointsOf(endpoint).isUp(endpoint, links))

/** Whether what a sandbox is made of is there: its namespace. */
const isThere = ({ stack, path, foreign, maker }: SandboxRecord): boolean =>
  isOfThisBoot(maker) && (stack === 'host' || foreign === true || path.startsWith('/proc/') || isNamespace(path))

/** Whether one of its endpoints at least has its claims; a sandbox without endpoints has none to have. */
function someClaimed(record: SandboxRecord, owned: OwnedElements): boolean {
  if (record.endpoints.length === 0) return true
  return record.endpoints.some((endpoint) =>
    endpointsOf(endpoint)
      .elements(endpoint)
      .some(([set, key]) => sets.isAddressClaim(set) && owned.has(record, set, key)),
  )
}

/**
 * Whether its making came to the end. The last that is made is what is inside, in one go, loopback first. (That the
 * link has a carrier tells it without a visit; that it has none may be the sandbox's own doing.)
 */
async function isFinished(record: SandboxRecord, links: ReadonlyMap<string, LinkInfo>, host: Host): Promise<boolean> {
  const { stack, path, foreign, endpoints, maker, busy } = record
  if (stack !== 'own') return true
  if (isUp(endpoints, links) || isAlive(busy ?? maker)) return true
  if (foreign) return endpoints.length === 0 || (await isWholeInside(record, host))
  return (
    isAtPath(record) &&
    ((await host.find('links', { netns: path }))?.some((link) => link.name === 'lo' && link.up) ?? false)
  )
}

/** Whether all of a sandbox is there but its claims. */
export async function isWholeInside(
  record: Pick<SandboxRecord, 'endpoints' | 'path' | 'namespace' | 'foreign'>,
  host: Host,
): Promise<boolean> {
  const { endpoints, path } = record
  if (endpoints.length === 0 || !isAtPath(record)) return false
  const inside = [
    ...((await host.find('addresses', { netns: path })) ?? []),
    ...((await host.find('addresses', { netns: path, ipv6: true })) ?? []),
  ]
  for (const endpoint of endpoints) {
    const { addresses } = endpoint
    if (!(await endpointsOf(endpoint).isLinked(endpoint, { host, ...stackPlace(record) }))) return false
    if (
      !FAMILIES.every(
        (family) => !addresses[family] || inside.some(({ address }) => address === addresses[family]?.address),
      )
    )
      return false
  }
  return true
}

/** Whether a namespace is bound to a path: then it lies on another file system than its folder. No link does. */
function isNamespace(path: string): boolean {
  const device = (of: string) => lstatSync(of, { throwIfNoEntry: false })?.dev
  return device(path) !== undefined && device(path) !== device(`${dirname(path)}/.`)
}
