import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'

/** How a program ended. */
export interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** A running container, and the runtime's process that waits for it. */
interface Running {
  pid: number
  process: ChildProcess
  ended: Promise<unknown>
}

/** No command of the runtime takes longer, unless it hangs. */
const COMMAND_MS = 20_000

/** crun, with its state in a folder of its own. Knows nothing of Slipway: the bundle's config.json says it all. */
export class Runtime {
  readonly #root: string
  readonly #running = new Map<string, Running>()

  /** @param root where it keeps its state: a folder that nobody else's containers are in. */
  constructor(root: string) {
    this.#root = root
  }

  /** Names of the containers that are there, as the runtime knows them. */
  async list(): Promise<string[]> {
    const { stdout } = await succeed(this.#crun('list', '--quiet'))
    return stdout.split('\n').filter((line) => line !== '')
  }

  /**
   * Runs a container. Resolves once it has printed a line, which its program should do when it is ready.
   *
   * @returns the process id of its first process, as the host sees it.
   */
  async run(id: string, bundle: string): Promise<number> {
    const process = this.#crun('run', '--bundle', bundle, id)
    const { stdout, stderr } = piped(process)
    const complaint = text(stderr)
    const ended = once(process, 'close')
    const started = await Promise.race([once(stdout, 'data').then(() => true), ended.then(() => false)])
    if (!started) throw new Error(`The container ${id} did not start: ${(await complaint).trim()}`)
    // Nobody reads on, and a full pipe would stop the program.
    stdout.resume()
    const { pid } = JSON.parse((await succeed(this.#crun('state', id))).stdout) as { pid: number }
    this.#running.set(id, { pid, process, ended })
    return pid
  }

  /** Runs one more program in a container. */
  exec(id: string, ...command: string[]): Promise<Ended> {
    return end(this.#crun('exec', id, ...command))
  }

  /** Ends a container and waits until it is gone, and the runtime's process with it. */
  async remove(id: string): Promise<void> {
    const running = this.#running.get(id)
    if (!running) throw new Error(`There is no container ${id}.`)
    // It may have ended by itself.
    if (running.process.exitCode === null) await succeed(this.#crun('kill', id, 'KILL'))
    // The waiting process forgets the container and runs its poststop hooks before it ends.
    await running.ended
    this.#running.delete(id)
    if (existsSync(`/proc/${running.pid}`))
      throw new Error(`The container ${id} was removed, and its process ${running.pid} is there.`)
  }

  /** Ends what is still there. @returns the containers that had to be ended. */
  async close(): Promise<string[]> {
    const left = [...this.#running.keys()]
    for (const id of left) await this.remove(id)
    return left
  }

  #crun(...args: string[]): ChildProcess {
    // No cgroups: it is the network that is shown, and nothing of the machine's cgroups is touched.
    return spawn('crun', [`--root=${this.#root}`, '--cgroup-manager=disabled', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // What is preloaded into us or set for us is not meant for it.
      env: { PATH: process.env['PATH'] },
      ...(args[0] === 'run' ? {} : { timeout: COMMAND_MS }),
    })
  }
}

async function end(child: ChildProcess): Promise<Ended> {
  const { stdout, stderr } = piped(child)
  const closed = once(child, 'close') as Promise<[number | null]>
  const [out, err, [status]] = await Promise.all([text(stdout), text(stderr), closed])
  return { status, stdout: out, stderr: err }
}

async function succeed(child: ChildProcess): Promise<Ended> {
  const ended = await end(child)
  if (ended.status !== 0)
    throw new Error(`${child.spawnargs.join(' ')} ended with status ${ended.status}: ${ended.stderr.trim()}`)
  return ended
}

function piped({ stdout, stderr }: ChildProcess) {
  if (!stdout || !stderr) throw new TypeError('a piped process has pipes')
  return { stdout, stderr }
}
