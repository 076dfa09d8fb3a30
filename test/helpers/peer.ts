import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import { preloaded } from './preloaded.js'
import {
  Slipway,
  type CreateNetworkOptions,
  type CreateOptions,
  type EndpointOptions,
  type OpenOptions,
} from '#lib/index.js'

/** Another process that has the host open, and stays until it is told to go. */

/** What it can be asked to do. */
const CALLS = {
  create: async (slipway: Slipway, options: CreateOptions) => void (await slipway.sandboxes.create(options)),
  remove: async (slipway: Slipway, name: string) => (await slipway.sandboxes.get(name)).remove(),
  /** Ends as a crash ends it, with all that is done behind its back yet to do. */
  removeAndDie: async (slipway: Slipway, names: string[]) => {
    const sandboxes = await Promise.all(names.map((name) => slipway.sandboxes.get(name)))
    const { run } = Host.prototype
    Host.prototype.run = function (this: Host, plan: Plan, options?: RunOptions) {
      return options?.background ? new Promise(() => undefined) : run.call(this, plan, options)
    }
    for (const sandbox of sandboxes) await sandbox.remove()
    process.kill(process.pid, 'SIGKILL')
  },
  /** Is killed as soon as a plan is done that has changed a file of this name. */
  dieAfter: async (slipway: Slipway, file: string, call: 'connect' | 'disconnect' | 'remove', ...args: string[]) => {
    const { run } = Host.prototype
    Host.prototype.run = async function (this: Host, plan: Plan, options?: RunOptions) {
      const made = await run.call(this, plan, options)
      if (plan.some((one) => 'path' in one && one.path.endsWith(`/${file}`))) process.kill(process.pid, 'SIGKILL')
      return made
    }
    await (CALLS[call] as (...given: unknown[]) => Promise<unknown>)(slipway, ...args)
  },
  connect: async (slipway: Slipway, name: string, network: string, options?: EndpointOptions) =>
    void (await (await slipway.sandboxes.get(name)).connect(network, options)),
  disconnect: async (slipway: Slipway, name: string, network: string) =>
    (await slipway.sandboxes.get(name)).disconnect(network),
  files: async (slipway: Slipway, name: string) => (await slipway.sandboxes.get(name)).files(),
  createNetwork: async (slipway: Slipway, options: CreateNetworkOptions) =>
    void (await slipway.networks.create(options)),
  removeNetwork: async (slipway: Slipway, name: string) => (await slipway.networks.get(name)).remove(),
  listNetworks: async (slipway: Slipway) => (await slipway.networks.list()).map(({ name }) => name),
  close: (slipway: Slipway) => slipway.close(),
}

type Calls = typeof CALLS
type Rest<F> = F extends (slipway: Slipway, ...rest: infer R) => unknown ? R : never
type Answer = { value?: unknown; error?: { code: string; message: string } }

export class Peer {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown[]>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#ended = once(child, 'exit')
    // It is told to who waits for it.
    this.#ended.catch(() => undefined)
  }

  /** @param before - A program that runs it: `['setpriv', …]`. */
  static async start(t: ExecutionContext, options: OpenOptions, before: readonly string[] = []): Promise<Peer> {
    const program = [process.execPath, fileURLToPath(import.meta.url), JSON.stringify(options)]
    const { command, args, env } = preloaded(before, program)
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env })
    // Each call listens for its end, too.
    child.setMaxListeners(0)
    const peer = new Peer(child)
    t.teardown(() => peer.kill())
    const [ready] = await Promise.race([once(child, 'message'), peer.#ended])
    if (ready !== 'ready') throw new Error(`The other process ended: ${ready ?? child.signalCode}`)
    return peer
  }

  /** The same behind an /etc of its own, that has nothing but these files. */
  static behindEtc(
    t: ExecutionContext,
    options: OpenOptions,
    folder: string,
    files: Readonly<Record<string, string>>,
  ): Promise<Peer> {
    for (const [name, text] of Object.entries(files)) {
      const path = `${folder}/${name}`
      mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
      writeFileSync(path, text)
    }
    return Peer.start(t, options, [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-ec',
      'mount --bind "$0" /etc; exec "$@"',
      folder,
    ])
  }

  async call<Name extends keyof Calls>(
    name: Name,
    ...args: Rest<Calls[Name]>
  ): Promise<Awaited<ReturnType<Calls[Name]>>> {
    this.#child.send([name, ...args])
    const [answer] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [Answer | number | null]
    if (answer === null || typeof answer === 'number') throw new Error(`The other process ended: ${answer}`)
    const { value, error } = answer
    if (error) throw Object.assign(new Error(error.message), { code: error.code })
    return value as Awaited<ReturnType<Calls[Name]>>
  }

  /** As a crash does it. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await this.#ended
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const slipway = await Slipway.open(JSON.parse(process.argv[2] ?? '') as OpenOptions)
  const call = async (name: keyof Calls, args: unknown[]): Promise<Answer> => {
    try {
      return { value: await (CALLS[name] as (...given: unknown[]) => Promise<unknown>)(slipway, ...args) }
    } catch (error) {
      const { code = '', message = String(error) } = error as { code?: string; message?: string }
      return { error: { code, message } }
    }
  }
  process.on('message', ([name, ...args]: [keyof Calls, ...unknown[]]) => {
    void call(name, args).then((answer) => process.send?.(answer))
  })
  // Whoever started us has gone.
  process.on('disconnect', () => process.exit())
  process.send?.('ready')
}
