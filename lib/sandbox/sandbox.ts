import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { dirname } from 'node:path'
import * as bridge from '../drivers/bridge.js'
import { invalid, SlipwayError } from '../errors.js'
import { PlanRefused } from '../host.js'
import { enter } from '../native.js'
import type { Plan } from '../plan/operation.js'
import { claimPorts, wasGuessedPort } from '../ports/claim-ports.js'
import { printMapping, printRequest, type PortMapping, type PortRequest } from '../ports/mapping.js'
import { matching } from '../ports/matching.js'
import { PortGuesses } from '../ports/port-guesses.js'
import type { HostPort } from '../ports/port-table.js'
import { explainRefusal, removed } from '../refusals.js'
import { missesElements, reconcile, removeWhatIsThere } from '../reconcile.js'
import { ownerComment, isCurrent, readRecord, store, type StoredRecord } from '../state/records.js'
import { hostPath, type Context } from './context.js'
import { publishScope, readPublish, readRequests } from './create-options.js'
import { networkSettings, type NetworkSettings } from './inspect.js'
import { removalPlan } from './removal.js'

/** An endpoint: what joins a sandbox to a network. */
export interface Endpoint {
  /** 64 hex digits. */
  id: string
  network: string
  /** Name inside the sandbox: `eth0`. */
  interface: string
  /** Name of its other end on the host. */
  hostInterface: string
  mac: string
  /** With prefix: `172.17.0.2/16`. */
  addresses: readonly string[]
  gateway: string
}

/** Somebody else's change of the record in between makes ours start over, this many times. */
const TRIES = 16

/**
 * A network stack with a name: a namespace, joined to a network by an endpoint. It lives in the kernel and outlives
 * this object and this process; another process finds it by name.
 */
export class Sandbox {
  readonly #context: Context
  #stored: StoredRecord
  #removing: Promise<void> | undefined
  #changes: Promise<unknown> = Promise.resolve()

  /** @internal Sandboxes come from `slipway.sandboxes`. */
  constructor(context: Context, stored: StoredRecord) {
    this.#context = context
    this.#stored = stored
  }

  /** 64 hex digits. */
  get id(): string {
    return this.#stored.record.id
  }

  get name(): string {
    return this.#stored.record.name
  }

  /** Network that it was created on: `bridge`, `host` or `none`. */
  get network(): string {
    return this.#stored.record.network
  }

