import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { callChecks, type CallOptions } from '../../base/call.js'
import { checkOptions, checks, type Check } from '../../base/checks.js'
import { invalid, show, SlipwayError } from '../../base/errors.js'
import { inWords } from '../../base/shortage.js'
import { clearTimeout, setTimeout } from '../../base/timers.js'
import { whenAborted, withPatience } from '../patience.js'
import type { SpawnInsideOptions } from './spawn.js'

/** What a program is run with, and how long it is waited for. */
export interface ExecOptions extends CallOptions {
  /** Default: that of this process. */
  cwd?: string | URL
  /** Default: that of this process. */
  env?: Record<string, string | undefined>
  /** What it reads. Default: nothing. */
  input?: string | Uint8Array
  /** In which its output is text; `buffer` for bytes. Default: `utf8`. */
  encoding?: BufferEncoding | 'buffer'
  /** Bytes of its output, and of what it says on stderr, beyond which it is ended. Default: 16 MiB. */
  maxBuffer?: number
  /**
   * It has the sandbox's hostname, `/etc/hostname`, `/etc/hosts` and `/etc/resolv.conf`. Default: true; false, those of
   * this machine.
   */
  files?: boolean
  /** What it gets when it is ended before its time; SIGKILL two seconds later. Default: `SIGTERM`. */
  killSignal?: NodeJS.Signals
}

/** How a program has ended, and what it has said. */
export interface ExecResult<Output = string> {
  /** Null when a signal has ended it. */
  exitCode: number | null
  /** The signal that has ended it; null when it ended by itself. */
  signal: NodeJS.Signals | null
  /** What it has written to its standard output. */
  stdout: Output
  /** What it has written to its standard error. */
  stderr: Output
}

const MAX_BUFFER = 16 << 20
/** Between the signal that asks and the one that does not. */
const GRACE_MS = 2000

const CHECKS: Record<keyof ExecOptions, Check> = {
  cwd: (value) => (typeof value === 'string' || value instanceof URL ? undefined : 'a path'),
  env: (value) =>
    typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one !== 'symbol')
      ? undefined
      : 'an object of variables',
  input: (value) => (typeof value === 'string' || value instanceof Uint8Array ? undefined : 'a text or bytes'),
  encoding: (value) =>
    value === 'buffer' || Buffer.isEncoding(String(value)) ? undefined : 'an encoding of Buffer, or "buffer"',
  maxBuffer: (value) => (Number.isInteger(value) && Number(value) > 0 ? undefined : 'a number of bytes'),
  files: checks.flag,
  killSignal: (value) =>
    typeof value === 'string' && Object.hasOwn(constants.signals, value) ? undefined : "a signal, as in 'SIGKILL'",
  ...callChecks,
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function checkExec(command: unknown, args: unknown, options: ExecOptions): void {
  if (typeof command !== 'string' || command === '')
    throw invalid(`exec takes a program and a list of arguments, and got ${show(command)}.`)
  if (!Array.isArray(args) || !args.every((one) => typeof one === 'string'))
    throw invalid(
      `exec takes the arguments as a list of texts, as in exec('getent', ['hosts', 'db']), and got ${show(args)}.`,
    )
  checkOptions('exec', options, CHECKS)
  const texts = [command, ...args, ...Object.entries(options.env ?? {}).flat()]
  if (texts.some((text) => String(text).includes('\0')))
    throw invalid('exec: a program, its arguments and its variables cannot have the character 0 in them.')
}

type Start = (options: SpawnInsideOptions) => ChildProcess

