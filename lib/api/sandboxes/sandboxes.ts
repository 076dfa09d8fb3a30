import { invalid, show } from '../../base/errors.js'
import { namedPredefined } from '../../drivers/predefined.js'
import { stackNamed } from '../../drivers/index.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'
import { printPlan } from '../../plan/print.js'
import { listRecords } from '../../store/records.js'
import type { Context } from '../../work/context.js'
import { copyOptions, readCreateOptions, type CreateOptions } from './create-options.js'
import { createSandbox, explainSandbox } from '../../work/create-sandbox.js'
import { findSandbox } from '../../work/find.js'
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
    return this.#context.work.run(() => this.#create(options))
  }

  async #create(options: CreateOptions): Promise<Sandbox> {
    const { turns, host } = this.#context
    // A third of the time that it takes is the making of the namespace: that begins before the arguments are looked at.
    if (!turns.isContended && this.#wantsNamespace(this.#named(options))) host.prepare()
    try {
      // Copied now, as the caller may use the object again; checked in its turn, as there may be hundreds.
      const given = copyOptions(options)
      const turn = turns.nextToHandOver()
      if (turn) await turn
      const { stored, made } = await createSandbox(this.#context, readCreateOptions(this.#named(given)))
      return new Sandbox(this.#context, stored, made)
    } catch (error) {
      await host.discard()
      throw error
    }
  }

  /** Whether one has to be made, as far as it can be told before anything was checked. */
  #wantsNamespace(options: CreateOptions): boolean {
    const network = options?.network
    if (options?.netns !== undefined || (typeof network === 'string' && sharesStack(network))) return false
    return !this.#context.spares.has(typeof network === 'string' ? network : DEFAULT_NETWORK)
  }

  /**
   * The `ip`, `nft` and `sysctl` commands that `create` with these options would have taken, on this host as it is
   * now. Runs nothing and changes nothing.
   */
  explain(options: CreateOptions = {}): Promise<string> {
    return this.#context.work.run(async () =>
      printPlan(await explainSandbox(this.#context, readCreateOptions(this.#named(options)))),
    )
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
    return this.#context.work.run(async () =>
      (await listRecords(this.#context.records)).map((stored) => new Sandbox(this.#context, stored)),
    )
  }

  /** A network that every host has may be named by its id. */
  #named(options: CreateOptions): CreateOptions {
    const network = options?.network
    return typeof network === 'string'
      ? { ...options, network: namedPredefined(this.#context.host.identity, network) }
      : options
  }
}

/** Whether it has no namespace of its own. What names nothing is refused later. */
function sharesStack(network: string): boolean {
  try {
    return (stackNamed(network)?.driver.stack ?? 'own') !== 'own'
  } catch {
    return true
  }
}
