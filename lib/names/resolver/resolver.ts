import { nextTick } from '../../base/timers.js'
import { createServer, type Server } from 'node:net'
import { filterSources } from '../../kernel/native.js'
import type { InHost } from './ask.js'
import { Connections } from './connections.js'
import type { Received } from './datagrams.js'
import type { Directory } from './directory.js'
import { FairQueue } from './fair-queue.js'
import { Floods, ofFamily, type Refused } from './floods.js'
import { Forwarder, type Transport } from './forward.js'
import type { Listener } from './listen.js'
import { cutReply, LARGEST_TCP, RCODE, readQuery, reply, TYPE, type Query } from './message.js'
import { ownRecords } from './own-names.js'
import type { Release } from './places.js'
import { Shares } from './shares.js'
import type { Outcome } from './tally.js'

export interface ResolverOptions {
  directory: Directory
  /** The bridge's own addresses, canonical. The resolver closes the sockets. */
  listeners: readonly Listener[]
  /** The network's own, as CIDR. Default: what is from outside is not told from what is not. */
  subnets?: readonly string[]
  inHost: InHost
  /** What all resolvers of a thread have together. Default: this one has its own. */
  shares?: Shares
}

/** The DNS server of one user-defined network, on the event loop of its thread, which it does not keep alive. */
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
  readonly #listeners: readonly Listener[]
  /** Numbers of the UDP sockets. */
  readonly #sockets: number[] = []
  readonly #servers: Server[] = []
  #closed = false
  /** The directory is up to date for all that has come until this turn of the event loop. */
  #fresh = false

  constructor({ directory, listeners, subnets = [], inHost, shares = new Shares() }: ResolverOptions) {
    this.#directory = directory
    this.#listeners = listeners
    this.#subnets = subnets
    this.#shares = shares
    const addresses = listeners.map(({ address }) => address)
    this.#forwarder = new Forwarder(inHost, addresses, shares.forwards)
    // A thread before this one may have left them deaf to somebody.
    this.#refuse({ addresses: [], strangers: false })
    for (const { udp, tcp } of listeners) {
      this.#serveTcp(createServer({ allowHalfOpen: true }), tcp)
      this.#serveUdp(udp)
    }
  }

  /** Resolves when the ports are free. Whoever waits for an answer gets none. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#forwarder.close()
    this.#connections.close()
    this.#floods.close()
    for (const socket of this.#sockets) this.#shares.datagrams.close(socket)
    await Promise.all(this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))))
  }

  #serveUdp(fd: number): void {
    const { datagrams } = this.#shares
    const socket = datagrams.listen(fd, (received) => {
      this.#queue.together(() => {
        for (const one of received)
          this.#hear(one, (answer) => answer && !this.#closed && datagrams.reply(socket, one, answer))
      })
    })
    this.#sockets.push(socket)
  }

  #hear({ message, cut, address, port }: Received, answered: (answer: Buffer | undefined) => void): void {
    // Longer than any question is. Port 0 is what only a forger sends from. None of them waits here, where a flood of
    // questions is seen, and the long ones fill the kernel's buffer first: so the first one counts as a flood.
    if (cut || port === 0) this.#floods.see(this.#directory.asker(address) ? address : '', Infinity)
    else this.#ask(message, address, 'udp', answered)
  }

  /** What is refused here costs the kernel a comparison. Where it does not do so, the queue alone is fair. */
  #refuse({ addresses, strangers }: Refused): void {
    if (this.#closed) return
    for (const { address, udp } of this.#listeners)
      filterSources(udp, ofFamily(address, addresses), strangers ? ofFamily(address, this.#subnets) : [])
  }

  /** @param server - It allows half of a connection: a client may end its own after the last question, and wait. */
  #serveTcp(server: Server, fd: number): void {
    this.#servers.push(server)
    // accept(2) that fails (EMFILE): the client tries again.
    server.on('error', () => {})
    this.#connections.accept(server)
    server.listen({ fd, exclusive: true })
    server.unref()
  }

  /** All that a turn of the event loop answers has come before: to look once is enough. */
  #refresh(): Promise<void> | undefined {
    if (this.#fresh) return undefined
    const refreshed = this.#directory.refresh?.() ?? undefined
    if (refreshed) return refreshed
    this.#fresh = true
    nextTick(() => {
      this.#fresh = false
    })
    return undefined
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
    const drop = () => {
      this.#count('dropped')
      answered(undefined)
    }
    this.#queue.add(owner, { run: work, drop })
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
      this.#count('malformed')
      answered(read.reply)
      return undefined
    }
    const { query } = read
    if (query.ednsVersion > 0) {
      this.#count('malformed')
      answered(reply(query, RCODE.badVersion, [], query.udpSize))
      return undefined
    }
    const limit = transport === 'udp' ? query.udpSize : LARGEST_TCP
    // The directory could not be read. No sandbox's question ends this process.
    const fail = () => {
      this.#count('failed')
      answered(reply(query, RCODE.serverFailure, [], limit))
    }
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

  #count(outcome: Outcome): void {
    this.#shares.tally.add(outcome)
  }

  /** The answer; a promise where it is not ours to give. */
  #find(query: Query, from: string, transport: Transport, limit: number): Buffer | Promise<Buffer | undefined> {
    const asker = this.#directory.asker(from)
    if (!asker) {
      this.#count('refused')
      return reply(query, RCODE.refused, [], limit)
    }
    const isOwn = isSingleName(query) && !this.#directory.forwardsSingleNames(asker)
    const records = ownRecords(query, asker, this.#directory) ?? (isOwn ? [] : undefined)
    if (records) {
      this.#count('own')
      return reply(query, RCODE.noError, records, limit)
    }
    return this.#forwarder
      .forward(query, asker.sandbox, this.#directory.upstreams(asker), transport)
      .then((forwarded) => {
        if (this.#closed) return undefined
        this.#count(typeof forwarded !== 'number' ? 'forwarded' : forwarded === RCODE.refused ? 'refused' : 'failed')
        if (typeof forwarded === 'number') return reply(query, forwarded, [], limit)
        return forwarded.length > limit ? cutReply(query, forwarded) : forwarded
      })
  }
}

/** Whose questions take turns as one: of all that the directory does not know (yet). */
const STRANGERS = ''

const isSingleName = ({ name, type }: Query) =>
  (type === TYPE.A || type === TYPE.AAAA) && name !== undefined && name !== '' && !name.includes('.')
