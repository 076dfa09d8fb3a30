import { invalid, show } from '../errors.js'
import { namedPredefined } from '../network/predefined.js'
import { DEFAULT_NETWORK } from '../network/spec.js'
import { printPlan } from '../plan/print.js'
import { listRecords } from '../state/records.js'
import type { Context } from './context.js'
import { copyOptions, readCreateOptions, type CreateOptions } from './create-options.js'
import { createSandbox, explainSandbox } from './create-sandbox.js'
import { findSandbox } from './find.js'
import { Sandbox } from './sandbox.js'

/** The sandboxes of a host: `slipway.sandboxes`. */
export class Sandboxes {
  readonly #context: Context

  /** @internal */
  constructor(context: Context) {
    this.#context = context
  }

  /**
   * Makes a sandbox: a namespace with its own loopback, joined to a network, with its ports published. All of it, or
   * nothing. Many at once are `Promise.all`.
   *
   * @example
   * const app = await slipway.sandboxes.create({ name: 'app', publish: ['8080:80'] })
   * @throws {SlipwayError} `INVALID_ARGUMENT`, `NOT_FOUND` (the network, or the sandbox to join), `CONFLICT` (a name,
   * interface or subnet is taken), `PORT_IN_USE`, `ADDRESS_IN_USE`, `EXHAUSTED`, `UNSUPPORTED`, `CLOSED`, `KERNEL`
   */
  create(options: CreateOptions = {}): Promise<Sandbox> {
    return this.#context.work.run(async () => {
      const named = this.#named(options)
      // A third of the time that it takes is the making of the namespace: that begins before the arguments are looked at.
      if (wantsNamespace(named) && !this.#context.spares.has(networkOf(named))) this.#context.host.prepare()
      try {
        // Copied now, as the caller may use the object again; checked in its turn, as there may be hundreds.
        const given = copyOptions(named)
        const turn = this.#context.turns.next()
        if (turn) await turn
        return new Sandbox(this.#context, await createSandbox(this.#context, readCreateOptions(given)))
      } catch (error) {
        await this.#context.host.discard()
        throw error
      }
    })
  }

  /**
   * The `ip`, `nft` and `sysctl` commands that `create` with these options would have taken, on this host as it is
   * now. Runs nothing and changes nothing.
   */
  explain(options: CreateOptions = {}): Promise<string> {
    return this.#context.work.run(async () => printPlan(await explainSandbox(this.#context, readCreateOptions(this.#named(options)))))
  }

  /**
   * A sandbox by name, id, or the beginning of an id that no other has.
   *
   * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
   */
  get(nameOrId: string): Promise<Sandbox> {
    return this.#context.work.run(async () => {
      if (typeof nameOrId !== 'string') throw invalid(`sandboxes.get takes a name or an id, and got ${show(nameOrId)}.`)
      return new Sandbox(this.#context, await findSandbox(this.#context.records, nameOrId))
    })
  }

  /** All sandboxes of this host, whoever made them, by name. */
  list(): Promise<Sandbox[]> {
    return this.#context.work.run(async () => (await listRecords(this.#context.records)).map((stored) => new Sandbox(this.#context, stored)))
  }

  /** A network that every host has may be named by its id. */
  #named(options: CreateOptions): CreateOptions {
    const network = options?.network
    return typeof network === 'string' ? { ...options, network: namedPredefined(this.#context.host.identity, network) } : options
  }
}

// What is given may be anything at all still.
const networkOf = (options: CreateOptions): string => (typeof options?.network === 'string' ? options.network : DEFAULT_NETWORK)

const wantsNamespace = (options: CreateOptions): boolean =>
  options?.netns === undefined && options?.network !== 'host' && !(typeof options?.network === 'string' && options.network.startsWith('container:'))
