import { channel } from 'node:diagnostics_channel'
import type { Call } from '../base/call.js'
import { SlipwayError } from '../base/errors.js'
import { now, sleep } from '../base/timers.js'
import { requireCapabilities } from './capabilities.js'
import { RulesetWatch } from './ruleset-watch.js'
import { News, type About, type NativeExecutor, type NativeNews, type Outcome, type Questions } from './native.js'
import type { Namespace, Plan, PortHold } from '../plan/operation.js'
import { openExecutor } from './open-executor.js'
import {
  describeFailure,
  explainForbidden,
  isForbidden,
  isTooMuch,
  PlanRefused,
  explainTooMuch,
  kernelWords,
} from './refusal.js'
import { GroupCommit } from '../admission/group-commit.js'
import { isLongTransaction, countOnCallerThread } from '../admission/short.js'
import { wirePlan } from '../plan/wire.js'
import { nameOfErrno } from '../base/errno-name.js'
import { explainTrouble } from '../base/trouble.js'

/** How long a run of neighbouring operations took. */
export interface Phase {
  operations: Plan
  microseconds: number
}

export interface RunOptions {
  /**
   * On a thread for what takes long and nobody waits for, so that nobody has to: nothing else is behind it in a queue.
   */
  background?: boolean
  /** More come at the same time: then plans begin together, a turn of the event loop later. */
  grouped?: boolean
  /** Whose plan it is: where a file is locked, it may be given up. */
  call?: Call | undefined
  /** False: a file that another process has locked is not waited for. Of plans that this thread may run. */
  patient?: boolean
}

/** So long, in milliseconds, a locked file is waited for, as by the executor's thread; and between two tries. */
const LOCKED_MS = 5000
const STEP_MS = 10

/** What is said of a path that leads to no namespace of a sandbox. */
const NO_NAMESPACE = ['ENOTTY', 'ESTALE', 'ENOTDIR', 'ELOOP']
const isOfAnotherKind = ({ errnoName, syscall }: SlipwayError): boolean => errnoName === 'EINVAL' && syscall === 'setns'

/** What the diagnostics channel `slipway:plan` says after each plan, done or refused. */
export interface PlanMessage {
  plan: Plan
  phases: Phase[]
  /** It was run ahead of need, while there was nothing else to do. */
  ahead?: true
}

/**
 * A thread that must not wait has met a file that another process has locked. (The executor's waits, and gives up with
 * ETIMEDOUT.)
 */
const isLocked = (outcome: Outcome | undefined): boolean =>
  outcome?.failure?.syscall === 'flock' && nameOfErrno(outcome.failure.errno) === 'EAGAIN'

/** Tries again until no other process has the file locked, or the executor's thread may as well wait for it. */
async function untilUnlocked(call: Call, again: () => Outcome | undefined): Promise<Outcome | undefined> {
  const deadline = now() + LOCKED_MS
  for (;;) {
    await call.wait(sleep(STEP_MS), 'a record that another process has locked')
    const outcome = again()
    if (!isLocked(outcome) || now() > deadline) return outcome
  }
}

/** What a question is about, in words. */
function whichOf(question: object): string[] {
  const { netns, family, table, set, key, name } = question as Record<string, string | undefined>
  const words = [family, table, set, key, name].filter((word) => word !== undefined && word !== '')
  return [...(words as string[]), ...(netns === undefined ? [] : ['in', netns])]
}

const isWalk = (plan: Plan): boolean => plan.every(({ op }) => op === 'conntrack.flush')

const plans = channel('slipway:plan')

/** The namespace that is "the host": runs plans in it and asks its kernel. */
export class Host {
  /** Whether plans change nothing, and are taken for done. */
  readonly onlyLooks: boolean = false
  readonly #executor: NativeExecutor
  /** For what takes long and nobody waits for. Made at once: the first removal is not to wait for it. */
  readonly #background: NativeExecutor
  /** For walks through conntrack: one takes 9 ms, and what is next on a thread with it waits so long. */
  readonly #walker: NativeExecutor
  readonly #groupCommit: GroupCommit<Outcome>
  /** Plans on their way to the executor's thread whose transaction would have this thread wait. */
  #longTransactions = 0
  #rulesetWatch: RulesetWatch | undefined
  #hearOfOthers: (() => void) | undefined
  /** For tests: the next plan meets a refusal at this operation. */
  refuseNext: number | undefined

