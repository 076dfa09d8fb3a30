import { clock } from '../base/timers.js'
import { existsSync, readdirSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { hasEnded, thisPids, thisProcess, type Maker } from './maker.js'
import { makeMark } from './make-folder.js'
import { isRegular } from './read-file.js'

const NAME = /^(\d{1,7})-(\d{0,20})-(\d{1,20})$/

/**
 * Which processes have ephemeral sandboxes: each has a file `STATE/HOST/ephemeral/PID-STARTED-PIDS`. It tells other
 * processes at little cost whether one of them has ended. What the sandboxes are, their records alone say.
 */
export class EphemeralMarks {
  readonly #folder: string

  readonly #watched: string

  /** @param watched - Folder that is touched with a new mark, as other processes watch it. */
  constructor(folder: string, watched: string) {
    this.#folder = folder
    this.#watched = watched
  }

  #of({ pid, started }: Maker): string {
    return join(this.#folder, `${pid}-${started}-${thisPids()}`)
  }

  /** Comes before the first record of a maker, and again after each. */
  write(maker: Maker): void {
    const path = this.#of(maker)
    if (existsSync(path)) return
    makeMark(path)
    const now = new Date(clock.time())
    try {
      utimesSync(this.#watched, now, now)
    } catch {
      // Without that folder nobody watches it. Who opens the host later looks by itself.
    }
  }

  remove(maker: Maker): void {
    rmSync(this.#of(maker), { force: true })
  }

  /** Whether another process has a mark, which lives or has ended. */
  hasOthers(): boolean {
    const own = this.#of(thisProcess())
    return this.#names().some((name) => NAME.test(name) && join(this.#folder, name) !== own)
  }

  #names(): string[] {
    try {
      return readdirSync(this.#folder)
    } catch {
      // None has ever been written; or what is in its way is in the way of the records, too: reading these tells.
      return []
    }
  }

  /** The marks of processes that have ended. */
  ended(): string[] {
    return this.#names().flatMap((name) => {
      const [, pid, started = '', pids] = NAME.exec(name) ?? []
      const path = join(this.#folder, name)
      return pid !== undefined && hasEnded({ pid: Number(pid), started }, { pids: Number(pids) }) && isRegular(path)
        ? [path]
        : []
    })
  }

  /** Those of others, which have ended. */
  forget(paths: readonly string[]): void {
    for (const path of paths) rmSync(path, { force: true })
  }
}
