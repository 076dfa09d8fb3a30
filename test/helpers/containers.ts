import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import type { Sandbox } from 'slipway'
import { makeBundle, makeRoot, PAGE } from '../../build-examples/oci/bundle.js'
import { containerConfig, type Hook } from '../../build-examples/oci/config.js'
import { Runtime } from '../../build-examples/oci/runtime.js'

/** Ends by itself: should the test's process be killed, nobody else would end it. */
const STAY = 'exec sleep 100'

/** What a container runs: the web server whose page says who asked, or nothing. */
export const SERVE = `httpd -h /www -p 80 && echo listening; ${STAY}`
export const IDLE = `echo up; ${STAY}`

export interface RunOptions {
  script?: string
  poststop?: readonly Hook[]
}

/**
 * Real containers, by the example's own bundles and runtime. One that is still there when the test ends is a failure.
 */
export class Containers {
  /** On the /run that goes with the test's namespaces. */
  readonly #folder = mkdtempSync('/run/containers-')
  readonly #root = join(this.#folder, 'root')
  readonly #runtime = new Runtime(join(this.#folder, 'state'))

  constructor(t: ExecutionContext) {
    t.teardown(() => this.#close())
    makeRoot(this.#root)
  }

  /** Runs a container in a sandbox; resolves when it is ready. @returns its process id. */
  async run(id: string, sandbox: Sandbox, { script = SERVE, poststop = [] }: RunOptions = {}): Promise<number> {
    const folder = join(this.#folder, id)
    const config = containerConfig({
      root: this.#root,
      netns: sandbox.path,
      files: await sandbox.files(),
      args: ['sh', '-c', script],
      poststop,
    })
    return this.#runtime.run(id, makeBundle(folder, config))
  }

  /** Runs a container in a namespace that the runtime makes, which its hooks connect: no file is mounted over /etc. */
  runByHooks(id: string, annotations: Record<string, string>, hooks: Record<string, readonly Hook[]>): Promise<number> {
    const name = join(this.#folder, 'hostname')
    writeFileSync(name, id)
    const files = { hostname: name, hosts: name, resolvConf: name }
    const config = containerConfig({ root: this.#root, netns: '', files, args: ['sh', '-c', SERVE] })
    const own = {
      ...config,
      annotations,
      hooks: { poststop: [], ...hooks },
      mounts: config.mounts.filter(({ destination }) => !destination.startsWith('/etc/')),
      linux: { namespaces: config.linux.namespaces.map(({ type }) => ({ type })) },
    }
    return this.#runtime.run(id, makeBundle(join(this.#folder, id), own))
  }

  /** Runs a program in a container. @returns what it printed. */
  async exec(id: string, ...command: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#runtime.exec(id, ...command)
    if (status !== 0) throw new Error(`${command.join(' ')} in ${id}: status ${status}\n${stderr}`)
    return stdout
  }

  /** Fetches the page that SERVE serves. @returns the address that the server saw, or why it saw none. */
  async fetch(id: string, server: string): Promise<string> {
    // Not by wget's own -T, of which that of Debian 12 dies.
    const { stdout, stderr } = await this.#runtime.exec(id, 'timeout', '10', 'wget', '-q', '-O', '-', pageOf(server))
    return stdout || stderr.trim()
  }

  /** Interfaces as `ip addr` shows them in the container, with their IPv4 addresses: `eth0 172.17.0.2/16`. */
  async addresses(id: string): Promise<string[]> {
    const text = await this.exec(id, 'ip', 'addr')
    return text.split(/^(?=\d+: )/m).map((link) =>
      [/^\d+: ([^:@]+)/, / inet (\S+)/]
        .map((part) => part.exec(link)?.[1])
        .join(' ')
        .trim(),
    )
  }

  remove(id: string): Promise<void> {
    return this.#runtime.remove(id)
  }

  list(): Promise<string[]> {
    return this.#runtime.list()
  }

  async #close(): Promise<void> {
    const left = await this.#runtime.close()
    rmSync(this.#folder, { recursive: true, force: true })
    if (left.length > 0) throw new Error(`These containers outlived their test: ${left.join(', ')}.`)
  }
}

/** The page of a server, given as host or host:port. */
export const pageOf = (server: string): string => `http://${server}${PAGE}`
