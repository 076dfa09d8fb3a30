import type { Server } from 'node:net'
import { filterSources } from '../../kernel/native.js'
import type { InHost } from './ask.js'
import { Connections } from './connections.js'
import type { Directory } from './directory.js'
import { FairQueue } from './fair-queue.js'
import { Floods, ofFamily, type Refused } from './floods.js'
import { Forwarder, type Transport } from './forward.js'
import { listenTcp, listenUdp, PlaceTaken, type Place, type UdpListener } from './listen.js'
import { LARGEST_QUERY, LARGEST_TCP, RCODE, readQuery, reply, type Query } from './message.js'
import { ownRecords } from './own-names.js'
import { Shares, type Release } from './places.js'

export { Shares }

export interface ResolverOptions {
  directory: Directory
  /** The bridge's own addresses, canonical. They have to be there already, IPv6 ones without a pending DAD. */
  addresses: readonly string[]
  port: number
  /** The network's own, as CIDR. Default: what is from outside is not told from what is not. */
  subnets?: readonly string[]
  inHost: InHost
  /** What all resolvers of this process have together. Default: this one has its own. */
  shares?: Shares
}

/** A resolver that listens; or where somebody else does already, which then serves these names. */
export type Listening = { resolver: Resolver; taken?: undefined } | { resolver?: undefined; taken: Place }

/**
 * The DNS server of one user-defined network. It lives in this process, answers on its event loop, and does not keep
 * the process alive.
 */
export class Resolver {
  readonly #directory: Directory
  readonly #shares: Shares
  readonly #forwarder: Forwarder
  readonly #queue = new FairQueue()
  readonly #floods = new Floods((refused) => this.#refuse(refused))
  readonly #subnets: readonly string[]
  readonly #connections = new Connections({
    refresh: () => this.#refresh(),
    place: (from, lose) => this.#place(from, lose),
    answer: (message, from) => new Promise((resolve) => this.#ask(message, from, 'tcp', resolve)),
  })
  readonly #listeners: UdpListener[] = []
  readonly #servers: Server[] = []
  #closed = false

  private constructor({ directory, addresses, subnets = [], inHost, shares = new Shares() }: ResolverOptions) {
    this.#directory = directory
    this.#subnets = subnets
    this.#shares = shares
    this.#forwarder = new Forwarder(inHost, addresses, shares.forwards)
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
    this.#floods.close()
    await Promise.all(
      [...this.#listeners.map(({ socket }) => socket), ...this.#servers].map(
        (socket) => new Promise<void>((resolve) => socket.close(() => resolve())),
      ),
    )
  }

  #serveUdp(listener: UdpListener): void {
    const { socket } = listener
    this.#listeners.push(listener)
    socket.unref()
    // What the kernel says of an answer that could not be sent, it says to `send` as well.
    socket.on('error', () => {})
    socket.on('message', (message, from) => {
      // Longer than any question is. Port 0 is what only a forger sends from, and `send` throws at. None of them waits
      // here, where a flood of questions is seen, and the long ones fill the kernel's buffer first: so the first one
      // counts as a flood.
      if (message.length > LARGEST_QUERY || from.port === 0) {
        this.#floods.see(this.#directory.asker(from.address) ? from.address : '', Infinity)
        return
      }
      // A client that has gone, or that the firewall keeps from us: it asks again, or does not.
      this.#ask(
        message,
        from.address,
        'udp',
        (answer) => answer && !this.#closed && socket.send(answer, from.port, from.address, () => {}),
      )
    })
  }

  /** What is refused here costs the kernel a comparison. Where it does not do so, the queue alone is fair. */
  #refuse({ addresses, strangers }: Refused): void {
    if (this.#closed) return
    for (const { address, fd } of this.#listeners)
      filterSources(fd, ofFamily(address, addresses), strangers ? ofFamily(address, this.#subnets) : [])
  }

  #serveTcp(server: Server): void {
    this.#servers.push(server)
    server.unref()
    // accept(2) that fails (EMFILE): the client tries again.
    server.on('error', () => {})
    this.#connections.accept(server)
  }

  #refresh(): Promise<void> | undefined {
    return this.#directory.refresh?.() ?? undefined
  }

  #place(from: string, lose: () => void): Release | undefined {
    const asker = this.#directory.asker(from)
    return asker ? this.#shares.connections.take(asker.sandbox, lose) : this.#shares.strangers.take(from, lose)
  }

  /**
   * Has a question answered when its asker has its turn. @param answered - Called once, with `undefined` for what gets
   * no answer.
   */
  #ask(message: Buffer, from: string, transport: Transport, answered: (answer: Buffer | undefined) => void): void {
    const work = () => this.#work(message, from, transport, answered)
    const owner = this.#directory.asker(from)?.sandbox ?? STRANGERS
    this.#queue.add(owner, { run: work, drop: () => answered(undefined) })
    // TCP waits for its client by itself.
    if (transport === 'udp') this.#floods.see(owner === STRANGERS ? '' : from, this.#queue.waiting(owner))
  }

  /** A promise for as long as the directory is read. What is asked elsewhere is not waited for. */
  #work(
    message: Buffer,
    from: string,
    transport: Transport,
    answered: (answer: Buffer | undefined) => void,
  ): Promise<void> | undefined {
    const read = readQuery(message)
    if (!read.query) {
      answered(read.reply)
      return undefined
    }
    const { query } = read
    const limit = transport === 'udp' ? query.udpSize : LARGEST_TCP
    // The directory could not be read. No sandbox's question ends this process.
    const fail = () => answered(reply(query, RCODE.serverFailure, [], limit))
    const find = (): void => {
      const found = this.#closed ? undefined : this.#find(query, from, transport, limit)
      if (found instanceof Promise) found.then(answered, fail)
      else answered(found)
    }
    try {
      const refreshed = this.#refresh()
      if (refreshed) return refreshed.then(find).catch(fail)
      find()
    } catch {
      fail()
    }
    return undefined
  }

  /** The answer; a promise where it is not ours to give. */
  #find(query: Query, from: string, transport: Transport, limit: number): Buffer | Promise<Buffer | undefined> {
    const asker = this.#directory.asker(from)
    if (!asker) return reply(query, RCODE.refused, [], limit)
    const records = ownRecords(query, asker, this.#directory)
    if (records) return reply(query, RCODE.noError, records, limit)
    if (isSingleName(query) && !this.#directory.forwardsSingleNames(asker))
      return reply(query, RCODE.noError, [], limit)
    return this.#forwarder
      .forward(query, asker.sandbox, this.#directory.upstreams(asker), transport)
      .then((forwarded) => {
        if (this.#closed) return undefined
        return typeof forwarded === 'number' ? reply(query, forwarded, [], limit) : forwarded
      })
  }
}

/** Whose questions take turns as one: of all that the directory does not know (yet). */
const STRANGERS = ''

const isSingleName = ({ name, type }: Query) =>
  (type === 'A' || type === 'AAAA') && name !== undefined && name !== '' && !name.includes('.')
