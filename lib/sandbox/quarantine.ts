import type { Host } from '../host.js'
import { attempt } from '../reconcile/collect.js'
import { setTimeout, clearTimeout } from '../timers.js'
import type { LeadingPort, Operation, Plan } from '../plan/operation.js'

/** So long claims and ports are gathered: a walk through the kernel's connections takes milliseconds, for one address as for a thousand. */
const GATHER_MS = 50

/** Where the kernel's answer was lost, some connections may not be known of: it is asked again, so often. */
const UNTOLD = ['ENOBUFS', 'ETIMEDOUT', 'EINTR', 'ENOMEM']
const TRIES = 3

interface Kept {
  claims: Plan
  ports: readonly LeadingPort[]
  /** Called when the addresses are free. */
  done: () => unknown
}

/**
 * Addresses of endpoints that have gone. What conntrack knows of them would let packets in to the next owner that no rule lets in, so they
 * stay claimed until it has forgotten them, both ways, and the host where they were. What has come by ports of TCP that lead there no more is
 * forgotten, too. That goes on behind the callers' backs, one walk for many.
 */
export class Quarantine {
  readonly #host: Host
  #kept: Kept[] = []
  #timer: NodeJS.Timeout | undefined
  #working: Promise<void> | undefined

  constructor(host: Host) {
    this.#host = host
  }

  /** Does not keep the process alive: what is left of it then, the next open() collects. */
  add(claims: Plan, done: () => unknown = () => undefined): void {
    this.#keep({ claims, ports: [], done })
  }

  /** Ends what has come by these ports. */
  forget(ports: readonly LeadingPort[]): void {
    if (ports.length > 0) this.#keep({ claims: [], ports, done: () => undefined })
  }

  #keep(kept: Kept): void {
    this.#kept.push(kept)
    this.#timer ??= setTimeout(() => void this.awaitFree(), GATHER_MS).unref()
  }

  /** Until all that are kept now are free. */
  async awaitFree(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#kept.length > 0) {
      this.#working ??= this.#free()
      await this.#working
    }
    await this.#working
  }

  async #free(): Promise<void> {
    const kept = this.#kept
    this.#kept = []
    const claims = kept.flatMap((one) => one.claims)
    // Without conntrack's netlink nothing can be forgotten: addresses are given up all the same, as no others may be left.
    const walk: Plan = [{ op: 'conntrack.flush', addresses: claimedBy(claims), ports: kept.flatMap(({ ports }) => ports) }]
    for (let tries = 0; tries < TRIES && UNTOLD.includes((await this.#run(walk)) ?? ''); tries++);
    const isClaim = ({ op }: Operation) => op === 'element.delete'
    await this.#run([...claims.filter((one) => !isClaim(one)), ...claims.filter(isClaim)])
    this.#working = undefined
    for (const { done } of kept) await done()
  }

  /** An element that another sandbox has claimed since stays; a set that is missing holds no claim. */
  async #run(plan: Plan): Promise<string | undefined> {
    try {
      return (await attempt(this.#host, plan, { aside: true }))?.errnoName
    } catch {
      // The host was closed. What is left, the next open() collects.
      return undefined
    }
  }
}

/** The addresses that a plan gives up. */
export const claimedBy = (plan: Plan): string[] => plan.flatMap((operation) => (operation.op === 'element.delete' ? operation.elements.map(({ key }) => key) : []))
