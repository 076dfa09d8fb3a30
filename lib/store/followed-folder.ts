import { isRecent } from '../base/timers.js'
import { lstatSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Rounds } from '../base/rounds.js'
import { Slices } from '../admission/slices.js'
import { readRecordText, type RecordKind } from './kind.js'
import { listFolder } from './list-folder.js'
import { readRegular } from './read-file.js'

/** Longer than a tick of the clock that files are dated by, in milliseconds. */
const TICK = 20

/** What a file was when it was read. */
interface Seen<T> {
  ino: number
  /** NaN: so young then that a further change may have the same date. */
  changed: number
  record: T | undefined
}

/** Who wants to know what becomes of the records. */
export interface Follower<T> {
  /** It came, or is another than before. @param marked - As of {@link Stored}. */
  put(name: string, record: T, marked: boolean): void
  gone(name: string): void
}

/**
 * The records of a folder, as any process leaves them, brought up to date when asked to: only files that have changed
 * are read, a few at a time.
 */
export class FollowedFolder<T> {
  readonly #folder: string
  readonly #kind: RecordKind<T>
  readonly #follower: Follower<T>
  readonly #seen = new Map<string, Seen<T>>()
  readonly #rounds = new Rounds(() => this.#read())
  /** The folder, when the last round began. */
  #state: string | undefined

  constructor(folder: string, kind: RecordKind<T>, follower: Follower<T>) {
    this.#folder = folder
    this.#kind = kind
    this.#follower = follower
  }

  /** `undefined` where there is nothing to wait for: nothing has changed. */
  refresh(): Promise<void> | undefined {
    return this.#state === stateOf(this.#folder) ? undefined : this.#rounds.run()
  }

  async #read(): Promise<void> {
    const state = stateOf(this.#folder)
    if (state === this.#state) return
    const missing = new Set(this.#seen.keys())
    const slices = new Slices()
    for (const file of await listFolder(this.#folder)) {
      // `.next` is a file.replace on its way.
      if (!file.endsWith('.json')) continue
      missing.delete(file)
      this.#look(file)
      const pause = slices.next()
      if (pause) await pause
    }
    // A file that is replaced meanwhile may not be listed at all.
    for (const file of missing) {
      this.#look(file)
      const pause = slices.next()
      if (pause) await pause
    }
    // A change in the same tick of the clock would not be seen.
    this.#state = isYoung(statSync(this.#folder, { throwIfNoEntry: false })?.mtimeMs) ? undefined : state
  }

  /** Looks at one file that may have changed. What has changed unseen, {@link refresh} finds. */
  look(file: string): void {
    if (file.endsWith('.json')) this.#look(file)
  }

  #look(file: string): void {
    const name = file.slice(0, -'.json'.length)
    const before = this.#seen.get(file)
    const path = join(this.#folder, file)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat && before?.ino === stat.ino && before.changed === stat.ctimeMs) return
    const read = stat && readRegular(path)
    if (!stat || !read) {
      this.#seen.delete(file)
      if (before?.record) this.#follower.gone(name)
      return
    }
    // Of what is no record, whoever works with it says so.
    const { record } = read.text === undefined ? {} : readRecordText(this.#kind, name, read.text)
    this.#seen.set(file, { ino: stat.ino, changed: isYoung(stat.ctimeMs) ? NaN : stat.ctimeMs, record })
    if (record) this.#follower.put(name, record, read.text !== undefined && read.marked)
    else if (before?.record) this.#follower.gone(name)
  }
}

const isYoung = (time: number | undefined): boolean => time !== undefined && isRecent(time, TICK)

/** A folder changes with each file that comes or goes, and with each that is replaced. */
function stateOf(folder: string): string {
  const stat = statSync(folder, { throwIfNoEntry: false, bigint: true })
  return stat ? `${stat.ino}:${stat.mtimeNs}` : ''
}
