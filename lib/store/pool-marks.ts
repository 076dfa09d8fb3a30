import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, thisProcess, type Maker } from './maker.js'
import { listFolder } from './list-folder.js'
import { makeMark } from './make-folder.js'
import { isRegular } from './read-file.js'
import { randomId } from '../base/random-id.js'

/**
 * Whose spare sandboxes are whose: nobody has a record of them. Each Slipway that makes some has a file
 * `STATE/HOST/pool/PID-STARTED-TAG`, and its tag in the ids of the endpoints that it makes for them, and so in the
 * names of their links. While its process lives, others leave such links alone.
 */

const TAG = 6
const NUMBER = 5
/**
 * All numbers of five hex digits come up before one comes again, as the factor is odd; and those that follow look
 * nothing alike.
 */
const NUMBERS = 16 ** NUMBER
const FACTOR = 0x9e3b1

const LINK = new RegExp(`^veth[0-9a-f]{${NUMBER}}([0-9a-f]{${TAG}})$`)

/** The tag that is in the name of a link, if it is a spare's. */
const tagOf = (link: string): string | undefined => LINK.exec(link)?.[1]

/** The mark of one Slipway. */
export class Mark {
  readonly #folder: string
  readonly #tag = randomId().slice(0, TAG)
  #path: string | undefined
  #made = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Comes before the first link. */
  write(): void {
    if (this.#path !== undefined) return
    const { pid, started } = thisProcess()
    const path = join(this.#folder, `${pid}-${started}-${this.#tag}`)
    makeMark(path)
    this.#path = path
  }

  /**
   * An id for one more endpoint. The number leads: of a network without IPv4, MAC addresses are the first eight digits.
   */
  nextId(): string {
    const number = (this.#made++ * FACTOR) % NUMBERS
    return number.toString(16).padStart(NUMBER, '0') + this.#tag + randomId().slice(NUMBER + TAG)
  }

  /**
   * Where in a subnet to begin, from 0 to 1. Several that all began with the first free address would claim each
   * other's all the time.
   */
  startingPlace(): number {
    const others = readdirSync(this.#folder)
      .map(readName)
      .some((mark) => mark !== undefined && mark.tag !== this.#tag && isAlive(mark.maker))
    return others ? parseInt(this.#tag, 16) / 16 ** TAG : 0
  }

  /** Comes after the last link. */
  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { force: true })
    this.#path = undefined
  }
}

/** The marks of a host, read before the records are and after the links. */
export class Marks {
  readonly #living = new Set<string>()
  readonly #dead = new Map<string, { path: string; pid: number }>()

  static async read(folder: string): Promise<Marks> {
    const marks = new Marks()
    // What is in the way of it is in the way of the records, too: reading these tells.
    for (const name of await listFolder(folder, ['ENOENT', 'ENOTDIR'])) {
      const mark = readName(name)
      if (!mark || !isRegular(join(folder, name))) continue
      if (isAlive(mark.maker)) marks.#living.add(mark.tag)
      else marks.#dead.set(mark.tag, { path: join(folder, name), pid: mark.maker.pid })
    }
    return marks
  }

  /** Whether a link is a spare's of a process that lives. */
  isKept(link: string): boolean {
    const tag = tagOf(link)
    return tag !== undefined && this.#living.has(tag)
  }

  /** Those of processes that have died, with those of some links that were their spares'. */
  left(links: readonly string[]): { path: string; pid: number; links: string[] }[] {
    return [...this.#dead].map(([tag, mark]) => ({ ...mark, links: links.filter((link) => tagOf(link) === tag) }))
  }
}

function readName(name: string): { maker: Maker; tag: string } | undefined {
  const [, pid, started = '', tag] = /^(\d{1,7})-(\d{0,20})-([0-9a-f]{6})$/.exec(name) ?? []
  return pid === undefined || tag === undefined ? undefined : { maker: { pid: Number(pid), started }, tag }
}
