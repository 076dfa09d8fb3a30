import type { HostState } from '../../kernel/host-state.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { LinkSet, Operation } from '../../plan/operation.js'
import { forwards } from './forwards.js'
import { BRIDGE_GROUP } from '../../policy/sets.js'
import { addressNetwork, forwardIpv4, forwardIpv6, hearing, withIpv6 } from './network.js'
import type { BridgeNetwork } from './spec.js'

/** Of which a subnet's own route is, which the kernel makes with the address (RT_TABLE_MAIN, RTPROT_KERNEL). */
const MAIN = 254
const BY_KERNEL = 2

/** What a bridge is told of what it hears, and where the kernel says it. */
const SETTINGS: Readonly<Record<string, (wanted: ReturnType<typeof hearing>) => number | undefined>> = {
  route_localnet: ({ routeLocalnet }) => (routeLocalnet ? 1 : undefined),
  rp_filter: ({ rpFilter }) => rpFilter,
  arp_ignore: ({ arpIgnore }) => arpIgnore,
}

/**
 * What a network's bridge, which is there, has lost of itself: it is down, or has another MTU, or is in another group,
 * or has not its addresses, the routes to its subnets, its settings. Nothing where it has all of that.
 */
export async function lackingOfBridge(state: HostState, spec: BridgeNetwork, link: LinkInfo): Promise<Operation[]> {
  const present = (await state.addressesOf(link.index)).map(({ address }) => address)
  const addresses = addressNetwork(spec, present)
  const own: LinkSet = { op: 'link.set', name: spec.bridge }
  const first: Operation[] = (await lacksIpv6(state, spec)) ? [{ ...own, ...withIpv6(spec) }] : []
  const set: Operation[] = []
  if (link.group !== BRIDGE_GROUP) set.push({ ...own, group: BRIDGE_GROUP })
  if (link.mtu !== spec.mtu) set.push({ ...own, mtu: spec.mtu })
  if (!link.up || !(await hears(state, spec)) || !(await forwards(state, spec)))
    set.push({ ...own, ...hearing(spec), ...forwardIpv4(spec), up: true }, ...forwardIpv6(spec))
  // With its address, or when it goes up, the kernel makes the route anew.
  return [...first, ...addresses, ...set, ...(link.up ? await lackingRoutes(state, spec, present) : [])]
}

/** With what finishes a bridge that is there: a route is added once that is up. */
export function finishing(own: readonly Operation[], rest: readonly Operation[]): Operation[] {
  const isRoute = ({ op }: Operation) => op === 'route.add'
  return [...own.filter((one) => !isRoute(one)), ...rest, ...own.filter(isRoute)]
}

/** IPv6 was turned off on it: the kernel has taken its addresses, and gives it none. */
const lacksIpv6 = async (state: HostState, spec: BridgeNetwork): Promise<boolean> =>
  withIpv6(spec).ipv6 === true && (await state.sysctl(`net/ipv6/conf/${spec.bridge}/disable_ipv6`)) === '1'

async function hears(state: HostState, spec: BridgeNetwork): Promise<boolean> {
  const wanted = hearing(spec)
  for (const [name, of] of Object.entries(SETTINGS)) {
    const value = of(wanted)
    if (value !== undefined && (await state.sysctl(`net/ipv4/conf/${spec.bridge}/${name}`)) !== String(value))
      return false
  }
  return true
}

/** A subnet that another route leads to is not led here: somebody wants it elsewhere. */
async function lackingRoutes(state: HostState, spec: BridgeNetwork, present: readonly string[]): Promise<Operation[]> {
  const own = spec.subnets.filter(({ address }) => address !== undefined && present.includes(address))
  if (own.length === 0) return []
  const led = new Set((await state.routes()).flatMap((route) => (route.table === MAIN ? [route.destination] : [])))
  return own
    .filter(({ subnet }) => !led.has(subnet))
    .map(({ subnet }) => ({ op: 'route.add', destination: subnet, link: spec.bridge, protocol: BY_KERNEL }))
}
