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
  /** Path of the network namespace, and its `device:inode`: a mount namespace may have a second one at that path. */
  netns: string
  identity: string
  /** Folder that it starts in. */
  cwd: string
  /** What it finds in place of this machine's; left out where it has those. */
  own: OwnNames | undefined
  /** Variables that it has beside the caller's. */
  env: Readonly<NodeJS.ProcessEnv>
  command: readonly string[]
  /** Id of a sandbox that goes when the program has ended: the caller starts the program then, and stays. */
  sandbox?: string
}

/** The process in which a command was typed that this one does: `slipway serve` does (cli/resident). */
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
   * @throws {Elsewhere} where the command is about a host that is not open here.
   */
  work<T>(
    host: GivenHost,
    work: (slipway: Slipway, signal: AbortSignal) => Promise<T>,
    how: { wait?: boolean },
  ): Promise<T>
}

/** This process leaves a command to its caller, which starts Node.js for it. */
export class Elsewhere extends Error {}

let find: () => Caller | undefined = () => undefined

/** The caller of the command that is being done; `undefined` where that was typed for this process. */
export const caller = (): Caller | undefined => find()

export function findCallersBy(how: () => Caller | undefined): void {
  find = how
}

/** Does what is typed. @param begins - Is told the name of it, and may throw. @returns The name of what was done. */
export type Perform = (typed: readonly string[], begins?: (name: string) => void) => Promise<string>

let known: Perform | undefined

/** cli/command.ts says it here, as cli/resident cannot import that: both would import each other. */
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

/** A command that asks at the terminal, or takes long, is the caller's. @throws {Elsewhere} */
export function requireOwnProcess(): void {
  if (caller()) throw new Elsewhere()
}
