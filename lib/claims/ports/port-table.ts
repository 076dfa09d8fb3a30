import type { HostPort } from '../../base/port-mapping.js'
import { familyOf } from '../../base/addresses/ip.js'
import { EVERY, isEvery } from '../../base/addresses/every.js'
import type { PortProtocol } from '../../base/port-mapping.js'

/** Who holds a host port. */
export interface PortHolder {
  owner: string
  hostIp: string
  /** Whether the kernel has it too; otherwise its plan is still on its way there. */
  settled: boolean
}

/**
 * Host ports that are published, as far as this process knows: who holds what. Every address of a family and a single
 * one of it exclude each other; the families do not. A whole address excludes only the same whole address: a port that
 * is published on it, or on every address, goes its own way, as the rules look for the port first.
 *
 * The truth is the kernel's maps, where each mapping is claimed exclusively.
 */
export class PortTable {
  // By protocol, family and port; then by host address.
  readonly #held = new Map<number, Map<string, PortHolder>>()

  /** Takes a port for `owner`; when another holds it, nothing is taken and that one is returned. */
  take({ protocol, hostIp, hostPort }: HostPort, owner: string): PortHolder | undefined {
    const key = keyOf(protocol, hostIp, hostPort)
    const holders = this.#held.get(key)
    const holder = holders && inTheWay(holders, hostIp)
    if (holder) return holder
    const own: PortHolder = { owner, hostIp, settled: false }
    if (holders) holders.set(hostIp, own)
    else this.#held.set(key, new Map().set(hostIp, own))
    return undefined
  }

  /** The kernel has taken the claim. */
  settle({ protocol, hostIp, hostPort }: HostPort): void {
    const holder = this.#held.get(keyOf(protocol, hostIp, hostPort))?.get(hostIp)
    if (holder) holder.settled = true
  }

  release({ protocol, hostIp, hostPort }: HostPort): void {
    const key = keyOf(protocol, hostIp, hostPort)
    const holders = this.#held.get(key)
    holders?.delete(hostIp)
    if (holders?.size === 0) this.#held.delete(key)
  }

  /** Releases a port unless another has it by now. */
  releaseFrom(holder: PortHolder, port: HostPort): void {
    if (this.#held.get(keyOf(port.protocol, port.hostIp, port.hostPort))?.get(port.hostIp) === holder)
      this.release(port)
  }

  isFree({ protocol, hostIp, hostPort }: HostPort): boolean {
    const holders = this.#held.get(keyOf(protocol, hostIp, hostPort))
    return !holders || !inTheWay(holders, hostIp)
  }

  /** What the kernel had when it was last heard of. */
  settled(): { port: HostPort; holder: PortHolder }[] {
    return [...this.#held].flatMap(([key, holders]) =>
      [...holders.values()]
        .filter(({ settled }) => settled)
        .map((holder) => ({ port: { ...partsOf(key), hostIp: holder.hostIp }, holder })),
    )
  }
}

function inTheWay(holders: ReadonlyMap<string, PortHolder>, hostIp: string): PortHolder | undefined {
  if (isEvery(hostIp)) return holders.values().next().value
  return holders.get(hostIp) ?? holders.get(EVERY[familyOf(hostIp)])
}

const PROTOCOLS: readonly PortProtocol[] = ['tcp', 'udp', 'sctp', 'all']

const keyOf = (protocol: PortProtocol, hostIp: string, hostPort: number): number =>
  (PROTOCOLS.indexOf(protocol) << 17) | (familyOf(hostIp) === 6 ? 1 << 16 : 0) | hostPort

const partsOf = (key: number) => ({ protocol: PROTOCOLS[key >>> 17] ?? 'all', hostPort: key & 0xffff })