  /** Path of its namespace, for an OCI runtime's config.json, `ip netns exec`, `nsenter --net=`. */
  get path(): string {
    const { network, path } = this.#stored.record
    return network === 'host' ? hostPath(this.#context.settings) : path
  }

  /** When it was created, ISO 8601. */
  get created(): string {
    return this.#stored.record.created
  }

  /** As of the last call through this object; {@link refresh} learns what other processes did. */
  get endpoints(): readonly Endpoint[] {
    const { endpoint, network } = this.#stored.record
    if (!endpoint) return []
    const { id, hostLink, mac, address, prefix, gateway } = endpoint
    return [{ id, network, interface: endpoint.interface, hostInterface: hostLink, mac, addresses: [`${address}/${prefix}`], gateway }]
  }

  /** Published ports, as of the last call through this object. */
  get ports(): readonly PortMapping[] {
    return this.#stored.record.ports
  }

  /** The JSON of `docker inspect`'s NetworkSettings. */
  inspect(): NetworkSettings {
    return networkSettings({ ...this.#stored.record, path: this.path }, this.#context.host.identity)
  }

  /** Reads again what this sandbox is. @throws {SlipwayError} `NOT_FOUND` when it was removed. */
  async refresh(): Promise<this> {
    const found = await readRecord(dirname(this.#stored.path), this.name)
    if (found?.record.id !== this.id) throw new SlipwayError('NOT_FOUND', removed(this.name))
    this.#stored = found
    return this
  }

  /**
   * Publishes more ports while it runs: all of them, or none.
   *
   * @example
   * await app.publish('9000-9010:90-100/udp')
   * @returns The mappings, with the host ports that were chosen.
   * @throws {SlipwayError} `PORT_IN_USE`, `EXHAUSTED`, `INVALID_ARGUMENT`, `NOT_FOUND`
   */
  publish(...publish: (string | PortRequest)[]): Promise<readonly PortMapping[]> {
    return this.#context.work.run(async () => {
      const requests = readPublish(publish, this.#context.settings)
      const { endpoint } = this.#stored.record
      if (!endpoint) throw invalid(`publish does not go with network "${this.network}" of sandbox ${this.name}: it has no address of its own.`)
      const guesses = new PortGuesses()
      for (;;) {
        const mappings = await claimPorts(this.#context, requests, this.name, publishScope(this.#context.settings), guesses)
        try {
          this.#context.holders.join()
          await this.#change((ports) => {
            const next = [...ports, ...mappings]
            return { ports: next, plan: (record) => bridge.publishPorts({ ports: mappings, address: endpoint.address, owner: ownerComment(this.name, this.id), record }) }
          })
          for (const mapping of mappings) this.#context.ports.settle(mapping)
          return mappings
        } catch (error) {
          for (const mapping of mappings) this.#context.ports.release(mapping)
          const refused = (error as Error).cause
          if (refused instanceof PlanRefused && (await wasGuessedPort(this.#context, guesses, refused))) continue
          throw error
        }
      }
    })
  }

  /**
   * Takes published ports back, named as they were published (`'8080:80'`). What is left out may be anything: `'80'` means
   * all mappings of the container port, `'8080:80'` those on every host address.
   *
   * @throws {SlipwayError} `NOT_FOUND` when there is no such mapping.
   */
  unpublish(...publish: (string | PortRequest)[]): Promise<void> {
    return this.#context.work.run(async () => {
      const requests = readRequests(publish)
      const { endpoint } = this.#stored.record
      let gone = new Set<PortMapping>()
      let foreign: HostPort[] = []
      await this.#change((ports) => {
        gone = new Set(requests.flatMap((request) => this.#matching(ports, request)))
        foreign = this.#context.holders.foreign([...gone])
        const next = ports.filter((mapping) => !gone.has(mapping))
        return { ports: next, plan: (record) => bridge.unpublishPorts({ ports: [...gone], address: endpoint?.address ?? '', owner: ownerComment(this.name, this.id), record }) }
      })
      for (const mapping of gone) this.#context.ports.release(mapping)
      await this.#context.holders.tell(foreign)
    })
  }

  #matching(ports: readonly PortMapping[], request: PortRequest): PortMapping[] {
    const found = matching(ports, request)
    if (found.length > 0) return found
    throw new SlipwayError('NOT_FOUND', `The sandbox ${this.name} does not publish ${printRequest(request)}. It publishes ${ports.map(printMapping).join(', ') || 'nothing'}.`)
  }

  /**
   * Starts a process in this sandbox's network. Everything else (file system, user, environment) is as
   * `child_process.spawn` has it.
   */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    return this.enter(() => spawn(command, args, options))
  }

  /**
   * Runs a synchronous function with this thread inside the sandbox. Sockets made there stay there: a server that
   * begins to listen inside serves the sandbox, from this process.
   *
   * @example
   * app.enter(() => net.createServer(serve).listen(80))
   * @throws {SlipwayError} `INVALID_ARGUMENT` when the function returns a promise: what it does later, it does outside.
   * @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
   */
  enter<T>(work: () => T): T {
    // By name another sandbox may stand there by now.
    if (!isCurrent(this.#stored)) throw new SlipwayError('NOT_FOUND', removed(this.name))
    let result: T
    try {
      result = enter(this.path, work)
    } catch (error) {
      const failure = (error as { failure?: { errno: number } }).failure
      if (failure) throw new SlipwayError('NOT_FOUND', removed(this.name), {}, { cause: error })
      throw error
    }
    if (typeof (result as { then?: unknown } | undefined)?.then === 'function') {
      throw invalid('enter takes a synchronous function: this one returned a promise, and what it awaits happens outside the sandbox.')
    }
    return result
  }

  /**
   * Takes the sandbox off the network and frees its name, address and ports. Processes inside go on, without network.
   * Called again, it is the same removal.
   *
   * @throws {SlipwayError} `NOT_FOUND` when another has removed it.
   */
  remove(): Promise<void> {
    this.#removing ??= this.#context.work.run(() => this.#remove()).catch((error: unknown) => {
      this.#removing = undefined
      throw error
    })
    return this.#removing
  }

  async #remove(): Promise<void> {
    const turn = this.#context.turns.next()
    if (turn) await turn
    let foreign: HostPort[] = []
    await this.#change((ports) => {
      foreign = this.#context.holders.foreign(ports)
      return { ports: [], plan: () => removalPlan(this.#stored) }
    }, false)
    const { endpoint, ports } = this.#stored.record
    for (const mapping of ports) this.#context.ports.release(mapping)
    await this.#context.holders.tell(foreign)
    if (!endpoint) return
    this.#context.reaper.watch(endpoint.hostLink)
    await this.#context.bridge.release(endpoint.address)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }

  /** One change after the other; when another process was faster, from what it left. */
  #change(
    make: (ports: readonly PortMapping[]) => { ports: PortMapping[]; plan: (record: { path: string; before: string; content: string }) => Plan },
    keep = true,
  ): Promise<void> {
    const change = this.#changes.then(async () => {
      // Somebody has taken elements away that were ours to remove.
      let rest = false
      for (let attempt = 1; ; attempt++) {
        const { path, record, text } = this.#stored
        const { ports, plan } = make(record.ports)
        const next = store(dirname(path), { ...record, ports })
        const whole = plan({ path, before: text, content: next.text })
        try {
          await (rest ? removeWhatIsThere(this.#context.host, whole) : this.#context.host.run(whole))
          if (keep) this.#stored = next
          return
        } catch (error) {
          if (!(error instanceof PlanRefused)) throw error
          if (attempt === 1 && missesElements(error)) await reconcile(this.#context)
          else if (error.errnoName === 'ESTALE' && attempt < TRIES) await this.refresh()
          else if (!rest && error.operation.op === 'element.delete' && missesElements(error)) rest = true
          else throw await explainRefusal(error, this.#context.host, this.#context.holders)
        }
      }
    })
    this.#changes = change.catch(() => undefined)
    return change
  }
}
