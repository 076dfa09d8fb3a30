import { inWords, isShortOfFiles } from '../base/shortage.js'
import { readdirSync, readFileSync, statSync } from 'node:fs'

/** A process that makes something. What is not whole is left alone while its maker lives. */
export interface Maker {
  pid: number
  /** Field 22 of /proc/PID/stat: tells a process from a later one of the same number. */
  started: string
  /** Of the boot in which it is: files may outlive one. Not known of what is named after its process. */
  boot?: string
}

/** Of what lives no longer than its maker: the pid namespace that the maker's number is of, by its inode number. */
export interface Ephemeral {
  pids: number
}

/** The kernel's PROC_PID_INIT_INO: the pid namespace that shows the processes of all others. */
const FIRST_PIDS = 0xeffffffc

/** So many makers that have ended are remembered: what has ended does not come back. */
const MOST_ENDED = 1024

let own: Maker | undefined
let boot: string | undefined
const ended = new Set<string>()

/** This process. */
export const thisProcess = (): Maker =>
  (own ??= { pid: process.pid, started: startTime(process.pid, refuse) ?? '', boot: bootId() })

/** Names the time since the machine was booted. */
export const bootId = (): string => (boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())

/** Whether the process that made something still lives, as far as this pid namespace shows. */
export function isAlive(maker: Maker): boolean {
  const { pid, started } = maker
  if (!isOfThisBoot(maker)) return false
  if (pid === process.pid && started === thisProcess().started) return true
  const name = `${pid} ${started}`
  if (ended.has(name)) return false
  if (startTime(pid, () => started) === started) return true
  if (ended.size >= MOST_ENDED) ended.clear()
  ended.add(name)
  return false
}

export const isOfThisBoot = ({ boot }: Maker): boolean => boot === undefined || boot === bootId()

/** @param untold - Where no descriptor is left to look with: what lives is not to be taken for dead. */
function startTime(pid: number, untold: (error: unknown) => string): string | undefined {
  try {
    // Field 2 is the command in parentheses, and may hold anything.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19]
  } catch (error) {
    return isShortOfFiles((error as NodeJS.ErrnoException).code) ? untold(error) : undefined
  }
}

function refuse(error: unknown): never {
  throw inWords(error)
}

/** The pid namespace of this process. */
export const thisPids = (): number => pidsOf('self') ?? 0

/**
 * Whether the maker of something ephemeral has ended. Of a pid namespace other than ours, numbers say nothing here: its
 * processes are taken for alive as long as it has one, and where we cannot see that.
 */
export function hasEnded(maker: Maker, { pids }: Ephemeral): boolean {
  if (!isOfThisBoot(maker)) return true
  const own = thisPids()
  if (pids === own) return !isAlive(maker)
  return own === FIRST_PIDS && isEmpty(pids)
}

/** Whether no process is in a pid namespace, as far as it can be told. */
function isEmpty(pids: number): boolean {
  try {
    return readdirSync('/proc').every((entry) => !/^\d+$/.test(entry) || pidsOf(entry) !== pids)
  } catch {
    return false
  }
}

function pidsOf(process: string): number | undefined {
  try {
    return statSync(`/proc/${process}/ns/pid`).ino
  } catch {
    return undefined
  }
}
