import { FAMILIES } from '../../store/network-spec.js'
import { SlipwayError } from '../../base/errors.js'
import { Slices } from '../../admission/slices.js'
import { tryPlan } from '../../claims/remove-if-there.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import { seenAgain } from '../../kernel/seen-again.js'
import type { Operation } from '../../plan/operation.js'
import { leafNumber } from './leaf-name.js'
import { isAtWork, type StoredRecord } from '../../store/records.js'
import type { Attaching } from '../driver.js'
import type { BridgeBody, BridgeEndpoint } from './endpoint.js'
import { hostRoutesTo, readLeafAlias } from './leaf.js'
import { isNamedBridge } from './own-bridge.js'
import { portRepairs } from './port-flaws.js'
import { restorePortNames } from './port-names.js'
import type { BridgeNetwork } from './spec.js'

/**
 * Puts the links of sandboxes back on their bridges: somebody has deleted a bridge, which takes its ports nowhere, or a
 * port off it, or down, or into another group. Of those on leaves, gives back what leads there and went with a bridge.
 *
 * @returns Names of the sandboxes whose links were put back.
 */
export async function attachLinks({
  host,
  ready,
  records,
  isOwn,
  found,
  links,
}: Attaching<BridgeBody>): Promise<ReadonlySet<string>> {
  // What a bridge led to, it has taken along.
  const there = new Set(found.map(({ name }) => name))
  // Of one whose other end is down yet, whoever makes it comes to that.
  const idle = records.filter(({ record, marked }) => marked || !isAtWork(record))
  const { byName, repairs, renamed } = await findRepairs(host, idle, isOwn, links)
  const isOnLeaf = records.some(({ record }) =>
    record.endpoints.some((endpoint) => isOwn(endpoint) && endpoint.body.leafOf !== undefined),
  )
  const routed = isOnLeaf ? await routesOf(host) : new Set<string>()
  const due: Due[] = []
  const slices = new Slices()
  for (const { record, path, text } of idle) {
    const pause = slices.next()
    if (pause) await pause
    for (const endpoint of record.endpoints) {
      if (!isOwn(endpoint)) continue
      const { bridge, hostLink, leafOf } = endpoint.body
      if (!byName.has(hostLink)) continue
      const hostRoutes = lostRoutes(endpoint, routed, leafOf === undefined || there.has(leafOf))
      const repair = repairs.get(endpoint)
      if (!repair && hostRoutes.length === 0) continue
      try {
        const spec = (await ready(endpoint.network)).spec as BridgeNetwork
        // A record may name any bridge, and another may have its name: it is one of this network, or not ours to put
        // anything on.
        if (bridge !== spec.bridge && leafNumber(spec, bridge) === undefined) continue
        const master = byName.get(bridge)
        if (master && !isBridgeOf(master, spec) && !isBridgeOf(await host.find('link', { name: bridge }), spec))
          continue
        due.push({
          name: record.name,
          plan: [...(repair ?? []), ...hostRoutes, { op: 'link.settle', name: hostLink }],
          // Last: who removes the sandbox meanwhile takes this away with the rest, or it is taken back.
          check: { op: 'file.check', path, expected: text },
        })
      } catch (error) {
        // The network is gone, or cannot be had: who uses it hears of it.
        if (!(error instanceof SlipwayError)) throw error
      }
    }
  }
  return new Set([...renamed, ...(await attach(host, due))])
}

/** What ports lack, once each goes by its own name. */
async function findRepairs(
  host: Host,
  items: readonly StoredRecord[],
  isOwn: Attaching<BridgeBody>['isOwn'],
  links: readonly LinkInfo[],
): Promise<{
  byName: ReadonlyMap<string, LinkInfo>
  repairs: ReadonlyMap<BridgeEndpoint, Operation[]>
  renamed: ReadonlySet<string>
}> {
  const owned = items.flatMap(({ record }) => record.endpoints.filter(isOwn).map((endpoint) => ({ record, endpoint })))
  const endpoints = owned.map(({ endpoint }) => endpoint)
  const seen = byNames(links)
  const doubtful = await portRepairs(host, endpoints, seen)
  if (doubtful.size === 0) return { byName: seen, repairs: doubtful, renamed: new Set() }
  // Of one that was made since the links were asked for, they tell of the middle of that.
  const meant = [...doubtful.keys()].flatMap(({ body: { hostLink, bridge } }) => [hostLink, bridge])
  const now = byNames(await seenAgain(host, links, new Set(meant)))
  const repairs = await portRepairs(host, endpoints, now)
  const off = owned.filter(({ endpoint }) => repairs.has(endpoint))
  const renamed = await restorePortNames(host, off, now)
  if (renamed.size === 0) return { byName: now, repairs, renamed }
  const named = byNames(await host.ask('links', {}))
  return { byName: named, repairs: await portRepairs(host, endpoints, named), renamed }
}

const byNames = (links: readonly LinkInfo[]): ReadonlyMap<string, LinkInfo> =>
  new Map(links.map((link) => [link.name, link]))

const isBridgeOf = (link: LinkInfo | undefined, { name }: BridgeNetwork): boolean =>
  link !== undefined && (isNamedBridge(link, name) || readLeafAlias(link.alias)?.network === name)

/** What puts a link of a sandbox back. */
interface Due {
  name: string
  plan: Operation[]
  check: Operation
}

/** So many share a plan. Where one is refused, the others of its group are tried one by one. */
const GROUP = 32

async function attach(host: Host, due: readonly Due[]): Promise<ReadonlySet<string>> {
  const attached = new Set<string>()
  const run = async (some: readonly Due[]) => {
    if (await tryPlan(host, [...some.flatMap(({ plan }) => plan), ...some.map(({ check }) => check)])) return false
    for (const { name } of some) attached.add(name)
    return true
  }
  for (let from = 0; from < due.length; from += GROUP) {
    const group = due.slice(from, from + GROUP)
    if (!(await run(group)) && group.length > 1) for (const one of group) await run([one])
  }
  return attached
}

/** Endpoints whose links are not there, or lack something as ports of their bridges. */
export async function offOf(
  endpoints: readonly BridgeEndpoint[],
  host: Host,
  links: ReadonlyMap<string, LinkInfo>,
): Promise<ReadonlySet<BridgeEndpoint>> {
  const off = new Set((await portRepairs(host, endpoints, links)).keys())
  for (const endpoint of endpoints) if (!links.has(endpoint.body.hostLink)) off.add(endpoint)
  return off
}

/**
 * A bridge that was deleted has taken routes or answers along. An answer that is there already stays as it is.
 *
 * @param answered - Whether the network's own bridge was there, and with it what it answers for.
 */
function lostRoutes(endpoint: BridgeEndpoint, routed: ReadonlySet<string>, answered: boolean): Operation[] {
  const hostRoutes = hostRoutesTo(endpoint).filter(
    (operation) => operation.op !== 'route.add' || !routed.has(operation.destination.split('/')[0] ?? ''),
  )
  return answered && !hostRoutes.some(({ op }) => op === 'route.add') ? [] : hostRoutes
}

/** Addresses that the host has a route to each of. */
async function routesOf(host: Host): Promise<Set<string>> {
  const routed = new Set<string>()
  for (const family of FAMILIES) {
    for (const { destination } of await host.ask('routes', { ipv6: family === 6 })) {
      const [address = '', prefix] = destination.split('/')
      if (prefix === undefined || prefix === (family === 4 ? '32' : '128')) routed.add(address)
    }
  }
  return routed
}
