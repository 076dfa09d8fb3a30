import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { CONTAINER_PORT, endpoint, netnsPath } from '../endpoint.js'
import { Namespaces } from '../peers/namespaces.js'
import { runPlugin } from '../peers/plugin.js'
import type { TrialSpec } from '../trial-spec.js'
import { atOnce, type Bringer } from './arm.js'

const inRoot = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** On the tmpfs that goes with the trial. */
const SOCKET = '/run/slipway/slipway.sock'
/** So many come and go before, as a server has been in service. */
const PRACTICE = 300

/** Slipway's plugin as a runtime calls it: the program, which asks a server. */
export class SlipwayCni implements Bringer {
  readonly inParallel = 4
  readonly #namespaces = new Namespaces()
  #server: ChildProcess | undefined

  async prepare({ warmUp }: TrialSpec): Promise<void> {
    const args = [inRoot('dist/cli/main.js'), 'serve', '-H', `unix://${SOCKET}`]
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#server = server
    // It logs first that it listens.
    await once(server.stderr, 'data')
    server.stderr.resume()
    await atOnce(warmUp, this.inParallel, (n) => this.create(n))
    for (let n = warmUp; n < warmUp + PRACTICE; n++) {
      await this.create(n)
      await this.remove(n)
    }
  }

  async create(n: number): Promise<void> {
    await this.#namespaces.create(this.netns(n))
    await this.#call('ADD', n)
  }

  async remove(n: number): Promise<void> {
    await this.#call('DEL', n)
    await this.#namespaces.remove(this.netns(n))
  }

  netns(n: number): string {
    return netnsPath(endpoint(n).name)
  }

  async close(): Promise<void> {
    await this.#namespaces.close()
    const server = this.#server
    if (server?.exitCode !== null) return
    const ended = once(server, 'exit')
    server.kill('SIGTERM')
    await ended
  }

  #call(command: 'ADD' | 'DEL', n: number): Promise<unknown> {
    const { name, hostPort } = endpoint(n)
    const env = { CNI_COMMAND: command, CNI_CONTAINERID: name, CNI_NETNS: this.netns(n), CNI_IFNAME: 'eth0' }
    return runPlugin(inRoot('build/slipway-cni'), ['--socket', SOCKET], env, {
      cniVersion: '1.0.0',
      name: 'bench',
      type: 'slipway',
      ipam: { subnet: '10.88.0.0/16' },
      runtimeConfig: { portMappings: [{ hostPort, containerPort: CONTAINER_PORT, protocol: 'tcp' }] },
    })
  }
}