  /** @throws {SlipwayError} `NOT_FOUND` when there is no such namespace, `PERMISSION` without the capabilities. */
  constructor(netns: string | undefined) {
    requireCapabilities()
    const opened: NativeExecutor[] = []
    const open = (host?: string | NativeExecutor): NativeExecutor => {
      opened.push(openExecutor(netns, host))
      return opened.at(-1) as NativeExecutor
    }
    try {
      this.#executor = open(netns)
      this.#background = open(this.#executor)
      this.#walker = open(this.#executor)
    } catch (error) {
      for (const executor of opened) void executor.close()
      throw error
    }
    this.#groupCommit = new GroupCommit(this.#executor)
  }

  /** Inode number of the namespace: its identity. */
  get identity(): number {
    return this.#executor.identity
  }

  /** How many host ports are held by this process here, with a descriptor each. */
  get held(): number {
    return this.#executor.held
  }

  /** Whether this very object keeps a host port from other processes. */
  holds({ protocol, address, port }: Pick<PortHold, 'protocol' | 'address' | 'port'>): boolean {
    return this.#executor.holds(`${protocol} ${address} ${port}`)
  }

  /**
   * Runs a plan: all of it, or nothing. A short one is done when this returns, by this thread, even where others are in
   * the queue; the rest goes to the executor's. Where that is still making the namespace that was to be prepared, this
   * thread begins.
   *
   * @returns The namespace that the plan gave a path to, if it did.
   * @throws {PlanRefused} after what was done has been undone.
   */
  async run(
    plan: Plan,
    { background = false, grouped = false, call, patient = true }: RunOptions = {},
  ): Promise<Namespace | undefined> {
    const refuse = this.refuseNext
    this.refuseNext = undefined
    const text = wirePlan(plan)
    const phases = plans.hasSubscribers
    let outcome: Outcome | undefined
    const onCallerThread = background || this.#longTransactions > 0 ? 0 : countOnCallerThread(plan)
    const short = onCallerThread === plan.length
    let queued = false
    if (grouped && onCallerThread > 0 && refuse === undefined && !call)
      outcome = await this.#groupCommit.run(text, onCallerThread, phases)
    else if (short) outcome = this.#executor.runNow(text, phases, refuse)
    else queued = true
    if (call && isLocked(outcome))
      outcome = await untilUnlocked(call, () => this.#executor.runNow(text, phases, refuse))
    if (call && queued) await this.#untilFree(call, plan)
    // Another process is at the file, for however long: not this thread is to wait for it.
    queued ||= patient && isLocked(outcome)
    if (queued)
      outcome = await (background
        ? (isWalk(plan) ? this.#walker : this.#background).run(text, phases, refuse, 0, false)
        : this.#queue(plan, text, phases, refuse, short ? 0 : onCallerThread))
    if (this.#executor.moved && !outcome?.failure) {
      this.#hearOfOthers?.()
      await this.#rulesetWatch?.moved()
    }
    if (!outcome) return undefined
    if (outcome.phases) plans.publish({ plan, phases: readPhases(plan, outcome.phases) } satisfies PlanMessage)
    if (outcome.failure) throw new PlanRefused(plan, outcome.failure)
    const { device, inode, cookie } = outcome
    return device === undefined || inode === undefined ? undefined : { device, inode, cookie }
  }

  /**
   * From now on, a plan that is done when nf_tables was changed by another has `look` look at it before it is told so.
   *
   * @param look - Puts right what has gone; whether there was such. It begins to {@link rulesetIsWhole} anew.
   */
  watchRuleset(look: () => Promise<boolean>): void {
    this.#rulesetWatch = new RulesetWatch(look)
  }

  /** All is well as of this generation of nf_tables. */
  rulesetIsWhole(generation: number): void {
    this.#executor.watch(generation)
    this.#hearOfOthers?.()
  }

  /**
   * Before a plan is told that it is done, `look` is called where another process may have changed nf_tables before the
   * plan did, since the last time. What others write before their transactions, it sees.
   */
  hearOfOthers(look: () => void): void {
    this.#hearOfOthers = look
  }

  /**
   * Listens to the kernel. Keeps nothing alive, `changed` least of all: what is told weakly holds what it tells.
   *
   * @returns `undefined` where the kernel gives no socket for it: then nothing is told.
   */
  hear(about: About, changed: (news: readonly string[]) => void): NativeNews | undefined {
    try {
      return new News(this.#executor, changed, about)
    } catch {
      return undefined
    }
  }

  /**
   * The executor's thread cannot be called back from a record that another process has locked: this one asks for each
   * first. What else is wrong with it, the plan will tell.
   */
  async #untilFree(call: Call, plan: Plan): Promise<void> {
    const asked = new Set<string>()
    for (const operation of plan) {
      // The second change of a record is based on the first.
      if (operation.op !== 'file.replace' || asked.has(operation.path)) continue
      asked.add(operation.path)
      const same = wirePlan([{ ...operation, content: operation.expected }])
      const ask = () => this.#executor.runNow(same, false, undefined)
      if (isLocked(ask())) await untilUnlocked(call, ask)
    }
  }

  async #queue(
    plan: Plan,
    text: string,
    phases: boolean,
    refuse: number | undefined,
    onCallerThread: number,
  ): Promise<Outcome | undefined> {
    const long = isLongTransaction(plan) ? 1 : 0
    this.#longTransactions += long
    try {
      const outcome = await this.#executor.run(text, phases, refuse, onCallerThread, false)
      return onCallerThread > 0 && isLocked(outcome)
        ? await this.#executor.run(text, phases, refuse, 0, false)
        : outcome
    } finally {
      this.#longTransactions -= long
    }
  }

  /**
   * As {@link run}, when there is nothing else to do. It does not keep the process alive, and what has not begun when
   * the host is closed never settles.
   */
  async runLater(plan: Plan): Promise<void> {
    const outcome = await this.#executor.run(wirePlan(plan), plans.hasSubscribers, undefined, 0, true)
    if (outcome?.phases)
      plans.publish({ plan, phases: readPhases(plan, outcome.phases), ahead: true } satisfies PlanMessage)
    if (outcome?.failure) throw new PlanRefused(plan, outcome.failure)
  }

  /**
   * Says that a plan is about to come that makes a namespace, so that making it need not wait for the plan. When no
   * plan comes after all, {@link discard} it.
   */
  prepare(): void {
    this.#executor.prepare()
  }

  /** Gives up what was prepared: whatever the thread does next, it forgets it then. */
  async discard(): Promise<void> {
    await this.find('link', { name: 'lo' })
  }

  /** Asks the kernel. @param later - As in {@link runLater}. @throws {SlipwayError} `KERNEL`, with the errno. */
  async ask<Name extends keyof Questions>(
    name: Name,
    question: Questions[Name]['question'],
    later = false,
  ): Promise<Questions[Name]['answer']> {
    const answer = await this.#executor.query({ ask: name, ...question }, later)
    if ('failure' in answer) {
      const refusal = describeFailure(answer.failure, ['read', name, ...whichOf(question)].join(' '))
      if (isForbidden(refusal)) throw new SlipwayError('PERMISSION', explainForbidden(refusal), refusal)
      if (isTooMuch(refusal)) throw new SlipwayError('EXHAUSTED', explainTooMuch(refusal), refusal)
      const [code, message] = explainTrouble(refusal) ?? [
        'KERNEL',
        `The kernel refused to ${refusal.operation}: ${refusal.errnoName}${kernelWords(refusal)}.`,
      ]
      throw new SlipwayError(code, message, refusal)
    }
    return answer.value as Questions[Name]['answer']
  }

  /** As {@link ask}, with `undefined` where the kernel has no such thing, or the namespace is none or the host's. */
  async find<Name extends keyof Questions>(
    name: Name,
    question: Questions[Name]['question'],
  ): Promise<Questions[Name]['answer'] | undefined> {
    try {
      return await this.ask(name, question)
    } catch (error) {
      if (
        error instanceof SlipwayError &&
        (['ENOENT', 'ENODEV', ...NO_NAMESPACE].includes(error.errnoName ?? '') || isOfAnotherKind(error))
      )
        return undefined
      throw error
    }
  }

  /** Resolves when everything asked before has been answered and the threads have ended. */
  async close(): Promise<void> {
    this.#rulesetWatch?.close()
    await Promise.all([this.#executor, this.#background, this.#walker].map((executor) => executor.close()))
  }
}

function readPhases(plan: Plan, numbers: Float64Array): Phase[] {
  const phases: Phase[] = []
  for (let i = 0; i < numbers.length; i += 3) {
    const [first = 0, count = 0, microseconds = 0] = numbers.subarray(i, i + 3)
    phases.push({ operations: plan.slice(first, first + count), microseconds })
  }
  return phases
}
