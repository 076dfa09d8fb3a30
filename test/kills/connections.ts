import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type Server } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { Sandbox } from 'slipway'
import { enter } from '#lib/kernel/native.js'
import { HOST_ADDRESS, type Place, type World } from '../helpers/world.js'

const CALLER = fileURLToPath(new URL('caller.js', import.meta.url))
/** Where every sandbox answers, with its id. */
const PORT = 80

/** A process in a place that makes connections from there, one after the other as they are asked for. */
class Caller {
  readonly #process: ChildProcess
  readonly #waiting = new Map<string, (answer: string) => void>()

  constructor(t: ExecutionContext, place: Place) {
    this.#process = spawn('nsenter', [`--net=${place.path}`, process.execPath, CALLER], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, LD_PRELOAD: '' },
    })
    t.teardown(() => this.#process.kill('SIGKILL'))
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      const [, asked = '', answer = ''] = /^(.*): (.*)$/.exec(line) ?? []
      this.#waiting.get(asked)?.(answer)
    })
  }

  call(address: string, port: number): Promise<string> {
    const line = `${address} ${port}`
    return new Promise((resolve) => {
      this.#waiting.set(line, resolve)
      this.#process.stdin?.write(`${line}\n`)
    })
  }
}

/** Real servers in sandboxes, and real clients: in the neighbour, and in a sandbox that is on every network. */
export class Connections {
  readonly #servers = new Map<string, Server>()
  readonly #neighbour: Caller
  readonly #peer: { sandbox: Sandbox; caller: Caller }

  /** @param peer - Stays, on every network. */
  constructor(t: ExecutionContext, world: World, peer: Sandbox) {
    this.#neighbour = new Caller(t, world.neighbour)
    this.#peer = { sandbox: peer, caller: new Caller(t, peer) }
    t.teardown(() => this.#keep([]))
  }

  /** Each sandbox is reached by its published ports, and by its addresses on networks that it shares with the peer. */
  async reach(t: ExecutionContext, sandboxes: readonly Sandbox[], what: string): Promise<void> {
    this.#keep(sandboxes)
    const peer = new Set(this.#peer.sandbox.endpoints.map(({ network }) => network))
    const answers = sandboxes.flatMap((sandbox) => [
      ...sandbox.ports
        .filter(
          ({ containerPort, protocol, hostIp }) =>
            containerPort === PORT && protocol === 'tcp' && !hostIp.includes(':'),
        )
        .filter(() => sandbox.endpoints.length > 0)
        .map(({ hostPort }) => ({
          sandbox,
          how: `port ${hostPort}`,
          answer: this.#neighbour.call(HOST_ADDRESS, hostPort),
        })),
      ...sandbox.endpoints
        .filter(({ network }) => peer.has(network))
        .flatMap(({ addresses }) => addresses)
        .map((address) => address.split('/')[0] ?? '')
        .map((address) => ({ sandbox, how: address, answer: this.#peer.caller.call(address, PORT) })),
    ])
    for (const { sandbox, how, answer } of answers) t.is(await answer, sandbox.id, `${what}: ${sandbox.name} by ${how}`)
    // What has gone is to go altogether: a socket keeps its namespace.
  }

  /** Servers of these alone. */
  #keep(sandboxes: readonly Sandbox[]): void {
    const ids = new Set(sandboxes.map(({ id }) => id))
    for (const [id, server] of this.#servers)
      if (!ids.has(id)) {
        server.close()
        this.#servers.delete(id)
      }
    for (const { id, path } of sandboxes) {
      if (this.#servers.has(id)) continue
      const server = createServer((socket) => {
        socket.on('error', () => undefined)
        socket.end(id)
      })
      enter(path, () => server.listen(PORT))
      this.#servers.set(id, server)
    }
  }

  /** No servers but in these: a socket keeps the namespace of a sandbox that is removed. */
  leave(sandboxes: readonly Sandbox[]): void {
    this.#keep(sandboxes)
  }
}
