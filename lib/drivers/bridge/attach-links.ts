import { FAMILIES } from '../../store/network-spec.js'
import { SlipwayError } from '../../base/errors.js'
import { Slices } from '../../admission/slices.js'
import { tryPlan } from '../../claims/remove-if-there.js'
import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import { PORT_GROUP, SEPARATED_PORT_GROUP } from '../../policy/sets.js'
import type { LinkSet, Operation } from '../../plan/operation.js'
import { leafNumber } from './leaf-name.js'
import { isAtWork } from '../../store/records.js'
import type { Attaching } from '../driver.js'
import type { BridgeBody, BridgeEndpoint } from './endpoint.js'
import type { BridgeMoment } from './endpoints.js'
import { hostRoutesTo, readLeafAlias } from './leaf.js'
import { isNamedBridge } from './own-bridge.js'
import { guardPort, fdbEntry } from './port.js'
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
  const byName = new Map(links.map((link) => [link.name, link]))
  const isOnLeaf = records.some(({ record }) =>
    record.endpoints.some((endpoint) => isOwn(endpoint) && endpoint.body.leafOf !== undefined),
  )
  const routed = isOnLeaf ? await routesOf(host) : new Set<string>()
  const due: Due[] = []
  const slices = new Slices()
  for (const { record, path, text, marked } of records) {
    const pause = slices.next()
    if (pause) await pause
    for (const endpoint of record.endpoints) {
      if (!isOwn(endpoint)) continue
      const { bridge, hostLink, leafOf } = endpoint.body
      const link = byName.get(hostLink)
      // Of one whose other end is down yet, whoever makes it comes to that.
      if (!link || (!marked && isAtWork(record))) continue
      const hostRoutes = lostRoutes(endpoint, routed, leafOf === undefined || there.has(leafOf))
      const lacking = lackingOfPort(endpoint, link, byName.get(bridge)?.index)
      if (!lacking && hostRoutes.length === 0) continue
      try {
        const { spec: its, use } = await ready(endpoint.network)
        const spec = its as BridgeNetwork
        const { hairpin } = use.moment as BridgeMoment
        // A record may name any bridge, and another may have its name: it is one of this network, or not ours to put
        // anything on.
        if (bridge !== spec.bridge && leafNumber(spec, bridge) === undefined) continue
        const master = byName.get(bridge)
        if (master && !isBridgeOf(master, spec) && !isBridgeOf(await host.find('link', { name: bridge }), spec))
          continue
        due.push({
          name: record.name,
          plan: [
            ...(lacking
              ? ([
                  { op: 'link.set', name: hostLink, ...lacking, ...guardPort(hairpin), up: true },
                  fdbEntry(endpoint),
                ] as const)
              : []),
            ...hostRoutes,
            { op: 'link.settle', name: hostLink },
          ],
          // Last: who removes the sandbox meanwhile takes this away with the rest, or it is taken back.
          check: { op: 'file.check', path, expected: text },
        })
      } catch (error) {
        // The network is gone, or cannot be had: who uses it hears of it.
        if (!(error instanceof SlipwayError)) throw error
      }
    }
  }
  return attach(host, due)
}

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

/** Whether an endpoint's link is not there, or lacks something as a port of its bridge. */
export function isOff(endpoint: BridgeEndpoint, links: ReadonlyMap<string, LinkInfo>): boolean {
  const link = links.get(endpoint.body.hostLink)
  return !link || lackingOfPort(endpoint, link, links.get(endpoint.body.bridge)?.index) !== undefined
}

/** What a port is to be that it is not: on its bridge, in its group, up, as large as the network's packets. */
function lackingOfPort(
  { mtu, body: { bridge, icc } }: BridgeEndpoint,
  link: LinkInfo,
  master: number | undefined,
): Partial<LinkSet> | undefined {
  const group = icc ? PORT_GROUP : SEPARATED_PORT_GROUP
  if (link.master === master && link.up && link.group === group && link.mtu === mtu) return undefined
  return {
    ...(link.mtu === mtu ? {} : { mtu }),
    ...(link.group === group ? {} : { group }),
    ...(link.master === master ? {} : { master: bridge }),
  }
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
