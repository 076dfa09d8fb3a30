import { randomId } from '#lib/base/random-id.js'
import type { ExecutionContext } from 'ava'
import { add, openElements, publishElements } from '#lib/policy/elements.js'
import { networkElements } from '#lib/policy/network-elements.js'
import type { FamilyRules } from '#lib/policy/network-elements.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import * as sets from '#lib/policy/sets.js'
import { Host } from '#lib/kernel/host.js'
import type { IpFamily } from '#lib/base/addresses/ip.js'
import type { PortMapping } from '#lib/base/port-mapping.js'
import { DualStackWorld, type Addresses } from './dual-stack.js'
import type { Place } from './world.js'

/**
 * Networks with IPv4 and IPv6, made by plans of the tests' own: what the firewall does with them is seen without the
 * drivers that will make such networks. Network number n is 10.n.0.0/24 and fd00:n::/64.
 */

export interface NetworkOptions {
  icc?: boolean
  internal?: boolean
  trusted?: string[]
  /** For both IP versions, but for the source. */
  rules?: Omit<FamilyRules, 'source'>
  source?: Addresses
}

export interface Network {
  bridge: string
  mac: string
  number: number
  gateway: Addresses
  icc: boolean
}

/** A sandbox on one network. */
export interface Guest extends Place {
  port: string
  mac: string
  addresses: Addresses
  linkLocal: string
}

/** A mapping for both IP versions. */
export const onBoth = (mapping: Omit<PortMapping, 'hostIp'>): PortMapping[] =>
  ['0.0.0.0', '::'].map((hostIp) => ({ ...mapping, hostIp }))

/** Such a world with the ruleset. */
export class DualWorld extends DualStackWorld {
  readonly kernel: Host
  readonly #hairpin: boolean

  private constructor(t: ExecutionContext, bridgeCallsIptables: boolean) {
    super(t, bridgeCallsIptables)
    this.#hairpin = bridgeCallsIptables
    this.kernel = new Host(this.host.path)
    t.teardown(() => this.kernel.close())
  }

  static async make(t: ExecutionContext, bridgeCallsIptables: boolean): Promise<DualWorld> {
    const world = new DualWorld(t, bridgeCallsIptables)
    await world.kernel.run([
      ...rulesetPlan(),
      { op: 'sysctl.write', key: 'net.ipv4.ip_forward', value: '1' },
      { op: 'sysctl.write', key: 'net.ipv6.conf.all.forwarding', value: '1' },
    ])
    return world
  }

  async network(number: number, options: NetworkOptions = {}): Promise<Network> {
    const { icc = true, internal = false, trusted = [], rules = { mode: 'nat', masquerade: true }, source } = options
    const bridge = `br${number}`
    const mac = `02:42:0a:0${number}:00:01`
    const gateway = { 4: `10.${number}.0.1`, 6: `fd00:${number}::1` }
    const of = (family: IpFamily): FamilyRules => ({ ...rules, ...(source ? { source: source[family] } : {}) })
    const elements = networkElements({
      bridge,
      mac,
      subnets: [
        { family: 4, subnet: `10.${number}.0.0/24` },
        { family: 6, subnet: `fd00:${number}::/64` },
      ],
      families: { 4: of(4), 6: of(6) },
      internal,
      icc,
      trusted,
    })
    await this.kernel.run([
      { op: 'link.create', name: bridge, kind: 'bridge', address: mac },
      { op: 'link.set', name: bridge, noIpv6Address: true },
      { op: 'address.add', link: bridge, address: `${gateway[4]}/24` },
      { op: 'address.add', link: bridge, address: `${gateway[6]}/64` },
      { op: 'address.add', link: bridge, address: 'fe80::1/64' },
      { op: 'link.set', name: bridge, routeLocalnet: true, up: true },
      ...elements.map(([set, element]) => add(set, element)),
    ])
    return { bridge, mac, number, gateway, icc }
  }

  /** @param last - Last number of its addresses. @param open - Its mappings are open, and not published. */
  async guest(
    network: Network,
    last: number,
    mappings: readonly PortMapping[] = [],
    open: readonly PortMapping[] = [],
  ): Promise<Guest> {
    const name = this.name(`${network.number}-${last}`)
    const path = `/run/netns/${name}`
    const { bridge, number, gateway, icc } = network
    const port = `veth${number}x${last}`
    const mac = `02:42:0a:0${number}:00:0${last}`
    const addresses = { 4: `10.${number}.0.${last}`, 6: `fd00:${number}::${last}` }
    const targets = { 4: { address: addresses[4], id: randomId() }, 6: { address: addresses[6], id: randomId() } }
    const linkLocal = `fe80::${last}`
    const own = { netns: path, link: 'eth0' }
    await this.kernel.run([
      add(sets.addresses[4], { key: addresses[4] }),
      add(sets.addresses[6], { key: addresses[6] }),
      add(sets.senders[4], { key: `${port} . ${mac} . ${addresses[4]}` }),
      add(sets.senders[6], ...[addresses[6], linkLocal].map((address) => ({ key: `${port} . ${mac} . ${address}` }))),
      ...publishElements(mappings, targets, name),
      ...openElements(open, [], targets, name),
      { op: 'netns.create', path },
      {
        op: 'link.create',
        name: port,
        kind: 'veth',
        master: bridge,
        group: icc ? sets.PORT_GROUP : sets.SEPARATED_PORT_GROUP,
        peer: { netns: path, name: 'eth0', address: mac },
      },
      { op: 'link.set', name: port, noIpv6Address: true, ...(this.#hairpin ? { hairpin: true } : {}), up: true },
      { op: 'link.set', netns: path, name: 'lo', up: true },
      { op: 'link.set', netns: path, name: 'eth0', noIpv6Address: true, up: true },
      { op: 'address.add', ...own, address: `${addresses[4]}/24` },
      { op: 'address.add', ...own, address: `${addresses[6]}/64` },
      { op: 'address.add', ...own, address: `${linkLocal}/64` },
      { op: 'route.add', netns: path, destination: 'default', gateway: gateway[4] },
      { op: 'route.add', netns: path, destination: 'default', gateway: gateway[6] },
      { op: 'link.settle', name: port },
    ])
    return { name, path, port, mac, addresses, linkLocal }
  }
}
