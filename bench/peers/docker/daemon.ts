import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, run } from '../tools.js'
import { importImage } from './image.js'

const CGROUPS = '/sys/fs/cgroup'

/** Where the driver of its networks is not there, it looks for that as long as 30 s. */
const START_MS = 60_000
const STOP_MS = 20_000

/** A dockerd of our own, with containerd and runc below it, in the namespaces of this process. */
export class Daemon {
  #process: ChildProcess
  readonly #launch: () => ChildProcess
  readonly #cgroup: string
  readonly #root: string
  readonly env: NodeJS.ProcessEnv

  private constructor(launch: () => ChildProcess, cgroup: string, env: NodeJS.ProcessEnv, root: string) {
    this.#process = launch()
    this.#launch = launch
    this.#cgroup = cgroup
    this.env = env
    this.#root = root
  }

  /**
   * @param programs - Folder that Debian's packages were unpacked in.
   * @param name - Names its folder, and its cgroup, the one thing of it that is the machine's too.
   * @param options - Further ones of dockerd.
   * @param netns - Path of the network namespace that is its host. Default: that of this process.
   */
  static async start(
    programs: string,
    name: string,
    options: readonly string[] = [],
    netns = '/proc/self/ns/net',
  ): Promise<Daemon> {
    // On the tmpfs that scripts/in-own-namespaces.sh mounts: gone with the namespace.
    const root = `/run/${name}`
    for (const folder of ['data', 'exec', 'config']) mkdirSync(`${root}/${folder}`, { recursive: true })
    // Where our namespaces have cgroups at all, they may be read-only. Version 2 is there beside the controllers of
    // version 1 on machines that still have those, and dockerd finds it alone here.
    attempt('umount', [CGROUPS])
    run('mount', ['-t', 'cgroup2', 'docker-compare', CGROUPS])
    const socket = `unix://${root}/socket`
    const env = {
      ...process.env,
      PATH: `${programs}/usr/bin:${programs}/usr/sbin:${process.env['PATH'] ?? ''}`,
      DOCKER_HOST: socket,
      DOCKER_CONFIG: `${root}/config`,
    }
    const log = openSync(`${root}/log`, 'a')
    const args = [
      `--host=${socket}`,
      `--data-root=${root}/data`,
      `--exec-root=${root}/exec`,
      `--pidfile=${root}/pid`,
      // overlay2 would want a file system below it that tmpfs is not everywhere; the image is 2 MB.
      '--storage-driver=vfs',
      '--exec-opt=native.cgroupdriver=cgroupfs',
      `--cgroup-parent=/${name}`,
      ...options,
    ]
    const launch = () =>
      // It becomes dockerd itself.
      spawn('nsenter', [`--net=${netns}`, 'dockerd', ...args], { env, stdio: ['ignore', log, log] })
    const started = new Daemon(launch, `${CGROUPS}/${name}`, env, root)
    try {
      await started.#answer()
      importImage(root, env)
      return started
    } catch (error) {
      await started.stop()
      throw new Error(`${(error as Error).message}\n${started.logged.split('\n').slice(-20).join('\n')}`, {
        cause: error,
      })
    }
  }

  /** What it has logged so far. */
  get logged(): string {
    return readFileSync(`${this.#root}/log`, 'utf8')
  }

  /** Starts it anew, after {@link end}. */
  async again(): Promise<void> {
    this.#process = this.#launch()
    await this.#answer()
  }

  /** Ends dockerd alone, and waits until it has. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const { exitCode, signalCode } = this.#process
    if (exitCode !== null || signalCode !== null) return
    const ended = once(this.#process, 'exit')
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS)
    this.#process.kill(signal)
    await ended
    clearTimeout(kill)
  }

  async #answer(): Promise<void> {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
      if (this.#process.exitCode !== null) throw new Error(`dockerd ended with status ${this.#process.exitCode}.`)
      if (existsSync(`${this.#root}/socket`) && (await this.#answers())) return
    }
    throw new Error(`dockerd did not answer within ${START_MS / 1000} s.`)
  }

  /** What holds its containers: of one that it was killed in the middle of starting, a later dockerd knows nothing. */
  #shims(): number[] {
    return readdirSync('/proc').flatMap((name) => {
      const pid = Number(name)
      return pid > 0 && commandOf(pid).includes(`\0${this.#root}/exec/containerd/containerd.sock\0`) ? [pid] : []
    })
  }

  /** It listens some time before it answers. */
  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      execFile('docker', ['version'], { env: this.env, timeout: START_MS }, (error) => resolve(error === null))
    })
  }

  /**
   * Ends dockerd, which ends its containerd. Containers are removed before, and the namespace's end takes what is left.
   */
  async stop(): Promise<void> {
    await this.end('SIGTERM')
    for (const pid of this.#shims()) process.kill(pid, 'SIGKILL')
    if (!existsSync(this.#cgroup)) return
    // Linux 5.14 has it.
    if (existsSync(`${this.#cgroup}/cgroup.kill`)) writeFileSync(`${this.#cgroup}/cgroup.kill`, '1')
    const isEmpty = () => readFileSync(`${this.#cgroup}/cgroup.events`, 'utf8').includes('populated 0')
    for (const end = Date.now() + STOP_MS; !isEmpty() && Date.now() < end;) await sleep(10)
    removeCgroups(this.#cgroup)
  }
}

/** Its words, each with a zero behind it; empty where the process has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function removeCgroups(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(`${folder}/${entry.name}`)
  }
  rmdirSync(folder)
}
