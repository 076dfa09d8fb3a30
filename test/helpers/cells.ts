import type { CreateOptions, Sandbox, Slipway } from 'slipway'
import type { Addresses, DualStackWorld } from './dual-stack.js'
import { addressesOf } from './every-kind.js'
import { sendFrames } from './frames.js'
import { Seen } from './seen.js'
import { ipJson, type Place } from './world.js'

/** What the tables of attacks are made of: a sandbox that attacks, on a network. */

export interface Member {
  sandbox: Sandbox
  at: Addresses
  mac: string
  /** Its end on the host. */
  link: string
  seen: Seen
}

/** One sandbox that attacks another on its network, and the host. */
export interface Cell {
  network: string
  /** Nothing passes into the network and out of it. */
  internal: boolean
  /** Its sandboxes may not talk to each other. */
  separated: boolean
  /** What the host takes for itself. */
  taken: Seen
  /** What comes to the neighbour of the host. */
  outside: Seen
  /** A sandbox of another network. */
  aim: { at: Addresses; seen: Seen }
  attacker: Member
  victim: Member
  host: Place
  /** Another host. */
  neighbour: Place
  /** Removes the victim, and makes a sandbox with its addresses. */
  succeed(): Promise<Member>
  /** The attacker's. */
  bridge: { name: string; mac: string; at: Addresses; seen: Seen }
  /** The victim is on the same bridge, and may be spoken to. */
  near: boolean
}

type Elsewhere = Pick<Cell, 'taken' | 'outside' | 'aim'>

/** Makes both. @param publish - Ports of the victim. */
export async function makeCell(
  world: DualStackWorld,
  slipway: Slipway,
  network: string,
  publish: readonly string[],
  elsewhere: Elsewhere,
): Promise<Cell> {
  const separated = network.endsWith('apart')
  const { host, neighbour } = world
  const make = async (what: string, options: CreateOptions = {}): Promise<Member> => {
    const sandbox = await world.create(slipway, `${what}-${network}`, {
      network,
      publish: what === 'victim' ? [...publish] : [],
      ...options,
    })
    const [{ mac, hostInterface: link } = { mac: '', hostInterface: '' }] = sandbox.endpoints
    return { sandbox, at: addressesOf(sandbox), mac, link, seen: new Seen(sandbox) }
  }
  const [victim, attacker] = [await make('victim'), await make('attacker')]
  const name = masterOf(host, attacker.link)
  const mac = ipJson<{ address: string }>(host, 'link', 'show', 'dev', name)[0]?.address ?? ''
  const near = name === masterOf(host, victim.link) && !separated
  const internal = ['inner', 'isolated'].includes(network)
  const bridge = { name, mac, at: sameNetwork(attacker.at, 1), seen: new Seen(host, name) }
  const succeed = async (): Promise<Member> => {
    await victim.sandbox.remove()
    return make('next', { ip: victim.at[4], ip6: victim.at[6] })
  }
  return { network, internal, separated, ...elsewhere, attacker, victim, host, neighbour, succeed, bridge, near }
}

/** Counts from here. */
export const begin = ({ bridge, attacker, victim, taken, outside, aim }: Cell): void =>
  [bridge.seen, attacker.seen, victim.seen, taken, outside, aim.seen].forEach((seen) => seen.begin())

/** Sends frames as the attacker. */
export const send = ({ attacker }: Cell, ...all: readonly Buffer[]): void => sendFrames(attacker.sandbox, all)

/** Addresses of the same network that end in another number. */
export const sameNetwork = (at: Addresses, last: number): Addresses => ({
  4: at[4].replace(/\d+$/, `${last}`),
  6: at[6].replace(/[^:]*$/, `${last}`),
})

export const linkLocalOf = (place: Place): string =>
  ipJson<{ addr_info: { local: string; scope: string }[] }>(place, '-6', 'address', 'show', 'dev', 'eth0')
    .flatMap(({ addr_info }) => addr_info)
    .find(({ scope }) => scope === 'link')?.local ?? ''

const masterOf = (host: Place, link: string) =>
  ipJson<{ master: string }>(host, 'link', 'show', 'dev', link)[0]?.master ?? ''
