import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { SlipwayError } from '../../base/errors.js'

/** What dockerd tells once, and takes to be known from then on. */
export type KeptKind = 'networks' | 'endpoints'

/** A file for each network and each endpoint of dockerd's, which outlives this process, and the machine's run. */
export class Kept {
  readonly #folder: string

  /** @throws {SlipwayError} `PERMISSION`, `KERNEL` */
  constructor(folder: string) {
    this.#folder = folder
    try {
      for (const kind of ['networks', 'endpoints']) mkdirSync(join(folder, kind), { recursive: true, mode: 0o700 })
    } catch (error) {
      throw new SlipwayError('PERMISSION', `${folder} cannot be made (${(error as Error).message}).`)
    }
  }

  /** When it returns, a machine that loses its power has it, too. @param id - Letters and digits. */
  write(kind: KeptKind, id: string, value: object): void {
    const path = this.#path(kind, id)
    const made = `${path}.new`
    const file = openSync(made, 'w', 0o600)
    try {
      writeSync(file, `${JSON.stringify(value)}\n`)
      if (kind === 'networks') fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(made, path)
    if (kind === 'networks') this.#settle(dirname(path))
  }

  /** @returns As it was written: nobody else writes here. `undefined` where there is none, or half of one. */
  read(kind: KeptKind, id: string): unknown {
    try {
      return JSON.parse(readFileSync(this.#path(kind, id), 'utf8'))
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }

  remove(kind: KeptKind, id: string): void {
    const path = this.#path(kind, id)
    rmSync(path, { force: true })
    if (kind === 'networks') this.#settle(dirname(path))
  }

  /** Their ids. */
  list(kind: KeptKind): string[] {
    return readdirSync(join(this.#folder, kind))
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
  }

  #path(kind: KeptKind, id: string): string {
    return join(this.#folder, kind, `${id}.json`)
  }

  #settle(folder: string): void {
    const opened = openSync(folder, 'r')
    try {
      fsyncSync(opened)
    } finally {
      closeSync(opened)
    }
  }
}
