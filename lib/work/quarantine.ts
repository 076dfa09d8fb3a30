import { claimedAddress } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import { deleteLinks } from '../drivers/removal-plans.js'
import { tryPlan, removeWhatIsThere } from '../claims/remove-if-there.js'
import { clearTimeout, now, setTimeout, sleep } from '../base/timers.js'
import type { ForwardedPort, Operation, Plan } from '../plan/operation.js'

/**
 * So long claims and ports are gathered: a walk through the kernel's connections takes milliseconds, for one address as
 * for a thousand.
 */
const GATHER_MS = 50

/** Where the kernel's answer was lost, some connections may not be known of: it is asked again, so often. */
const UNTOLD = ['ENOBUFS', 'ETIMEDOUT', 'EINTR', 'ENOMEM']
const TRIES = 3

/**
 * The kernel takes a link down within milliseconds, unless a process is in its namespace. Then it is deleted, after so
 * many.
 */
const LINGER_MS = 1000
/** The same where an address is waited for. */
const HURRY_MS = 50
const STEP_MS = 5

interface Kept {
  claims: Plan
  links: readonly string[]
  since: number
  ports: readonly ForwardedPort[]
  /** Called when the addresses are free. */
  done: () => unknown
}

/**
 * Addresses of endpoints that have gone. What conntrack knows of them would let packets in to the next owner that no
 * rule lets in, so they stay claimed until it has forgotten them, both ways, and the host where they were. Before that
 * their links have gone: by one that is there still, a process of the sandbox could make conntrack learn anew while the
 * rules are gone. What has come by ports of TCP that lead there no more is forgotten, too. That goes on behind the
 * callers' backs, one walk for many.
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
  add(claims: Plan, links: readonly string[] = [], done: () => unknown = () => undefined): void {
    this.#keep({ claims, links, ports: [], done })
  }

  /** Ends what has come by these ports. */
  forget(ports: readonly ForwardedPort[]): void {
    if (ports.length > 0) this.#keep({ claims: [], links: [], ports, done: () => undefined })
  }

  #keep(kept: Omit<Kept, 'since'>): void {
    this.#kept.push({ ...kept, since: now() })
    this.#schedule()
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#working ??= this.#free(false)
    }, GATHER_MS).unref()
  }

  /** Until all that are kept now are free. */
  async awaitFree(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#working || this.#kept.length > 0) await (this.#working ??= this.#free(true))
  }

  /** @param hurry - An address is waited for: links that are there still are not given their time. */
  async #free(hurry: boolean): Promise<void> {
    const taken = this.#kept
    this.#kept = []
    const lingering = await this.#lingering(taken, hurry)
    const kept = taken.filter((one) => !lingering.has(one))
    if (kept.length > 0) await this.#forget(kept)
    this.#working = undefined
    this.#kept.push(...lingering)
    if (this.#kept.length > 0) this.#schedule()
    for (const { done } of kept) await done()
  }

  async #forget(kept: readonly Kept[]): Promise<void> {
    const claims = kept.flatMap((one) => one.claims)
    // Without conntrack's netlink nothing can be forgotten: addresses are given up all the same, as no others may be
    // left.
    const walk: Plan = [
      { op: 'conntrack.flush', addresses: claimedBy(claims), ports: kept.flatMap(({ ports }) => ports) },
    ]
    for (let tries = 0; tries < TRIES && UNTOLD.includes((await this.#run(walk)) ?? ''); tries++);
    const isClaim = ({ op }: Operation) => op === 'element.delete'
    await this.#run([...claims.filter((one) => !isClaim(one)), ...claims.filter(isClaim)])
  }

  /** Those of which a link is there still, and is to have more time. Links that have had it are deleted. */
  async #lingering(taken: readonly Kept[], hurry: boolean): Promise<ReadonlySet<Kept>> {
    const all = taken.filter(({ links }) => links.length > 0)
    let there = await this.#present(all)
    for (
      const deadline = now() + HURRY_MS;
      hurry && there.size > 0 && now() < deadline;
      there = await this.#present(all)
    )
      await sleep(STEP_MS)
    const late = all.filter(({ links }) => links.some((link) => there.has(link)))
    const due = late.filter(({ since }) => hurry || now() - since > LINGER_MS)
    const links = due.flatMap((one) => one.links).filter((link) => there.has(link))
    if (links.length > 0)
      await removeWhatIsThere(this.#host, deleteLinks(links), { background: true }).catch(() => undefined)
    return new Set(late.filter((one) => !due.includes(one)))
  }

  async #present(kept: readonly Kept[]): Promise<ReadonlySet<string>> {
    const links = kept.flatMap((one) => one.links)
    if (links.length === 0) return new Set()
    const names = await this.#host.ask('present', { names: links.join('\n') }).catch(() => '')
    return new Set(names === '' ? [] : names.split('\n'))
  }

  /** An element that another sandbox has claimed since stays; a set that is missing holds no claim. */
  async #run(plan: Plan): Promise<string | undefined> {
    try {
      return (await tryPlan(this.#host, plan, { background: true }))?.errnoName
    } catch {
      // The host was closed. What is left, the next open() collects.
      return undefined
    }
  }
}

/** The addresses that a plan gives up. */
export const claimedBy = (plan: Plan): string[] =>
  plan.flatMap((operation) =>
    operation.op === 'element.delete' ? operation.elements.map(({ key }) => claimedAddress(key)) : [],
  )
