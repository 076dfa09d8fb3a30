import { realpathSync, statSync } from 'node:fs'
import { dirname, isAbsolute } from 'node:path'
import type { OwnNames } from '../api/sandboxes/own-names.js'
import type { Slipway } from '../api/slipway.js'
import type { Maker } from '../store/maker.js'
import type { GivenHost } from './usage/host-flags.js'

/** Which of its outputs. */
export type Output = 'stdout' | 'stderr'

/** A program that the caller is to become: in a sandbox's network, with its files. */
export interface Becoming {
  /** Path of the network namespace, and which it is, as `device:inode`: the path may be another's there. */
  netns: string
  identity: string
  /** Folder that it starts in. */
  cwd: string
  /** What it finds in place of this machine's; left out where it has those. */
  own: OwnNames | undefined
  /** Variables that it has beside the caller's. */
  env: Readonly<NodeJS.ProcessEnv>
  command: readonly string[]
  /** Id of a sandbox that goes when it has ended: whoever has typed it starts it then, and stays. */
  sandbox?: string
}

/** Who has typed a command that this process does for another: `slipway serve` does (cli/resident). */
export interface Caller {
  readonly env: Readonly<NodeJS.ProcessEnv>
  /** Folder that it is in. */
  readonly cwd: string
  /** Whether it sees the same files at the same paths. */
  readonly sharesMounts: boolean
  /** @throws {Elsewhere} where this process cannot see it. */
  readonly process: Maker
  isTerminal(output: Output): boolean
  write(output: Output, text: string): void
  exitWith(status: number): void
  become(program: Becoming): void
  /**
   * Does something with the host that is open here.
   *
   * @param how - `wait`: also until nothing has the name any more of what was removed.
   * @throws {Elsewhere} where another host is meant.
   */
  work<T>(
    host: GivenHost,
    work: (slipway: Slipway, signal: AbortSignal) => Promise<T>,
    how: { wait?: boolean },
  ): Promise<T>
}

/** A command that this process cannot do for another: whoever has typed it does it by himself. */
export class Elsewhere extends Error {}

let find: () => Caller | undefined = () => undefined

/** Who has typed the command that is being done; `undefined` where that is this process's own. */
export const caller = (): Caller | undefined => find()

export function findCallersBy(how: () => Caller | undefined): void {
  find = how
}

/** Does what is typed. @param begins - Is told the name of it, and may throw. @returns The name of what was done. */
export type Perform = (typed: readonly string[], begins?: (name: string) => void) => Promise<string>

let known: Perform | undefined

/** What does a command is known here to whoever has it done for others: to import it would be a circle. */
export function performBy(perform: Perform): void {
  known = perform
}

export function perform(...[typed, begins]: Parameters<Perform>): Promise<string> {
  if (!known) throw new Error('This process is no command.')
  return known(typed, begins)
}

export const environment = (): Readonly<NodeJS.ProcessEnv> => caller()?.env ?? process.env

export function exitWith(status: number): void {
  const typed = caller()
  if (typed) typed.exitWith(status)
  else process.exitCode = status
}

/** Whether a path means the same to the caller: however it is spelled, it does not lead into /proc. */
export function isSameForAll(path: string): boolean {
  try {
    return (
      caller()?.sharesMounts === true && isAbsolute(path) && !`${realpathSync(dirname(path))}/`.startsWith('/proc/')
    )
  } catch {
    return false
  }
}

/** Which file is at a path, as `device:inode`. @throws {Elsewhere} where there is none. */
export function identityOf(path: string): string {
  try {
    const { dev, ino } = statSync(path)
    return `${dev}:${ino}`
  } catch {
    throw new Elsewhere()
  }
}

/** Of what waits for somebody at the terminal, starts something in the background, or goes on. @throws {Elsewhere} */
export function requireOwnProcess(): void {
  if (caller()) throw new Elsewhere()
}
