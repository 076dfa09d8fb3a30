import { invalid, show, SlipwayError } from '../errors.js'
import { printPlan } from '../plan/print.js'
import { listRecords, readRecord, type StoredRecord } from '../state/records.js'
import type { Context } from './context.js'
import { copyOptions, nameCheck, readCreateOptions, type CreateOptions } from './create-options.js'
import { createSandbox, explainSandbox } from './create-sandbox.js'
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
   * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT` (a name, interface or subnet is taken), `PORT_IN_USE`,
   * `ADDRESS_IN_USE`, `EXHAUSTED`, `UNSUPPORTED`, `CLOSED`, `KERNEL`
   */
  create(options: CreateOptions = {}): Promise<Sandbox> {
    return this.#context.work.run(async () => {
      // Copied now, as the caller may use the object again; checked in its turn, as there may be hundreds.
      const given = copyOptions(options)
      const turn = this.#context.turns.next()
      if (turn) await turn
      // A third of the time that it takes is the making of the namespace: that begins before the arguments are looked at.
      if (given?.network !== 'host') this.#context.host.prepare()
      try {
        const request = readCreateOptions(given, this.#context.settings)
        return new Sandbox(this.#context, await createSandbox(this.#context, request))
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
    return this.#context.work.run(async () => printPlan(await explainSandbox(this.#context, readCreateOptions(options, this.#context.settings))))
  }

  /**
   * A sandbox by name, id, or the beginning of an id that no other has.
   *
   * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
   */
  get(nameOrId: string): Promise<Sandbox> {
    return this.#context.work.run(async () => new Sandbox(this.#context, await this.#find(nameOrId)))
  }

  async #find(nameOrId: string): Promise<StoredRecord> {
    const { records } = this.#context
    if (typeof nameOrId !== 'string') throw invalid(`sandboxes.get takes a name or an id, and got ${show(nameOrId)}.`)
    const named = nameCheck(nameOrId) === undefined ? await readRecord(records, nameOrId) : undefined
    if (named) return named
    const found = /^[0-9a-f]+$/.test(nameOrId) ? (await listRecords(records)).filter(({ record }) => record.id.startsWith(nameOrId)) : []
    const [one, other] = found
    if (!one) throw new SlipwayError('NOT_FOUND', `There is no sandbox ${show(nameOrId)} on this host. slipway ls shows what there is.`)
    if (other) throw new SlipwayError('CONFLICT', `Several sandboxes have an id that begins with ${nameOrId}: ${found.map(({ record }) => record.name).join(', ')}. Give more digits, or a name.`)
    return one
  }

  /** All sandboxes of this host, whoever made them, by name. */
  list(): Promise<Sandbox[]> {
    return this.#context.work.run(async () => (await listRecords(this.#context.records)).map((stored) => new Sandbox(this.#context, stored)))
  }
}
