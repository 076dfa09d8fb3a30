import type { HostState } from '../../kernel/host-state.js'
import { isAsRuled, SETTING } from '../../kernel/link-settings.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { LinkSet, Operation } from '../../plan/operation.js'
import { forwards } from './forwards.js'
import { BRIDGE_RULE } from '../../policy/link-rules.js'
import { BRIDGE_GROUP } from '../../policy/sets.js'
import { addressNetwork, forwardIpv4, forwardIpv6, hearing, withIpv6 } from './network.js'
import type { BridgeNetwork } from './spec.js'

/** Of which a subnet's own route is, which the kernel makes with the address (RT_TABLE_MAIN, RTPROT_KERNEL). */
const MAIN = 254
const BY_KERNEL = 2

/** Settings of a bridge under /proc/sys/net, and whether each is as it is to be for a network. */
const SETTINGS: Readonly<Record<string, (value: string, wanted: ReturnType<typeof hearing>) => boolean>> = {
  'ipv4 route_localnet': (value, { routeLocalnet }) => routeLocalnet !== true || value === '1',
  'ipv4 rp_filter': (value, { rpFilter }) => rpFilter === undefined || value === String(rpFilter),
  // A gateway that answers nobody is none.
  'ipv4 arp_ignore': (value, { arpIgnore = 0 }) => (value === '8') === (arpIgnore === 8),
  'ipv6 disable_ipv6': (value, { ipv6 }) => ipv6 !== false || value === '1',
}

/**
 * What a network's bridge, which is there, has lost of itself: it is down, or has another MTU, or is in another group,
 * or has not its addresses, the routes to its subnets, its settings. Nothing where it has all of that.
 */
export async function lackingOfBridge(state: HostState, spec: BridgeNetwork, link: LinkInfo): Promise<Operation[]> {
  const present = (await state.addressesOf(link.index)).map(({ address }) => address)
  const addresses = addressNetwork(spec, present)
  const own: LinkSet = { op: 'link.set', name: link.name }
  const first: Operation[] = (await lacksIpv6(state, spec)) ? [{ ...own, ...withIpv6(spec) }] : []
  const set = await lackingOfLink(state, spec, link)
  // With its address, or when it goes up, the kernel makes the route anew.
  return [...first, ...addresses, ...set, ...(link.up ? await lackingRoutes(state, spec, present) : [])]
}

/**
 * What any bridge of a network has lost that is set of the link itself: its MAC address, which sandboxes know, its MTU,
 * its group, which frames pass it and what the host hears on it.
 */
export async function lackingOfLink(
  state: Pick<HostState, 'sysctl'>,
  spec: BridgeNetwork,
  link: LinkInfo,
): Promise<Operation[]> {
  const own: LinkSet = { op: 'link.set', name: link.name }
  const set: Operation[] = []
  if (link.address !== spec.mac) set.push({ ...own, address: spec.mac })
  if (link.group !== BRIDGE_GROUP) set.push({ ...own, group: BRIDGE_GROUP })
  if (link.mtu !== spec.mtu) set.push({ ...own, mtu: spec.mtu })
  if (!isAsRuled(link.settings, BRIDGE_RULE))
    set.push({
      ...own,
      multicastSnooping: false,
      linkLocalLearning: false,
      stp: false,
      // A kernel that cannot refuses to hear that it is not to.
      ...((link.settings & SETTING.vlanFiltering) === 0 ? {} : { vlanFiltering: false }),
    })
  if (!link.up || !(await hears(state, spec, link.name)) || !(await forwards(state, spec, link.name)))
    set.push(
      { ...own, ...(spec.families[4] ? { arpIgnore: 0 } : {}), ...hearing(spec), ...forwardIpv4(spec), up: true },
      ...forwardIpv6(spec, link.name),
    )
  return set
}

/** With what finishes a bridge that is there: a route is added once that is up. */
export function finishing(own: readonly Operation[], rest: readonly Operation[]): Operation[] {
  const isRoute = ({ op }: Operation) => op === 'route.add'
  return [...own.filter((one) => !isRoute(one)), ...rest, ...own.filter(isRoute)]
}

/** IPv6 was turned off on it: the kernel has taken its addresses, and gives it none. */
const lacksIpv6 = async (state: HostState, spec: BridgeNetwork): Promise<boolean> =>
  withIpv6(spec).ipv6 === true && (await state.sysctl(`net/ipv6/conf/${spec.bridge}/disable_ipv6`)) === '1'

async function hears(state: Pick<HostState, 'sysctl'>, spec: BridgeNetwork, bridge: string): Promise<boolean> {
  const wanted = hearing(spec)
  for (const [setting, isRight] of Object.entries(SETTINGS)) {
    const [version = '', name = ''] = setting.split(' ')
    // A host without IPv6 has none of it.
    const value = await state.sysctl(`net/${version}/conf/${bridge}/${name}`)
    if (value !== undefined && !isRight(value, wanted)) return false
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
