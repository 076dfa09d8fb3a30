import { channel } from 'node:diagnostics_channel'
import { mergeRests } from '../drivers/removal-plans.js'
import type { Host } from '../kernel/host.js'
import type { ForwardedPort, Plan } from '../plan/operation.js'
import { tryPlan, removeWhatIsThere } from '../claims/remove-if-there.js'
import { explained } from '../claims/refusals.js'
import { Slices } from '../admission/slices.js'
import { setTimeout, clearTimeout, setImmediate } from '../base/timers.js'
import { claimedBy, type Quarantine } from './quarantine.js'

/** What is left to do once a sandbox or an endpoint is off the network. */
export interface Removal {
  /** What is taken until then: the name of a sandbox, or of an interface in it. */
  key: string
  plan: Plan
  /** Gives up claims of addresses, after that. */
  claims?: Plan | undefined
  /** Links that go by themselves, and have gone before the claims are given up. */
  links?: readonly string[] | undefined
  /** Called once the claims are given up. */
  free?(): unknown
  /** What follows in this process, once it is done. */
  done?(): unknown
  /** The record that says that this process is at it, and what becomes of it where this process gives up. */
  record?: { path: string; busy: string; left: () => string }
}

/** What the diagnostics channel `slipway:departure` says of what went wrong; what the kernel refused is tried again. */
export interface RemovalMessage {
  key: string
  error: unknown
}

export const sandboxKey = (name: string): string => `sandbox ${name}`
export const interfaceKey = (sandbox: { id: string }, name: string): string => `interface ${name} of ${sandbox.id}`
export const isInterfaceOf = ({ id }: { id: string }, key: string): boolean =>
  key.startsWith('interface ') && key.endsWith(` of ${id}`)

const refusals = channel('slipway:departure')

/** How many share a plan: enough to share what is dear, and few enough that the first need not wait for long. */
const GROUP = 32
/** What was refused is tried again after so many milliseconds, so often. */
const RETRY_MS = 1000
const TRIES = 5

interface Pending extends Removal {
  tries: number
  /** Once somebody waits for it. */
  gone?: Promise<void>
  resolve?: () => void
}

/**
 * The rests of removals: what the kernel takes long for, done behind the callers' backs, one group after the other.
 * What is refused is tried again, some times; then it is left to the next open(), by a record that says that nobody is
 * at it.
 */
export class Removals {
  readonly #host: Host
  readonly #quarantine: Quarantine
  readonly #byKey = new Map<string, Pending>()
  readonly #waiting: Pending[] = []
  readonly #refused = new Set<Pending>()
  readonly #errors: unknown[] = []
  #working: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #closing = false

  constructor(host: Host, quarantine: Quarantine) {
    this.#host = host
    this.#quarantine = quarantine
  }

  begin(departure: Removal): void {
    const pending: Pending = { ...departure, tries: 0 }
    this.#byKey.set(departure.key, pending)
    this.#waiting.push(pending)
    this.#start()
  }

  /** Until what is called so has gone, or its going was refused; `undefined` where there is nothing to wait for. */
  of(key: string): Promise<void> | undefined {
    const pending = this.#byKey.get(key)
    return pending && (pending.gone ??= new Promise((resolve) => (pending.resolve = resolve)))
  }

  /** The same for all, or those that are meant; `undefined` where there are none. */
  all(meant: (departure: Removal) => boolean = () => true): Promise<unknown> | undefined {
    const found = [...this.#byKey.values()].filter(meant)
    return found.length === 0 ? undefined : Promise.all(found.flatMap(({ key }) => this.of(key) ?? []))
  }

  /** Ends what has come by ports of TCP that lead to a sandbox no more. */
  forget(ports: readonly ForwardedPort[]): void {
    this.#quarantine.forget(ports)
  }

  /** Until addresses that endpoints have left are free: this one, or all. */
  async awaitFree(address?: string): Promise<void> {
    const isMeant = ({ claims = [] }: Removal) =>
      claimedBy(claims).some((one) => address === undefined || one === address)
    await this.all(isMeant)
    await this.#quarantine.awaitFree()
  }

  /** Ends all that can be ended, and gives up the rest. @returns What went wrong for good, as far as it did. */
  async close(): Promise<readonly unknown[]> {
    this.#closing = true
    await this.#working
    clearTimeout(this.#timer)
    this.#retry()
    await this.#working
    await this.#quarantine.awaitFree()
    return this.#errors
  }

  #start(): void {
    this.#working ??= this.#work()
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0) {
      // Whoever is removing more in this turn of the event loop shares the first plan with this one; and no turn has
      // two plans to make.
      await new Promise((resolve) => setImmediate(resolve))
      const group = this.#waiting.splice(0, GROUP)
      // Of one that was refused before, addresses may be given up, and be another's by now.
      const fresh = group.filter(({ tries }) => tries === 0)
      const done = await this.#areDone(fresh.map(({ plan }) => plan))
      const slices = new Slices()
      for (const pending of group) {
        await (done && fresh.includes(pending) ? this.#settle(pending) : this.#alone(pending))
        const pause = slices.next()
        if (pause) await pause
      }
    }
    this.#working = undefined
  }

  async #areDone(rests: readonly Plan[]): Promise<boolean> {
    try {
      await this.#host.run(mergeRests(rests), { background: true })
      return true
    } catch {
      // Whose fault it is shows when each is on its own.
      return false
    }
  }

  /** What somebody else has taken away is not missed, and nobody else's refusal counts. */
  async #alone(pending: Pending): Promise<void> {
    pending.tries++
    try {
      await removeWhatIsThere(this.#host, pending.plan, { background: true }, pending.claims)
    } catch (refused) {
      const error = await explained(refused, this.#host)
      refusals.publish({ key: pending.key, error } satisfies RemovalMessage)
      if (this.#closing || pending.tries >= TRIES) {
        await this.#giveUp(pending, error)
      } else {
        this.#refused.add(pending)
        this.#timer ??= setTimeout(() => this.#retry(), RETRY_MS).unref()
      }
      pending.resolve?.()
      // Who waits from now on waits for the next attempt.
      delete pending.gone
      return
    }
    await this.#settle(pending)
  }

  async #settle(pending: Pending): Promise<void> {
    this.#forget(pending)
    if (pending.claims) this.#quarantine.add(pending.claims, pending.links, pending.free)
    try {
      await pending.done?.()
    } catch (refused) {
      const error = await explained(refused, this.#host)
      this.#errors.push(error)
      refusals.publish({ key: pending.key, error } satisfies RemovalMessage)
    }
    pending.resolve?.()
  }

  #retry(): void {
    this.#timer = undefined
    this.#waiting.push(...this.#refused)
    this.#refused.clear()
    if (this.#waiting.length > 0) this.#start()
  }

  /** From now on it is what a process that died has left: the next open(), of whichever process, collects it. */
  async #giveUp(pending: Pending, error: unknown): Promise<void> {
    this.#forget(pending)
    this.#errors.push(error)
    const { record } = pending
    if (record)
      await tryPlan(this.#host, [
        { op: 'file.replace', path: record.path, content: record.left(), expected: record.busy },
      ])
  }

  #forget(pending: Pending): void {
    this.#refused.delete(pending)
    if (this.#byKey.get(pending.key) === pending) this.#byKey.delete(pending.key)
  }
}
