import { clock } from '../base/timers.js'
import { driverShapes } from '../store/driver-shapes.js'
import type { StoredNetwork } from '../store/network-records.js'
import { idle, type StoredRecord } from '../store/records.js'
import type { EventAction, Happening } from './event.js'
import { factsOfNetwork, factsOfSandbox, type Facts } from './facts.js'
import { readEventOptions, type EventOptions } from './filters.js'
import { EventModel } from './model.js'
import { RecordsThread, type RecordsListener } from './records-thread.js'
import { Subscription } from './subscription.js'
import type { FromRecords } from './thread-messages.js'

const BUFFER = 10_000

interface Folders {
  sandboxes: string
  networks: string
}

/** Is told of what this process has made (nothing before), changed or removed (nothing after), whoever listens. */
export interface Doer {
  /** Whether somebody listens from now on. */
  heard(isHeard: boolean): void
  did(before: StoredRecord | undefined, after: StoredRecord | undefined): void
  didNetwork(before: StoredNetwork | undefined, after: StoredNetwork | undefined): void
}

/** There are listeners: what they know, and who reads what others do. */
interface Listening {
  model: EventModel
  thread: RecordsThread
  /** Given back before it was known what there is. */
  healed: string[] | undefined
}

/**
 * Tells listeners what happens on a host: what this process does, at once, and what records say, whoever writes them.
 * While nobody listens, nothing is kept and nothing runs.
 */
export class EventHub {
  readonly #folders: Folders
  readonly #doer: () => Doer | undefined
  readonly #subscriptions = new Set<Subscription>()
  #listening: Listening | undefined
  #closing: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(folders: Folders, doer: () => Doer | undefined = () => undefined) {
    this.#folders = folders
    this.#doer = doer
  }

  /** @throws {SlipwayError} `INVALID_ARGUMENT` */
  subscribe(options: EventOptions): Subscription {
    const matches = readEventOptions(options)
    const { buffer: most = BUFFER, signal } = options
    const subscription = new Subscription({ most, matches, signal }, (one) => this.#ended(one))
    if (signal?.aborted) subscription.abort()
    else if (this.#closed) subscription.end()
    else {
      this.#subscriptions.add(subscription)
      const isFirst = this.#listening === undefined
      this.#listening ??= this.#listen()
      if (isFirst) this.#doer()?.heard(true)
    }
    return subscription
  }

  /** This process has made (without a record before), changed or removed (without one after) a sandbox. */
  didSandbox(before: StoredRecord | undefined, after: StoredRecord | undefined): void {
    this.#tellDoer((doer) => doer.did(before, after))
    if (!this.#listening) return
    const facts = (item: StoredRecord | undefined) => item && factsOfSandbox(idle(item.record))
    this.#did((before ?? after)?.record.id, facts(before), facts(after))
  }

  /** The same of a network. */
  didNetwork(before: StoredNetwork | undefined, after: StoredNetwork | undefined): void {
    this.#tellDoer((doer) => doer.didNetwork(before, after))
    if (!this.#listening) return
    const facts = (item: StoredNetwork | undefined) => item && factsOfNetwork(item.record)
    this.#did((before ?? after)?.record.id, facts(before), facts(after))
  }

  /** Something that a sentence says, about the host. */
  tell(action: EventAction, message: string): void {
    this.#tell({ type: 'host', action, id: '', name: '', attributes: { message }, about: {} })
  }

  /** What was given back: names of sandboxes, and `network web`. */
  healed(names: Iterable<string>): void {
    if (!this.#listening) return
    const { model, healed } = this.#listening
    if (healed) return void healed.push(...names)
    for (const what of names) {
      const [, network] = /^network (.+)$/.exec(what) ?? []
      const [type, name] = network === undefined ? (['sandbox', what] as const) : (['network', network] as const)
      const fact = model.named(type, name) ?? { type, id: '', name, attributes: {}, about: {} }
      this.#tell({ ...fact, action: 'healed' })
    }
  }

  /** What the pool of a network says. */
  pool(action: EventAction, name: string, numbers: { ready: number; size: number }): void {
    if (!this.#listening) return
    const attributes = { ready: String(numbers.ready), size: String(numbers.size) }
    this.#tell({ type: 'pool', action, id: '', name, attributes, about: {} })
  }

  /** All who listen have heard it all. */
  async close(): Promise<void> {
    this.#closed = true
    for (const one of [...this.#subscriptions]) one.end()
    await this.#closing
  }

  /** What was done stays done, whatever becomes of those who are told: its call does not fail for them. */
  #tellDoer(tell: (doer: Doer) => void): void {
    const doer = this.#doer()
    try {
      if (doer) tell(doer)
    } catch (error) {
      this.tell('lost', `What others damage of what this process does may not be noticed: ${(error as Error).message}`)
    }
  }

  #did(id: string | undefined, before: Facts | undefined, after: Facts | undefined): void {
    if (id !== undefined) this.#listening?.model.did(id, before, after)
  }

  #tell(happening: Happening): void {
    for (const one of this.#subscriptions) one.tell(happening)
  }

  #listen(): Listening {
    const since = clock.time()
    const model = new EventModel((happening) => this.#tell(happening))
    // What was made while the clock was ahead is older than it says.
    const isNews = ({ created = '' }: FromRecords) =>
      Date.parse(created) >= since && Date.parse(created) <= clock.time()
    let isFirst = true
    const listener: RecordsListener = {
      read: (records) => {
        for (const one of records) model.read(one.id, new Map(one.facts), !isFirst || isNews(one))
      },
      ready: (ids) => {
        if (!isFirst) model.keep(ids)
        isFirst = false
        this.#tellHealed()
      },
      settled: (time) => model.settle(time),
      failed: (reason) => {
        this.#tellHealed()
        this.tell('warning', `What other processes do is not heard of: ${reason}. It is tried again.`)
      },
    }
    const thread = new RecordsThread({ ...this.#folders, drivers: [...driverShapes.keys()] }, listener)
    return { model, thread, healed: [] }
  }

  #tellHealed(): void {
    const { healed } = this.#listening ?? {}
    if (!this.#listening || !healed) return
    this.#listening.healed = undefined
    this.healed(healed)
  }

  #ended(one: Subscription): void {
    this.#subscriptions.delete(one)
    if (this.#subscriptions.size > 0 || !this.#listening) return
    const { thread } = this.#listening
    this.#listening = undefined
    this.#doer()?.heard(false)
    this.#closing = Promise.all([this.#closing, thread.close()])
  }
}
