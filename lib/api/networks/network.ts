import { dirname } from 'node:path'
import type { InspectOptionsStylized } from 'node:util'
import { canonicalAddress, isIp } from '../../base/addresses/address.js'
import { familyOf } from '../../base/addresses/ip.js'
import { invalid, show, SlipwayError } from '../../base/errors.js'
import { SHOWN, shown } from '../../base/shown.js'
import { callChecks, type Call, type CallOptions } from '../../base/call.js'
import { checkOptions } from '../../base/checks.js'
import { reserveAddress } from '../../work/addresses.js'
import { withCall, type Context } from '../../work/context.js'
import { readNetworkRecord, type StoredNetwork } from '../../store/network-records.js'
import type { SandboxRecord } from '../../store/records.js'
import { inspectNetwork, type NetworkFacts, type NetworkInspect } from './inspect.js'
import { membersOf } from '../../networks/members.js'
import { removeNetworkOf } from './remove.js'

/** What a {@link Network} says of itself to JSON.stringify(). */
export type NetworkSummary = Pick<
  Network,
  'id' | 'name' | 'driver' | 'created' | 'internal' | 'subnets' | 'bridge' | 'labels' | 'userDefined'
>

/** A network of this host: `slipway.networks`. It lives in the kernel and outlives this object and this process. */
export class Network {
  readonly #context: Context
  readonly #records: () => Promise<readonly SandboxRecord[]>
  readonly #facts: NetworkFacts
  readonly #stored: StoredNetwork | undefined
  #removing: Promise<void> | undefined

  /**
   * What will keep its sandboxes from others, or others from them, a sentence each, as `networks.create` has found it:
   * forwarding that is off on the way to the world, say. Empty for a network that `get` or `list` has found.
   */
  readonly warnings: readonly string[]

  /**
   * @internal
   *
   * @param records - Those of the host's sandboxes.
   * @param stored - Of a network that somebody has created.
   */
  constructor(
    context: Context,
    records: () => Promise<readonly SandboxRecord[]>,
    facts: NetworkFacts,
    stored?: StoredNetwork,
    warnings: readonly string[] = [],
  ) {
    this.#context = context
    this.#records = records
    this.#facts = facts
    this.#stored = stored
    this.warnings = warnings
  }

  /** 64 hex digits. */
  get id(): string {
    return this.#facts.id
  }

  /** As it was created. */
  get name(): string {
    return this.#facts.name
  }

  /** `bridge`, `macvlan`, `ipvlan`, `host` or `null`. */
  get driver(): string {
    return this.#facts.driver
  }

  /** ISO 8601; empty for networks that every host has. */
  get created(): string {
    return this.#facts.created
  }

  /** No way out or in, but for the host itself. */
  get internal(): boolean {
    return this.#facts.internal
  }

  /** As they were given. */
  get labels(): Readonly<Record<string, string>> {
    return this.#facts.labels
  }

  /** Whether somebody has created it; `bridge`, `host` and `none` are always there. */
  get userDefined(): boolean {
    return this.#facts.userDefined
  }

  /** Name of its bridge on the host; none where the network has no bridge, or has not been used yet. */
  get bridge(): string | undefined {
    return this.#facts.bridge
  }

  /** CIDRs of its subnets. */
  get subnets(): readonly string[] {
    return (
      this.#stored?.record.spec.subnets.map(({ subnet }) => subnet) ??
      this.#facts.config?.map(({ Subnet }) => Subnet) ??
      []
    )
  }

  /** The JSON of `docker network inspect`. */
  inspect(options: CallOptions = {}): Promise<NetworkInspect> {
    return this.#look('inspect', options, async () => inspectNetwork(this.#facts, await this.#members()))
  }

