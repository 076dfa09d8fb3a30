import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { attempt, run } from '../tools.js'
import { importImage } from './image.js'

/** On the tmpfs that scripts/in-own-namespaces.sh mounts: gone with the namespace. */
const FOLDER = '/run/docker-compare'
const CGROUPS = '/sys/fs/cgroup'

const START_MS = 30_000
const STOP_MS = 20_000

/** A dockerd of our own, with containerd and runc below it, in the namespaces of this process. */
export class Daemon {
  readonly #process: ChildProcess
  readonly #cgroup: string
  readonly env: NodeJS.ProcessEnv

  private constructor(process: ChildProcess, cgroup: string, env: NodeJS.ProcessEnv) {
    this.#process = process
    this.#cgroup = cgroup
    this.env = env
  }

  /**
   * @param programs - Folder that Debian's packages were unpacked in.
   * @param name - Names its cgroup, the one thing of it that is the machine's too.
   * @param options - Further ones of dockerd.
   */
  static async start(programs: string, name: string, options: readonly string[] = []): Promise<Daemon> {
    for (const folder of ['data', 'exec', 'config']) mkdirSync(`${FOLDER}/${folder}`, { recursive: true })
    // Where our namespaces have cgroups at all, they may be read-only. Version 2 is there beside the controllers of
    // version 1 on machines that still have those, and dockerd finds it alone here.
    attempt('umount', [CGROUPS])
    run('mount', ['-t', 'cgroup2', 'docker-compare', CGROUPS])
    const socket = `unix://${FOLDER}/socket`
    const env = {
      ...process.env,
      PATH: `${programs}/usr/bin:${programs}/usr/sbin:${process.env['PATH'] ?? ''}`,
      DOCKER_HOST: socket,
      DOCKER_CONFIG: `${FOLDER}/config`,
    }
    const log = openSync(`${FOLDER}/log`, 'a')
    const daemon = spawn(
      'dockerd',
      [
        `--host=${socket}`,
        `--data-root=${FOLDER}/data`,
        `--exec-root=${FOLDER}/exec`,
        `--pidfile=${FOLDER}/pid`,
        // overlay2 would want a file system below it that tmpfs is not everywhere; the image is 2 MB.
        '--storage-driver=vfs',
        '--exec-opt=native.cgroupdriver=cgroupfs',
        `--cgroup-parent=/${name}`,
        ...options,
      ],
      { env, stdio: ['ignore', log, log] },
    )
    const started = new Daemon(daemon, `${CGROUPS}/${name}`, env)
    try {
      await started.#answer()
      importImage(FOLDER, env)
      return started
    } catch (error) {
      await started.stop()
      throw new Error(
        `${(error as Error).message}\n${readFileSync(`${FOLDER}/log`, 'utf8').split('\n').slice(-20).join('\n')}`,
        { cause: error },
      )
    }
  }

  async #answer(): Promise<void> {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(50)) {
      if (this.#process.exitCode !== null) throw new Error(`dockerd ended with status ${this.#process.exitCode}.`)
      if (existsSync(`${FOLDER}/socket`) && attempt('docker', ['version'], this.env).status === 0) return
    }
    throw new Error(`dockerd did not answer within ${START_MS / 1000} s.`)
  }

  /**
   * Ends dockerd, which ends its containerd. Containers are removed before, and the namespace's end takes what is left.
   */
  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#process
    if (exitCode === null && signalCode === null) {
      const ended = once(this.#process, 'exit')
      const kill = setTimeout(() => this.#process.kill('SIGKILL'), STOP_MS)
      this.#process.kill('SIGTERM')
      await ended
      clearTimeout(kill)
    }
    if (existsSync(this.#cgroup)) removeCgroups(this.#cgroup)
  }
}

function removeCgroups(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeCgroups(`${folder}/${entry.name}`)
  }
  rmdirSync(folder)
}
