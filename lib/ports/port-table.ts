import type { Protocol } from '../plan/operation.js'
import type { PortMapping } from './mapping.js'

const EVERY = '0.0.0.0'

/** Who holds a host port. */
export interface PortHolder {
  owner: string
  hostIp: string
  /** Whether the kernel has it too; otherwise its plan is still on its way there. */
  settled: boolean
}

/**
 * Host ports that are published, as far as this process knows: who holds what. Every address and a single one
 * exclude each other. The truth is the kernel's maps, where each mapping is claimed exclusively.
 */
export class PortTable {
  // By `tcp/8080`, then by host address.
  readonly #held = new Map<string, Map<string, PortHolder>>()

  /** Takes a port for `owner`; when another holds it, nothing is taken and that one is returned. */
  take({ protocol, hostIp, hostPort }: PortMapping, owner: string): PortHolder | undefined {
    const key = keyOf(protocol, hostPort)
    const holders = this.#held.get(key)
    const holder = hostIp === EVERY ? holders?.values().next().value : (holders?.get(EVERY) ?? holders?.get(hostIp))
    if (holder !== undefined) return holder
    const own: PortHolder = { owner, hostIp, settled: false }
    if (holders) holders.set(hostIp, own)
    else this.#held.set(key, new Map([[hostIp, own]]))
    return undefined
  }

  /** The kernel has taken the claim. */
  settle({ protocol, hostIp, hostPort }: PortMapping): void {
    const holder = this.#held.get(keyOf(protocol, hostPort))?.get(hostIp)
    if (holder) holder.settled = true
  }

  release({ protocol, hostIp, hostPort }: Pick<PortMapping, 'protocol' | 'hostIp' | 'hostPort'>): void {
    const key = keyOf(protocol, hostPort)
    const holders = this.#held.get(key)
    holders?.delete(hostIp)
    if (holders?.size === 0) this.#held.delete(key)
  }

  isFree(protocol: Protocol, hostPort: number): boolean {
    return !this.#held.has(keyOf(protocol, hostPort))
  }
}

const keyOf = (protocol: Protocol, port: number) => `${protocol}/${port}`