/** @param start - Starts it. */
export function execInside(
  sandbox: string,
  command: string,
  options: ExecOptions,
  start: Start,
): Promise<ExecResult<string | Buffer>> {
  const what = `${command} in the sandbox ${sandbox}`
  const { cwd, env, input, encoding = 'utf8', maxBuffer = MAX_BUFFER, killSignal = 'SIGTERM' } = options
  return withPatience(`${what} has not ended by itself`, options, async (ended) => {
    ended.throwIfAborted()
    const child = started(command, start, {
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env: env }),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    child.stdin?.on('error', () => undefined).end(input)
    let tooMuch: SlipwayError | undefined
    const tooLong = (): void => {
      tooMuch ??= new SlipwayError(
        'EXHAUSTED',
        `${what} has said more than ${maxBuffer} bytes, and was ended. Give a larger maxBuffer, or spawn it and read its output as it comes.`,
      )
      kill()
    }
    const [stdout, stderr] = [collect(child.stdout, maxBuffer, tooLong), collect(child.stderr, maxBuffer, tooLong)]
    let killed: ReturnType<typeof setTimeout> | undefined
    const kill = (): void => {
      // It has ended, and what it has started holds its pipes.
      if (child.exitCode !== null || child.signalCode !== null) return close(child)
      child.kill(killSignal)
      killed ??= setTimeout(() => child.kill('SIGKILL'), GRACE_MS)
    }
    const forget = whenAborted(ended, kill)
    try {
      const { exitCode, signal } = await endOf(
        child,
        () => ended.aborted || tooMuch !== undefined,
        (error) => explainStart(error, command, cwd),
      )
      ended.throwIfAborted()
      if (tooMuch) throw tooMuch
      const text = (bytes: Buffer) => (encoding === 'buffer' ? bytes : bytes.toString(encoding))
      return { exitCode, signal, stdout: text(stdout()), stderr: text(stderr()) }
    } finally {
      clearTimeout(killed)
      forget()
    }
  })
}

/** Of some errors, Node.js throws what of others the child tells. */
function started(command: string, start: Start, options: SpawnInsideOptions): ChildProcess {
  try {
    return start(options)
  } catch (error) {
    throw explainStart(error as NodeJS.ErrnoException, command, options.cwd)
  }
}

/**
 * Why it was not started. What is spawned may be another program, which gives it its files; that looks the program up
 * first.
 */
function explainStart(error: NodeJS.ErrnoException, command: string, cwd: string | URL | undefined): unknown {
  const { code = '', errno = 0, syscall = 'spawn' } = error
  // A folder that is none, say.
  if (code.startsWith('ERR_INVALID_')) return invalid(`exec: ${error.message}.`)
  const said = code === 'ENOENT' ? (['NOT_FOUND', notThere(command, cwd)] as const) : WHY_NOT[code]
  if (error instanceof SlipwayError || !said) return inWords(error)
  const refusal = { errno: Math.abs(errno), errnoName: code, syscall: 'execve', operation: syscall }
  return new SlipwayError(said[0], `${command}: ${said[1]} (${code}).`, refusal, { cause: error })
}

const notThere = (command: string, cwd: string | URL | undefined): string =>
  `there is no such program${command.includes('/') ? '' : ' in the folders of PATH'}` +
  (cwd === undefined ? '' : `, or no folder ${show(String(cwd))} to run it in (cwd)`)

const WHY_NOT: Readonly<Record<string, readonly ['NOT_FOUND' | 'PERMISSION' | 'INVALID_ARGUMENT', string]>> = {
  ENOTDIR: ['NOT_FOUND', 'a part of its path, or of cwd, is no folder'],
  EACCES: ['PERMISSION', 'it cannot be executed, or cwd cannot be entered'],
  ENAMETOOLONG: ['INVALID_ARGUMENT', 'its path, or cwd, is longer than a path can be'],
  ELOOP: ['NOT_FOUND', 'a link in its path, or in cwd, leads back to itself'],
  E2BIG: ['INVALID_ARGUMENT', 'its arguments and variables are more than the kernel takes'],
}

function close({ stdout, stderr }: ChildProcess): void {
  stdout?.destroy()
  stderr?.destroy()
}

/** Keeps what comes, up to a limit. */
function collect(stream: Readable | null | undefined, most: number, tooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = []
  let length = 0
  stream?.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length > most) tooMuch()
    else chunks.push(chunk)
  })
  return () => Buffer.concat(chunks)
}

/**
 * Until it has ended and said all. One that was to be ended is not waited for further: what it has started may hold its
 * pipes.
 */
function endOf(
  child: ChildProcess,
  isToEnd: () => boolean,
  explain: (error: NodeJS.ErrnoException) => unknown,
): Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(explain(error)))
    child.once('exit', (exitCode, signal) => {
      if (!isToEnd()) return
      close(child)
      resolve({ exitCode, signal })
    })
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal }))
  })
}