  /** @internal What {@link inspect} says, but for the sandboxes that are on it: no record is read. */
  describe(): NetworkInspect {
    return inspectNetwork(this.#facts, [])
  }

  /** Names of the sandboxes that are on it. */
  sandboxes(options: CallOptions = {}): Promise<string[]> {
    return this.#look('sandboxes', options, async () => (await this.#members()).map(({ name }) => name))
  }

  /**
   * Takes an address for a sandbox that is yet to be made: this process gives it to no other. Other processes know
   * nothing of it until a sandbox has it. Give it back, and then give it to `sandboxes.create` as `ip` or `ip6`: a free
   * address that was given back comes last.
   *
   * @param address - Default: the next free one.
   * @returns With its prefix: `172.20.0.2/16`.
   * @throws {SlipwayError} `ADDRESS_IN_USE`, `EXHAUSTED`, `INVALID_ARGUMENT`
   */
  reserveAddress(family: 4 | 6, address?: string): Promise<string> {
    return this.#context.work.run(async () => {
      if (family !== 4 && family !== 6) throw invalid('reserveAddress takes the version of IP first: 4 or 6.')
      if (address !== undefined && !(typeof address === 'string' && isIp(address) && familyOf(address) === family))
        throw invalid(`reserveAddress(${family}) takes an address of IPv${family}, and got ${show(address)}.`)
      await this.#requireThere()
      const ready = await this.#context.networks.ready(this.name)
      return reserveAddress(this.#context, ready, family, address === undefined ? undefined : canonicalAddress(address))
    }, 'reserveAddress')
  }

  /** Gives back an address that was reserved. What a sandbox has by now stays its own. */
  async giveBack(address: string): Promise<void> {
    await this.#context.networks.giveBack(this.name, canonicalAddress(address) ?? address)
  }

  /**
   * Removes the network. Called again, it is the same removal.
   *
   * @throws {SlipwayError} `CONFLICT` while sandboxes are on it, naming them; `INVALID_ARGUMENT` for `bridge`, `host`
   * and `none`; `NOT_FOUND` when another has removed it.
   */
  remove(options: CallOptions = {}): Promise<void> {
    const removing = this.#removing
    if (removing) return this.#look('remove', options, () => removing)
    const remove = async (call?: Call) => {
      checkOptions('remove', options, callChecks)
      await removeNetworkOf(withCall(this.#context, call), this.#facts.name, this.#stored)
    }
    const begun = this.#context.work.run(remove, 'remove', options).catch((error: unknown) => {
      this.#removing = undefined
      throw error
    })
    return (this.#removing = begun)
  }

  /** As {@link remove}, for `await using`. */
  /** What it is, for JSON.stringify(). */
  toJSON(): NetworkSummary {
    const { id, name, driver, created, internal, subnets, bridge, labels, userDefined } = this
    return { id, name, driver, created, internal, subnets, bridge, labels, userDefined }
  }

  /** @internal */
  [SHOWN](depth: number, options: InspectOptionsStylized, inspect: typeof import('node:util').inspect): string {
    const { id, name, driver, subnets, internal, bridge, labels } = this
    const facts = {
      name,
      id: id.slice(0, 12),
      driver,
      subnets,
      ...(bridge === undefined ? {} : { bridge }),
      ...(internal ? { internal } : {}),
      ...(Object.keys(labels).length > 0 ? { labels } : {}),
    }
    return shown('Network', name, facts, depth, options, inspect)
  }

  /** As {@link remove}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.remove()
  }

  #look<T>(what: string, options: CallOptions, work: () => Promise<T>): Promise<T> {
    const checked = async () => {
      checkOptions(what, options, callChecks)
      if (what !== 'remove') await this.#requireThere()
      return work()
    }
    return this.#context.work.look(checked, what, options)
  }

  /** @throws {SlipwayError} `NOT_FOUND` when it was removed, by whomever. */
  async #requireThere(): Promise<void> {
    const { name, id } = this.#facts
    if (!this.#stored) return
    const found = await readNetworkRecord(dirname(this.#stored.path), name)
    if (found?.record.id !== id) throw new SlipwayError('NOT_FOUND', `The network ${name} was removed.`)
  }

  async #members(): Promise<SandboxRecord[]> {
    return membersOf(this.#facts.name, await this.#records())
  }
}
