import { SlipwayError } from '../base/errors.js'
import { BRIDGE_GROUP, PORT_GROUP, internal } from '../policy/sets.js'
import { RESOLVER_PORT } from '../policy/resolver-elements.js'
import type { IpFamily } from '../base/addresses/ip.js'
import { uplinksOf } from '../networks/uplinks.js'
import { FAMILIES } from '../store/network-spec.js'
import type { Host } from '../kernel/host.js'
import type { NetworkRegistry } from '../networks/registry.js'
import { ICMPV6, TCP, UDP, type Packet } from './packet.js'

/** A packet of ours that has to get through a hook, and what goes wrong where it does not. */
export interface Passing {
  hook: string
  packet: Packet
  bridge: string
  /** `sandboxes of docker0 reach nobody outside`, without the bridge. */
  loss: string
  /** What tells it from others, in nft's words and in those of iptables. */
  match: { nft: string; iptables: string }
}

/** What a look works with. */
export interface Looking {
  host: Host
  networks: NetworkRegistry
}

/** A bridge of ours. */
interface OwnBridge {
  name: string
  /** An address of it in each IP version that it has. */
  addresses: Partial<Record<IpFamily, string>>
  /** Nothing passes out of it or into it. */
  internal: boolean
  /** Sandboxes on it ask the host for names. */
  names: boolean
}

const NEIGHBOUR_SOLICITATION = 135

/** What has to pass by the rules of other firewalls, for each bridge of a host. */
export async function passings(context: Looking): Promise<Passing[]> {
  const bridges = await bridgesOf(context)
  const uplink = await uplinkOf(context)
  return bridges.flatMap((bridge) => FAMILIES.flatMap((family) => ofBridge(bridge, family, uplink[family])))
}

async function bridgesOf({ host, networks }: Looking): Promise<OwnBridge[]> {
  const predefined = [...networks.predefined.values()].map(({ link }) => link)
  const links = await host.ask('links', {})
  const shut = new Set(((await host.find('elements', internal)) ?? []).map(({ key }) => key))
  const all = [...(await host.ask('addresses', {})), ...(await host.ask('addresses', { ipv6: true }))]
  const own = links
    .filter(({ kind, group }) => kind === 'bridge' && group === BRIDGE_GROUP)
    .map(({ name, index }): OwnBridge => {
      const of = all.filter((one) => one.index === index && !one.address.startsWith('fe80:'))
      const [v4, v6] = [false, true].map((is6) => of.find(({ address }) => address.includes(':') === is6)?.address)
      return {
        name,
        addresses: { ...(v4 === undefined ? {} : { 4: v4 }), ...(v6 === undefined ? {} : { 6: v6 }) },
        internal: shut.has(name),
        names: !predefined.includes(name),
      }
    })
  if (own.length > 0) return own
  // The one that will be made first.
  const looks = [...networks.predefined.values()].map(async (network): Promise<OwnBridge[]> => {
    try {
      const { subnets } = await network.look()
      const addresses = Object.fromEntries(subnets.map(({ family, address }) => [family, address]))
      return [{ name: network.link, addresses, internal: false, names: false }]
    } catch (error) {
      // It cannot be made, as another finding says.
      if (error instanceof SlipwayError) return []
      throw error
    }
  })
  return (await Promise.all(looks)).flat()
}

/** By which link the host reaches the world: one of them, where they are several. */
const uplinkOf = async ({ host }: Looking): Promise<Partial<Record<IpFamily, string>>> =>
  Object.fromEntries(
    await Promise.all(FAMILIES.map(async (family) => [family, (await uplinksOf(host, family))[0]] as const)),
  )

function ofBridge(bridge: OwnBridge, family: IpFamily, uplink: string | undefined): Passing[] {
  const address = bridge.addresses[family]
  if (address === undefined) return []
  const { name } = bridge
  const inward = { family, iif: name } as const
  const outward = { family, oif: name } as const
  const from = { nft: `iifname "${name}"`, iptables: `-i ${name}` }
  const to = { nft: `oifname "${name}"`, iptables: `-o ${name}` }
  const beyond = uplink === undefined ? {} : { oif: uplink }
  const before = uplink === undefined ? {} : { iif: uplink }
  const passing = (hook: string, packet: Packet, loss: string, match: Passing['match']): Passing => ({
    hook,
    packet,
    bridge: name,
    loss,
    match,
  })
  const outgoing: Packet = { ...inward, from: address, protocol: TCP, state: 'new' }
  const incoming: Packet = { ...outward, ...before, to: address, protocol: TCP, state: 'new' }
  const reach = 'sandboxes reach nobody outside'
  const world: Passing[] = [
    passing('prerouting', outgoing, reach, from),
    passing('forward', { ...outgoing, ...beyond }, reach, from),
    passing('postrouting', { ...outgoing, ...beyond }, reach, from),
    passing('forward', { ...outgoing, ...beyond, state: 'established' }, 'published ports answer nobody', from),
    passing('forward', incoming, 'published ports answer nobody', to),
    passing('forward', { ...incoming, state: 'established' }, 'no answer reaches sandboxes', to),
    passing('postrouting', incoming, 'nothing from outside reaches sandboxes', to),
  ]
  const toHost = (packet: Packet, loss: string, nft: string, iptables: string): Passing[] =>
    ['prerouting', 'input'].map((hook) =>
      passing(hook, packet, loss, { nft: `${from.nft} ${nft}`, iptables: `${from.iptables} ${iptables}` }),
    )
  const names = [
    ['udp', UDP],
    ['tcp', TCP],
  ] as const
  return [
    ...(bridge.internal ? [] : world),
    ...(bridge.names
      ? names.flatMap(([protocol, number]) =>
          toHost(
            { ...inward, from: address, protocol: number, port: RESOLVER_PORT, state: 'new' },
            'sandboxes get no names',
            `${protocol} dport ${RESOLVER_PORT}`,
            `-p ${protocol} --dport ${RESOLVER_PORT}`,
          ),
        )
      : []),
    ...(family === 6
      ? toHost(
          { ...inward, protocol: ICMPV6, type: NEIGHBOUR_SOLICITATION, state: 'untracked' },
          'sandboxes do not find the host over IPv6',
          'meta l4proto ipv6-icmp',
          '-p ipv6-icmp',
        )
      : []),
    passing('output', { ...outward, to: address, protocol: TCP, state: 'new' }, 'the host reaches no sandbox', to),
  ]
}

/** The same on the level of frames: between ports of a bridge, and from them to the host. */
export const frames = (family: IpFamily): Passing[] =>
  ['prerouting', 'forward', 'input'].map((hook) => ({
    hook,
    packet: { family, iifgroup: PORT_GROUP, state: 'untracked' },
    bridge: 'every bridge',
    loss: 'sandboxes reach nobody',
    match: { nft: `iifgroup ${PORT_GROUP}`, iptables: '' },
  }))
