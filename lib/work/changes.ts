import { withIpv6Inside } from '../drivers/ipv6-inside.js'
import { dirname } from 'node:path'
import type { RecordChange } from '../drivers/record-change.js'
import { waiting, type Call } from '../base/call.js'
import { SlipwayError } from '../base/errors.js'
import type { PlanRefused } from '../kernel/refusal.js'
import type { Namespace, Plan } from '../plan/operation.js'
import type { HostPort } from '../base/port-mapping.js'
import { isNowhere, removeWhatIsThere } from '../claims/remove-if-there.js'
import { reconcile } from '../heal/index.js'
import { removed } from '../claims/refusals.js'
import type { Remedy, Trial } from '../claims/retry.js'
import { textWith } from '../store/folder.js'
import { asOfNow, inThisBoot, namespaceAt } from '../store/namespace.js'
import { thisProcess } from '../store/maker.js'
import {
  idle,
  isBusy,
  isInTheMaking,
  readRecord,
  toStored,
  whenIdle,
  type SandboxRecord,
  type StoredRecord,
} from '../store/records.js'
import { withCall, type Context } from './context.js'
import { tryForSandbox, type TriedPlan } from './remedies.js'

/** Somebody else's change of the record in between makes ours start over, this many times. */
const TRIES = 16

/** A change of a sandbox: the record after it, and the plan that makes it true. */
export interface RecordUpdate {
  /** What else is true of it while the change is made. */
  during?: Partial<SandboxRecord>
  /** Left out where the sandbox goes. */
  next?: SandboxRecord
  /** @param namespace - Which one it is in, where that is known. */
  plan(change: RecordChange, namespace: Namespace | undefined): Plan | Promise<Plan>
  /** The kernel has what was taken in this process's tables. */
  settle(): void
  /** Host ports that go, and are held by other processes: they are told. */
  foreign?: readonly HostPort[]
  /** It was refused: what was taken is given back. */
  release(): void
  /** What was guessed, as far as a refusal of it may have a remedy. */
  tried?: Omit<TriedPlan, 'name'>
  /** What the call itself knows of a refusal that nobody else has a remedy for. */
  remedy?(refused: PlanRefused): Promise<Remedy>
}

type Make = (record: SandboxRecord) => RecordUpdate | Promise<RecordUpdate>

/** Whether what was to be removed is not there: somebody has taken it away, or an attempt before this one. */
const isGone = ({ operation, errnoName }: PlanRefused): boolean =>
  (operation.op === 'element.delete' && errnoName === 'ENOENT') ||
  (operation.op === 'address.delete' &&
    (errnoName === 'EADDRNOTAVAIL' || errnoName === 'ENODEV' || isNowhere(operation))) ||
  // A link inside that is on the network without a rule, and that its sandbox has deleted.
  (operation.op === 'link.delete' && operation.index !== undefined && errnoName === 'ENODEV') ||
  (operation.op === 'neighbor.delete' && ['ENOENT', 'ENODEV'].includes(errnoName)) ||
  (operation.op === 'route.delete' &&
    (isNowhere(operation) || (operation.netns === undefined && ['ESRCH', 'ENODEV'].includes(errnoName))))

/**
 * What is remembered of one sandbox, and its changes: one after the other; when another process was faster, from what
 * it left.
 */
export class Changes {
  readonly #context: Context
  #stored: StoredRecord
  #last: Promise<unknown> = Promise.resolve()
  /** Where the record does not say it yet: what its path led to when this object was made. */
  #seen: Namespace | undefined

  /** @param made - Of a sandbox that has just been made: the namespace that its path was given to. */
  constructor(context: Context, stored: StoredRecord, made?: Namespace) {
    this.#context = context
    this.#stored = stored
    if (made) this.#seen = made
    else this.#see()
  }

  #see(): void {
    const { namespace, stack, path } = this.#stored.record
    if (namespace || stack === 'host') return
    const found = namespaceAt(path)
    if (found && found.inode !== this.#context.host.identity) this.#seen = found
  }

  /** As of the last change through this object. */
  get stored(): StoredRecord {
    return this.#stored
  }

