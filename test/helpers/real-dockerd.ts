import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { Daemon } from '../../build-bench/peers/docker/daemon.js'
import { IMAGE } from '../../build-bench/peers/docker/image.js'
import { COMMAND, type Ended } from './command.js'
import { eventually, type Place, type World } from './world.js'

/** Debian's, unpacked by scripts/setup/docker.mjs. */
const PROGRAMS = fileURLToPath(new URL('../../build-compare/docker', import.meta.url))
/** Where dockerd looks for a driver of the name `slipway`. */
const SOCKET = '/run/docker/plugins/slipway.sock'

let daemons = 0

/** A real dockerd on the host of a world, and `slipway serve` beside it as its driver. One at a time. */
export class RealDockerd {
  readonly #world: World
  readonly #daemon: Daemon
  readonly #plugin: string
  #serve: ChildProcess | undefined
  #log = ''
  /** Where is kept what dockerd has told. */
  readonly data: string

  private constructor(world: World, daemon: Daemon, plugin: string) {
    this.#world = world
    this.#daemon = daemon
    this.#plugin = plugin
    this.data = `${world.stateDir}-docker`
  }

  /** @param plugin - Where Slipway listens: another than dockerd's, where something stands between. */
  static async start(t: ExecutionContext, world: World, plugin = SOCKET): Promise<RealDockerd> {
    const name = `slipway-test-${process.pid}-${daemons++}`
    // What it knows of other programs, it drops, where it is the first to turn forwarding on.
    const options = ['--live-restore', '--ip-forward-no-drop', '--ipv6=false']
    const daemon = await Daemon.start(PROGRAMS, name, options, world.host.path)
    const dockerd = new RealDockerd(world, daemon, plugin)
    t.teardown(() => dockerd.#stop())
    await dockerd.serve()
    return dockerd
  }

  /** What `docker …` prints, where it is done. @throws {Error} where it is refused. */
  async done(...args: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.docker(...args)
    if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`)
    return stdout.trim()
  }

  docker(...args: string[]): Promise<Ended> {
    return new Promise((resolve) => {
      const options = { env: { ...this.#daemon.env, LD_PRELOAD: '' }, timeout: 90_000 }
      execFile('docker', args, options, (error, stdout, stderr) =>
        resolve({ status: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
      )
    })
  }

  /** `docker run` of a container that sleeps. @returns Its namespace. */
  async run(name: string, ...args: string[]): Promise<Place> {
    await this.done('run', '--detach', '--name', name, ...args, IMAGE, 'sleep', '600')
    return this.placeOf(name)
  }

  async placeOf(name: string): Promise<Place> {
    const pid = await this.done('inspect', '--format', '{{.State.Pid}}', name)
    return { name, path: `/proc/${pid}/ns/net` }
  }

  /** Starts Slipway. */
  async serve(): Promise<void> {
    const { host, stateDir } = this.#world
    const child = spawn(
      process.execPath,
      [
        ...[COMMAND, `--netns=${host.path}`, `--state-dir=${stateDir}`, 'serve', '-H', `unix://${stateDir}-api.sock`],
        ...['--docker-plugin', this.#plugin, '--docker-plugin-data', this.data],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    this.#serve = child
    const from = this.#log.length
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#log += text))
    if (!(await eventually(() => /listens on/.test(this.#log.slice(from)) || child.exitCode !== null, 20_000)))
      throw new Error(`slipway serve does not listen: ${this.#log}`)
  }

  /** Kills Slipway, wherever it is. */
  async killServe(): Promise<void> {
    const child = this.#serve
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** What Slipway has logged. */
  get logged(): string {
    return this.#log
  }

  /** Kills dockerd, and with it its containerd. Containers go on. */
  killDaemon(): Promise<void> {
    return this.#daemon.end('SIGKILL')
  }

  /** Starts dockerd again. */
  startDaemon(): Promise<void> {
    return this.#daemon.again()
  }

  /** How often dockerd has looked for Slipway in vain. */
  get missed(): number {
    return this.#daemon.logged.match(/Unable to connect to plugin/g)?.length ?? 0
  }

  /** What is kept of what dockerd has told: nothing, once it has taken all of it away. */
  kept(): string[] {
    return ['networks', 'endpoints'].flatMap((kind) => readdirSync(`${this.data}/${kind}`))
  }

  async #stop(): Promise<void> {
    const all = (await this.docker('ps', '--all', '--quiet')).stdout.split('\n').filter((id) => id !== '')
    if (all.length > 0) await this.docker('rm', '--force', ...all)
    await this.killServe()
    await this.#daemon.stop()
    for (const path of [this.data, `${this.#world.stateDir}-api.sock`]) rmSync(path, { recursive: true, force: true })
  }
}
