import { channel } from 'node:diagnostics_channel'
import type { Slipway } from '../../api/slipway.js'
import { bootId, isAlive, type Maker } from '../../store/maker.js'
import type { WarningMessage } from '../../work/forwarding.js'
import { caller, Elsewhere, identityOf, type Becoming, type Caller, type Output } from '../caller.js'
import { say } from '../failures.js'
import type { GivenHost } from '../usage/host-flags.js'
import type { Typed } from './request.js'
import type { ThisHost } from './same-host.js'

const warnings = channel('slipway:warning')
const NUMBERS: Readonly<Record<Output, number>> = { stdout: 1, stderr: 2 }

/** A caller at the other end of a socket. */
export class TypedCaller implements Caller {
  readonly #typed: Typed
  readonly #slipway: Slipway
  readonly #host: ThisHost
  readonly #signal: AbortSignal
  readonly #said: string[] = []
  #status = 0
  #becoming: Becoming | undefined

  /** @param signal - Aborted when the caller goes away. */
  constructor(typed: Typed, { slipway, host }: { slipway: Slipway; host: ThisHost }, signal: AbortSignal) {
    this.#typed = typed
    this.#slipway = slipway
    this.#host = host
    this.#signal = signal
  }

  get env(): Readonly<NodeJS.ProcessEnv> {
    return this.#typed.env
  }

  get cwd(): string {
    return this.#typed.cwd
  }

  get sharesMounts(): boolean {
    return this.#typed.mounts === identityOf('/proc/self/ns/mnt')
  }

  get process(): Maker {
    const { pid, started } = this.#typed
    const maker = { pid, started, boot: bootId() }
    // The number of a process in a pid namespace of its own says nothing here.
    if (!Number.isSafeInteger(pid) || pid < 1 || !isAlive(maker)) throw new Elsewhere()
    return maker
  }

  isTerminal(output: Output): boolean {
    return this.#typed.terminals.has(output)
  }

  write(output: Output, text: string): void {
    if (text !== '') this.#said.push(`${NUMBERS[output]} ${Buffer.byteLength(text)}\n${text}`)
  }

  exitWith(status: number): void {
    this.#status = status
  }

  become(program: Becoming): void {
    this.#becoming = program
  }

  async work<T>(
    host: GivenHost,
    work: (slipway: Slipway, signal: AbortSignal) => Promise<T>,
    { wait = false }: { wait?: boolean },
  ): Promise<T> {
    if (!this.#host.isMeant(host, this.#typed.netns)) throw new Elsewhere()
    if (host.verbose) say(`note: slipway serve (process ${process.pid}) does it`)
    const warn = (message: unknown) => {
      if (caller() === this) say(`warning: ${(message as WarningMessage).message}`)
    }
    warnings.subscribe(warn)
    try {
      return await work(this.#slipway, this.#signal)
    } finally {
      if (wait) await this.#slipway.awaitRemovals()
      warnings.unsubscribe(warn)
    }
  }

  /**
   * What the small program is to do, part after part: `1` or `2`, a length in bytes, and what goes there; last `exit`
   * and a status, or `exec` (`run`: and stay) and a length: texts that each end with a zero. They are the sandbox's id,
   * the path of the namespace and its `device:inode`, the folder, the folder of its own files and its hostname (empty
   * where it has the machine's), variables and an empty one, words.
   */
  answer(): string {
    const end = this.#becoming ? becoming(this.#becoming) : `exit ${this.#status}\n`
    return `${this.#said.join('')}${end}`
  }
}

function becoming({ netns, identity, cwd, own, env, command, sandbox }: Becoming): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const names = [own?.folder ?? '', own?.hostname ?? '']
  const texts = [sandbox ?? '', netns, identity, cwd, ...names, ...variables, '', ...command]
    .map((text) => `${text}\0`)
    .join('')
  return `${sandbox === undefined ? 'exec' : 'run'} ${Buffer.byteLength(texts)}\n${texts}`
}
