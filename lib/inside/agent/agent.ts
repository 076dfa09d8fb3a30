import type { AgentOptions, Agent as HttpsAgent, RequestOptions } from 'node:https'
import type { ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { SlipwayError } from '../../base/errors.js'
import { dial } from '../connect.js'
import { setImmediate } from '../../base/timers.js'
import type { Inside } from '../inside.js'
import type { Dispatched, DispatchHandler } from './dispatch.js'
import { dispatch } from './dispatch.js'

/** Node's types name a dispatcher where a program has no DOM; what they call one, this is. */
export type FetchDispatcher = RequestInit extends {
  /** As undici's types have it. */
  dispatcher?: infer Given
}
  ? NonNullable<Given>
  : unknown

/**
 * Connections that start inside a sandbox, kept and used again: an `agent` of `http.request` and `https.request`, and a
 * `dispatcher` of `fetch`, Node's own and that of the package undici.
 *
 * `close()` lets what is under way end and takes nothing more; `destroy()` ends it. Both return promises.
 */
export type SandboxAgent = FetchDispatcher & HttpsAgent

/** As of `https.Agent`. Default: as `https.globalAgent` has them, with `keepAlive`. */
export type SandboxAgentOptions = AgentOptions

/** What the agents of Node.js do and their types do not tell. */
interface Internals {
  createConnection(options: ConnectionOptions): Duplex
  getName(options: ConnectionOptions): string
  options: { protocol?: string; defaultPort?: number }
  sockets: Record<string, Duplex[]>
  freeSockets: Record<string, Duplex[]>
  requests: Record<string, ClientRequest[]>
  totalSocketCount: number
  maxSockets: number
  maxTotalSockets: number
}

/** In the options of a connection: the name of its pool. */
const POOL_NAME = '_agentKey'

type ConnectionOptions = RequestOptions & {
  secureEndpoint?: boolean
  [POOL_NAME]?: string
  socket?: Socket
}

type Made = (error: Error | null, socket: Duplex) => void

const POOL = { keepAlive: true, scheduling: 'lifo', timeout: 5000 } as const

export function createAgent(inside: Inside, given: SandboxAgentOptions): SandboxAgent {
  // Not imported: with TLS they take milliseconds to be loaded, and few programs need them.
  const { Agent } = process.getBuiltinModule('node:https')
  const { Socket: PlainSocket } = process.getBuiltinModule('node:net')

  class InsideAgent extends Agent {
    readonly #ending = new AbortController()
    #closed = false
    /** Connections that are being made. */
    #making = 0
    #idle: (() => void) | undefined

    constructor(options: SandboxAgentOptions) {
      super(options)
      // From Node.js 22 on, they would take the place of what a request says.
      const { options: kept } = internals(this)
      delete kept.protocol
      delete kept.defaultPort
      // Asked for before the request says what it is; a value of its own would make all of one kind.
      Object.defineProperties(this, {
        protocol: { get: () => (isHttpsAsking() ? 'https:' : 'http:'), configurable: true },
        defaultPort: { get: () => (isHttpsAsking() ? 443 : 80), configurable: true },
      })
    }

    get closed(): boolean {
      return this.#closed
    }

    get destroyed(): boolean {
      return this.#ending.signal.aborted
    }

    /** A pool has connections of one kind only. */
    override getName(options: ConnectionOptions = {}): string {
      return `${isSecure(options) ? 'https' : 'http'}:${internals(Agent.prototype).getName.call(this, options)}`
    }

    /** Node.js takes the socket from the callback. */
    override createConnection(options: ConnectionOptions, made?: Made): undefined {
      const release = this.#takePlace(options)
      this.#making++
      const hand = (socket: Duplex, error?: Error) => {
        this.#making--
        release()
        socket.once('close', () => setImmediate(() => this.#look()))
        made?.(null, socket)
        // Not instead of the socket: Node.js lets the next request in when a socket has ended.
        if (error) socket.destroy(error)
      }
      void this.#begin(options, hand)
      return undefined
    }

    dispatch(options: Dispatched, handler: DispatchHandler): boolean {
      return dispatch(this, this.#closed ? closed() : undefined, options, handler)
    }

    /** Lets what is under way end. */
    async close(done?: () => void): Promise<void> {
      this.#closed = true
      for (const sockets of Object.values(internals(this).freeSockets)) for (const socket of sockets) socket.destroy()
      if (this.#isBusy()) await new Promise<void>((resolve) => (this.#idle = resolve))
      done?.()
    }

    /** Ends what is under way. @param error - What it is told. */
    override destroy(error?: unknown): void {
      // Of an agent of Node.js nobody waits for it, of a dispatcher some do.
      return this.#end(error instanceof Error ? error : closed()) as unknown as void
    }

    async #end(reason: Error): Promise<void> {
      this.#closed = true
      this.#ending.abort(reason)
      super.destroy()
      this.#idle?.()
    }

    async #begin(options: ConnectionOptions, hand: (socket: Duplex, error?: Error) => void): Promise<void> {
      let made: Duplex
      try {
        made = await this.#connect(options)
      } catch (error) {
        return hand(new PlainSocket(), error as Error)
      }
      hand(made)
    }

    async #connect(options: ConnectionOptions): Promise<Duplex> {
      if (this.#closed) throw closed()
      const { host, port, localAddress, family } = options
      const socket = await dial(
        inside,
        {
          ...(host ? { host } : {}),
          port: Number(port),
          ...(localAddress ? { localAddress } : {}),
          ...(family === 4 || family === 6 ? { family } : {}),
          noDelay: true,
        },
        this.#ending.signal,
      )
      if (!isSecure(options)) return socket
      // What https.Agent makes, sessions that are resumed among it, over this socket.
      return internals(Agent.prototype).createConnection.call(this, { ...options, socket })
    }

    /** Where there is a limit, a connection that is being made counts. */
    #takePlace(options: ConnectionOptions): () => void {
      const own = internals(this)
      if (own.maxSockets === Infinity && own.maxTotalSockets === Infinity) return () => undefined
      const name = options[POOL_NAME] ?? own.getName(options)
      const placeholder = new PlainSocket()
      ;(own.sockets[name] ??= []).push(placeholder)
      own.totalSocketCount++
      return () => {
        const at = own.sockets[name]?.indexOf(placeholder) ?? -1
        if (at < 0) return
        own.sockets[name]?.splice(at, 1)
        own.totalSocketCount--
      }
    }

    #isBusy(): boolean {
      const { sockets, requests } = internals(this)
      // Node.js leaves empty lists.
      return this.#making > 0 || [...Object.values(sockets), ...Object.values(requests)].some((list) => list.length > 0)
    }

    #look(): void {
      if (this.#idle && !this.#isBusy()) this.#idle()
    }
  }

  const notHere = (name: string) => () => {
    throw new SlipwayError(
      'UNSUPPORTED',
      `${name}() of a dispatcher is the package undici's: undici.${name}(url, { dispatcher: agent }).`,
    )
  }
  for (const name of ['request', 'stream', 'pipeline', 'connect', 'upgrade', 'compose'])
    Object.defineProperty(InsideAgent.prototype, name, { value: notHere(name), configurable: true, writable: true })

  return new InsideAgent({ ...POOL, ...given }) as unknown as SandboxAgent
}

const internals = (agent: object): Internals => agent as Internals

const closed = (): SlipwayError =>
  new SlipwayError('CLOSED', 'This agent was closed. Make another one: sandbox.agent().')

/** `https.request` has another agent by default than `http.request`, and says so in the options of the connection. */
const isSecure = ({ secureEndpoint, _defaultAgent }: ConnectionOptions): boolean =>
  secureEndpoint ?? (_defaultAgent as { protocol?: string } | undefined)?.protocol === 'https:'

/**
 * Whether `https.request` asks for the agent's protocol or port. It does so before it says anything of the request:
 * only the stack tells.
 */
function isHttpsAsking(): boolean {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 20
  const { stack = '' } = new Error()
  Error.stackTraceLimit = stackTraceLimit
  return stack.includes('node:https:')
}