  /**
   * Which namespace it has, whatever its path leads to by now; `undefined` where that has not been there yet, and for
   * one that has the host's.
   */
  get namespace(): Namespace | undefined {
    const { namespace } = this.#stored.record
    if (namespace) return asOfNow(namespace)
    if (!this.#seen) this.#see()
    return this.#seen
  }

  /** Reads again what other processes have done. @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed. */
  async refresh(): Promise<void> {
    const { record, path } = this.#stored
    const found = await readRecord(dirname(path), record.name)
    if (found?.record.id !== record.id) throw new SlipwayError('NOT_FOUND', removed(record.name))
    this.#stored = found
  }

  /** Whether other processes had done something meanwhile; it is known now. */
  async #wasOld(): Promise<boolean> {
    const { text } = this.#stored
    await this.refresh()
    return this.#stored.text !== text
  }

  /**
   * @param make - The change of what the sandbox is by then.
   * @param call - Whose it is.
   */
  make(make: Make, call?: Call): Promise<void> {
    const before = this.#last
    const change = waiting(call, before, 'another change of the sandbox').then(() => this.#attempt(make, call))
    // One that was given up has not waited for those before it.
    this.#last = change.catch(() => undefined).then(() => before)
    return change
  }

  /**
   * Until it has been made, and no other change is on its way: of another process, or through another object of this
   * one.
   */
  async #wait(call: Call | undefined): Promise<void> {
    const idle = whenIdle(async () => {
      await this.refresh()
      return this.#stored
    })
    await waiting(call, idle, 'another process that changes the sandbox')
    const { busy } = this.#stored.record
    if (!busy || isBusy(this.#stored.record)) return
    // The process that was changing it has died in the middle: what it has left half done is ended first.
    await reconcile(this.#context)
    await this.refresh()
  }

  async #attempt(make: Make, call: Call | undefined): Promise<void> {
    const { host, turns } = this.#context
    // Somebody has taken elements away that were ours to remove.
    let rest = false
    let update: RecordUpdate | undefined
    const trial: Trial<void> = {
      tries: TRIES,
      attempt: async (number) => {
        const made = (update = await this.#update(make, number, call))
        const { path, text } = this.#stored
        const { namespace } = this
        const next =
          made.next &&
          toStored(
            dirname(path),
            namespace && !made.next.namespace ? { ...made.next, namespace: inThisBoot(namespace) } : made.next,
          )
        const mark = textWith(this.#stored, { ...made.during, busy: thisProcess() })
        try {
          const plan = await made.plan({ path, before: text, content: next?.text ?? '', mark }, namespace)
          call?.check()
          await (rest
            ? removeWhatIsThere(host, plan)
            : withIpv6Inside(plan, (one) => host.run(one, { grouped: turns.isContended, call })))
          made.settle()
          if (next) {
            this.#context.events.didSandbox(this.#stored, next)
            this.#stored = next
          }
          if (made.foreign) await this.#context.holders.tell(made.foreign)
        } catch (error) {
          made.release()
          throw error
        }
      },
      remedy: async (refused) => {
        const own = await update?.remedy?.(refused)
        if (own) return own
        if (refused.errnoName === 'ESTALE' && refused.operation.op.startsWith('file.')) {
          await this.refresh()
          return 'again'
        }
        if (this.#context.routes.isOvertaken(refused)) return 'again'
        if (rest || !isGone(refused)) return undefined
        rest = true
        return 'again'
      },
    }
    await tryForSandbox(withCall(this.#context, call), trial, () => ({
      name: this.#stored.record.name,
      ...update?.tried,
    }))
  }

  /** The change, of what the sandbox is by now. */
  async #update(make: Make, number: number, call: Call | undefined): Promise<RecordUpdate> {
    for (let isFirst = number === 1; ; isFirst = false) {
      if (this.#stored.record.busy || isInTheMaking(this.#stored)) await this.#wait(call)
      try {
        return await make(idle(this.#stored.record))
      } catch (error) {
        // It does not go with what this object knows: that may be old.
        call?.check()
        if (!(isFirst && (await this.#wasOld()))) throw error
      }
    }
  }
}
