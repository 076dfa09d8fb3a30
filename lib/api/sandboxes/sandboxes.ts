import type { PruneFilters } from '../../base/filters.js'
import { callChecks, waiting, type Call, type CallOptions } from '../../base/call.js'
import { checkOptions } from '../../base/checks.js'
import { invalid, show } from '../../base/errors.js'
import { namedPredefined } from '../../drivers/predefined.js'
import { stackNamed } from '../../drivers/index.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'
import { printPlan } from '../../plan/print.js'
import type { Maker } from '../../store/maker.js'
import { listRecords } from '../../store/records.js'
import { withCall, type Context } from '../../work/context.js'
import { readFilters, readPruneFilters, type SandboxFilters } from './filters.js'
import { copyOptions, readCreateOptions, type CreateOptions } from './create-options.js'
import { createSandbox, explainSandbox } from '../../work/create-sandbox.js'
import { findSandbox } from '../../work/find.js'
import { takeBackFresh } from '../../work/take-back.js'
import { pruneSandboxes } from '../../work/prune.js'
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
    return this.#context.work.run((call) => this.#create(options, call), 'sandboxes.create', options)
  }

  /** @internal As {@link create}, an ephemeral one. It goes with its maker, a process that has no other sandbox. */
  createFor(maker: Maker, options: CreateOptions): Promise<Sandbox> {
    const create = (call: Call | undefined) => this.#create({ ...options, ephemeral: true }, call, maker)
    return this.#context.work.run(create, 'sandboxes.create', options)
  }

  async #create(options: CreateOptions, call: Call | undefined, maker?: Maker): Promise<Sandbox> {
    const { turns, host } = this.#context
    // A third of the time that it takes is the making of the namespace: that begins before the arguments are looked at.
    if (!turns.isContended && this.#wantsNamespace(this.#named(options))) host.prepare()
    try {
      // Copied now, as the caller may use the object again; checked in its turn, as there may be hundreds.
      const given = copyOptions(options)
      const turn = turns.nextToHandOver()
      if (turn) await waiting(call, turn, 'its turn')
      const request = readCreateOptions(this.#named(given))
      const own = maker ? { ...request, maker } : request
      const create = () => createSandbox(withCall(this.#context, call), own)
      const { stored, made } = await (request.ephemeral ? this.#context.ephemerals.making(create, maker) : create())
      this.#context.networks.fresh.clear()
      const warnings = this.#context.forwarding.warnings(stored.record.endpoints)
      return new Sandbox(this.#context, stored, made, warnings instanceof Promise ? await warnings : warnings)
    } catch (error) {
      await host.discard()
      await takeBackFresh(this.#context)
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
  get(nameOrId: string, options: CallOptions = {}): Promise<Sandbox> {
    return this.#context.work.look(
      async () => {
        checkOptions('sandboxes.get', options, callChecks)
        if (typeof nameOrId !== 'string')
          throw invalid(`sandboxes.get takes a name or an id, and got ${show(nameOrId)}.`)
        return new Sandbox(this.#context, await findSandbox(this.#context.records, nameOrId))
      },
      'sandboxes.get',
      options,
    )
  }

  /**
   * The sandboxes of this host, whoever made them, by name.
   *
   * @example
   * await slipway.sandboxes.list({ label: 'job=7', network: 'web' })
   *
   * @throws {SlipwayError} `INVALID_ARGUMENT` for a filter that there is not.
   */
  list(filters: SandboxFilters & CallOptions = {}): Promise<Sandbox[]> {
    return this.#context.work.look(
      async () => {
        const matches = readFilters(filters, (network) => namedPredefined(this.#context.host.identity, network))
        const found = (await listRecords(this.#context.records)).filter(({ record }) => matches(record))
        return found.map((stored) => new Sandbox(this.#context, stored))
      },
      'sandboxes.list',
      filters,
    )
  }

  /**
   * Removes the sandboxes that nobody uses: the process that made them has ended, no process is inside, none has a
   * socket inside, and no other sandbox shares their network. (Docker's `container prune` removes those that have
   * stopped.) Processes of other pid namespaces are seen from the first one alone.
   *
   * @example
   * await slipway.sandboxes.prune({ label: 'ci', until: '24h' })
   *
   * @returns Their names: where it is given up, of those that were removed by then.
   */
  prune(filters: PruneFilters & CallOptions = {}): Promise<string[]> {
    const prune = async (call?: Call) => pruneSandboxes(withCall(this.#context, call), readPruneFilters(filters))
    return this.#context.work.run(prune, 'sandboxes.prune', filters)
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
