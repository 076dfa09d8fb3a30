import type { Socket } from 'node:dgram'
import type { Server } from 'node:net'
import type { InHost } from './ask.js'
import { Connections } from './connections.js'
import type { Directory } from './directory.js'
import { Forwarder, type Transport } from './forward.js'
import { listenTcp, listenUdp, PlaceTaken, type Place } from './listen.js'
import { LARGEST_TCP, RCODE, readQuery, reply, type Query } from './message.js'
import { ownRecords } from './own-names.js'

export interface ResolverOptions {
  directory: Directory
  /** The bridge's own addresses, canonical. They have to be there already, IPv6 ones without a pending DAD. */
  addresses: readonly string[]
  port: number
  inHost: InHost
}

/** A resolver that listens; or where somebody else does already, which then serves these names. */
export type Listening = { resolver: Resolver; taken?: undefined } | { resolver?: undefined; taken: Place }

/**
 * The DNS server of one user-defined network. It lives in this process, answers on its event loop, and does not keep the
 * process alive.
 */
export class Resolver {
  readonly #directory: Directory
  readonly #forwarder: Forwarder
  readonly #connections = new Connections((message, from) => this.#answer(message, from, 'tcp'))
  readonly #sockets: Socket[] = []
  readonly #servers: Server[] = []
  #closed = false

  private constructor({ directory, addresses, inHost }: ResolverOptions) {
    this.#directory = directory
    this.#forwarder = new Forwarder(inHost, addresses)
  }

  /**
   * Listens on all of the addresses, by UDP and TCP, or on none.
   *
   * @throws {SlipwayError} `KERNEL`, for one when an address is none of the host's.
   */
  static async listen(options: ResolverOptions): Promise<Listening> {
    const resolver = new Resolver(options)
    try {
      for (const address of options.addresses) {
        resolver.#serveUdp(listenUdp(address, options.port, options.inHost))
        resolver.#serveTcp(await listenTcp(address, options.port, options.inHost))
      }
      return { resolver }
    } catch (error) {
      await resolver.close()
      if (error instanceof PlaceTaken) return { taken: error.place }
      throw error
    }
  }

  /** Resolves when the ports are free. Whoever waits for an answer gets none. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forwarder.close()
    this.#connections.close()
    await Promise.all([...this.#sockets, ...this.#servers].map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))))
  }

  #serveUdp(socket: Socket): void {
    this.#sockets.push(socket)
    socket.unref()
    // What the kernel says of an answer that could not be sent, it says to `send` as well.
    socket.on('error', () => {})
    socket.on('message', async (message, from) => {
      const answer = await this.#answer(message, from.address, 'udp')
      // A client that has gone, or that the firewall keeps from us: it asks again, or does not.
      // Port 0 is what only a forger sends from, and `send` throws at.
      if (answer && from.port !== 0) socket.send(answer, from.port, from.address, () => {})
    })
  }

  #serveTcp(server: Server): void {
    this.#servers.push(server)
    server.unref()
    // accept(2) that fails (EMFILE): the client tries again.
    server.on('error', () => {})
    this.#connections.accept(server)
  }

  async #answer(message: Buffer, from: string, transport: Transport): Promise<Buffer | undefined> {
    const read = readQuery(message)
    if (!read.query) return read.reply
    const { query } = read
    const limit = transport === 'udp' ? query.udpSize : LARGEST_TCP
    let answer: Buffer
    try {
      answer = await this.#find(query, from, transport, limit)
    } catch {
      // The directory could not be read. No sandbox's question ends this process.
      answer = reply(query, RCODE.serverFailure, [], limit)
    }
    return this.#closed ? undefined : answer
  }

  async #find(query: Query, from: string, transport: Transport, limit: number): Promise<Buffer> {
    await this.#directory.refresh?.()
    const asker = this.#directory.asker(from)
    if (!asker) return reply(query, RCODE.refused, [], limit)
    const records = ownRecords(query, asker, this.#directory)
    if (records) return reply(query, RCODE.noError, records, limit)
    if (isSingleName(query) && !this.#directory.forwardsSingleNames(asker)) return reply(query, RCODE.noError, [], limit)
    const forwarded = await this.#forwarder.forward(query, this.#directory.upstreams(asker), transport)
    return typeof forwarded === 'number' ? reply(query, forwarded, [], limit) : forwarded
  }
}

const isSingleName = ({ name, type }: Query) => (type === 'A' || type === 'AAAA') && name !== undefined && name !== '' && !name.includes('.')
