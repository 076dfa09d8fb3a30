import { endChange } from '../drivers/record-change.js'
import type { Call } from '../base/call.js'
import { SlipwayError } from '../base/errors.js'
import { clearInterval, setInterval } from '../base/timers.js'
import { EphemeralMarks } from '../store/ephemeral-marks.js'
import { hasEnded, isAlive, thisPids, thisProcess, type Maker } from '../store/maker.js'
import { listRecords, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { Changes } from './changes.js'
import type { Context } from './context.js'
import { removeSandbox } from './remove-sandbox.js'

/**
 * So often, in milliseconds, a process that stays looks whether another one with ephemeral sandboxes has ended. While
 * there is no such process, it does not look: the first sandbox of one touches a folder that is watched anyway.
 */
const LOOK_MS = 1000

/** Sandboxes that go when the process that has made them has ended. */
export class Ephemerals {
  readonly #marks: EphemeralMarks
  readonly #records: string
  #wrote = false
  #creating = 0
  #timer: NodeJS.Timeout | undefined
  /** Looks after what others leave, while the host is open; false once the owner is lost. */
  #look: (() => boolean) | undefined
  #looking: Promise<unknown> | undefined

  /**
   * @param records - Folder of the sandboxes' records.
   * @param watched - That of the networks' records, which every process watches that stays.
   */
  constructor(folder: string, records: string, watched: string) {
    this.#marks = new EphemeralMarks(folder, watched)
    this.#records = records
  }

  /**
   * Makes an ephemeral sandbox, marked as one of its maker's from before it is there.
   *
   * @param maker - The process with which the sandbox goes. Left out: this one.
   * @throws {SlipwayError} `UNSUPPORTED` where nobody could tell that this process has ended.
   */
  async making<T>(make: () => Promise<T>, maker: Maker | undefined): Promise<T> {
    if (maker) return this.#makingFor(maker, make)
    const own = thisProcess()
    if (!isAlive(own))
      throw new SlipwayError(
        'UNSUPPORTED',
        'ephemeral: /proc does not show this process, so no other could tell when it has ended. Mount a /proc of its pid namespace, or leave ephemeral out.',
      )
    this.#creating++
    this.#wrote = true
    try {
      this.#marks.write(own)
      const made = await make()
      // Another Slipway of this process may have found none and taken the mark away.
      this.#marks.write(own)
      return made
    } catch (error) {
      if (this.#creating === 1) await this.#unmark()
      throw error
    } finally {
      this.#creating--
    }
  }

  /** It has no other. */
  async #makingFor<T>(maker: Maker, make: () => Promise<T>): Promise<T> {
    this.#marks.write(maker)
    try {
      return await make()
    } catch (error) {
      this.#marks.remove(maker)
      throw error
    } finally {
      this.heard()
    }
  }

  /** Takes the mark away where this process has no such sandbox any more. */
  async #unmark(): Promise<void> {
    if (!this.#wrote || (await this.#haveSome())) return
    this.#marks.remove(thisProcess())
    if (await this.#haveSome()) this.#marks.write(thisProcess())
    else this.#wrote = false
  }

  async #haveSome(): Promise<boolean> {
    const { pid, started } = thisProcess()
    return (await listRecords(this.#records, () => undefined)).some(
      ({ record: { ephemeral, maker } }) =>
        ephemeral?.pids === thisPids() && maker.pid === pid && maker.started === started,
    )
  }

  /** From now on this process looks after what others leave. Keeps neither the process nor the owner alive. */
  open<Owner extends object>(owner: Owner, collect: (owner: Owner) => Promise<unknown>): void {
    const self = new WeakRef(owner)
    const here = new WeakRef(this)
    this.#look = () => {
      const [there, watcher] = [self.deref(), here.deref()]
      if (!there || !watcher) return false
      watcher.#lookAfter(() => collect(there))
      return true
    }
    this.heard()
  }

  /** Called when the watched folder was touched: another process may have ephemeral sandboxes by now. */
  heard(): void {
    const look = this.#look
    if (!look || this.#timer || !this.#marks.hasOthers()) return
    const timer = setInterval(() => {
      if (!look()) clearInterval(timer)
    }, LOOK_MS).unref()
    this.#timer = timer
  }

  #lookAfter(collect: () => Promise<unknown>): void {
    if (this.#marks.ended().length > 0) this.#collect(collect)
    else if (!this.#marks.hasOthers()) this.#rest()
  }

  #rest(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #collect(collect: () => Promise<unknown>): void {
    this.#looking ??= collect()
      .catch(() => undefined)
      .finally(() => (this.#looking = undefined))
  }

  /** Whether a process with such sandboxes has ended. */
  haveEnded(): boolean {
    return this.#marks.ended().length > 0
  }

  async close(): Promise<void> {
    this.#look = undefined
    this.#rest()
    await this.#looking
    await this.#unmark().catch(() => undefined)
  }

  /**
   * Removes those whose makers have ended.
   *
   * @returns Their names.
   */
  async collect(context: Context): Promise<string[]> {
    const marks = this.#marks.ended()
    const collected: string[] = []
    for (const stored of await listRecords(this.#records, () => undefined)) {
      if (!isLeft(stored.record)) continue
      try {
        await removeSandbox(context, new Changes(context, stored))
        collected.push(stored.record.name)
      } catch (error) {
        warn(stored, error)
      }
    }
    this.#marks.forget(marks)
    return collected
  }
}

/** Whether a sandbox is ephemeral and its maker has ended. */
export const isLeft = ({ ephemeral, maker }: Pick<SandboxRecord, 'ephemeral' | 'maker'>): boolean =>
  ephemeral !== undefined && hasEnded(maker, ephemeral)

/** Another process may have been faster. Anything else is no reason to refuse what the caller wants. */
function warn({ record }: StoredRecord, error: unknown): void {
  if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return
  process.emitWarning(
    `The ephemeral sandbox ${record.name}, whose maker has ended, could not be removed; the next open() tries again: ${(error as Error).message}`,
    { code: 'SLIPWAY_EPHEMERAL' },
  )
}

/** It stays from now on. @throws {SlipwayError} `NOT_FOUND` */
export async function keepSandbox(changes: Changes, call: Call | undefined): Promise<void> {
  await changes.make(
    ({ ephemeral: _, ...next }) => ({
      next,
      plan: ({ path, before, content }) => [endChange({ path, before, content })],
      settle: () => undefined,
      release: () => undefined,
    }),
    call,
  )
}
