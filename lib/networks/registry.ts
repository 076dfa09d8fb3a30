import type { StoredEndpoint } from '../store/endpoint.js'
import { byId, isWholeId } from '../base/by-name-or-id.js'
import { sleep } from '../base/timers.js'
import { SubnetTaken } from '../claims/addresses/complete.js'
import type { NetworkSubnet } from '../base/addresses/network-subnet.js'
import type { Call } from '../base/call.js'
import { show, SlipwayError } from '../base/errors.js'
import type { Host } from '../kernel/host.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { Settings } from '../base/settings.js'
import type { Plan } from '../plan/operation.js'
import { networkNameInUse } from '../claims/refusals.js'
import { retrying } from '../claims/retry.js'
import { removeWhatIsThere } from '../claims/remove-if-there.js'
import { readExpectedElements, readOwners } from './expected-elements.js'
import { restoreNetwork } from './restore.js'
import {
  listNetworkRecords,
  readNetworkRecord,
  specOf,
  toStoredNetwork,
  type NetworkRecord,
  type StoredNetwork,
} from '../store/network-records.js'
import type { NetworkOptions } from './create-options.js'
import { draftNetwork } from './draft-network.js'
import { ensureRuleset } from '../claims/ensure-ruleset.js'
import { missingRuleset } from '../claims/missing-ruleset.js'
import { driverOf, networkDrivers, networksOf } from '../drivers/index.js'
import { networkRaceOf } from '../drivers/network-race.js'
import type { NetworksOf, PredefinedNetwork } from '../drivers/networks-of.js'
import type { EventHub } from '../events/hub.js'
import { learnAddresses, readyNetwork, releaseAddress, type ReadyNetwork } from '../drivers/ready.js'
import { FAMILIES, type NetworkSpec } from '../store/network-spec.js'
import { KernelView } from './kernel-view.js'

/** The subnet of a draft may be taken by another process meanwhile: so often another is drafted. */
const TRIES = 64
/** So often it is made again where somebody deletes a part of it in the making. */
const DELETIONS = 16

/** So often, and after so many milliseconds each, it looks whether a network that is being made gets its subnet. */
const LOOKS = 20
const LOOK_MS = 10

/** In {@link NetworkRegistry.fresh}: no network's name. */
export const RULESET = 'the ruleset'

/** Folders of records. */
export interface RecordFolders {
  networks: string
  sandboxes: string
}

/** The networks of a host, by name: those in use by this process are known, the others are read. */
export class NetworkRegistry {
  readonly #host: Host
  readonly #settings: Settings
  /** Folder of the networks' records. */
  readonly records: string
  readonly #folders: RecordFolders
  readonly #hostView: KernelView
  /** Subnets of networks that are about to be made, by their ids. */
  readonly #chosen = new Map<string, readonly Occupied[]>()
  readonly #events: Pick<EventHub, 'healed' | 'tell'> | undefined
  /** Those that every host has, by name. */
  readonly predefined: ReadonlyMap<string, PredefinedNetwork>
  /**
   * What this process has made for its first call that needs it: networks that every host has, and the ruleset. Where
   * that call is refused, it goes again.
   */
  readonly fresh = new Set<string>()
  /** What tables of an older version had that were replaced, and is not there any more. */
  readonly leftOut: string[] = []
  readonly #ready = new Map<string, ReadyNetwork | Promise<ReadyNetwork>>()

  /** @param events - Is told of what was given back with the ruleset. */
  constructor(host: Host, settings: Settings, folders: RecordFolders, events?: Pick<EventHub, 'healed' | 'tell'>) {
    this.#host = host
    this.#events = events
    this.#settings = settings
    this.records = folders.networks
    const hostView = new KernelView(host, settings, folders.networks)
    this.#hostView = hostView
    this.#folders = folders
    const { sandboxes } = folders
    const place = {
      host,
      settings,
      hostView,
      sandboxes,
      ensureRuleset: () => this.ensureRuleset(),
      made: (name: string) => void this.fresh.add(name),
    }
    this.predefined = new Map(
      networkDrivers.flatMap((driver) => {
        const { predefined } = driver.networks
        return predefined ? [[predefined.name, predefined.open({ ...place, driver })]] : []
      }),
    )
  }

  /**
   * Has the ruleset whole, with what every sandbox and network is to have in it: whatever is missing is written in one
   * transaction.
   *
   * @returns Sandboxes and networks that were given something back.
   */
  async ensureRuleset(): Promise<string[]> {
    const given = await ensureRuleset(
      this.#host,
      {
        elements: async () => readExpectedElements(this.#host, this.#folders, await this.present()),
        owners: () => readOwners(this.#folders),
      },
      {
        wrote: () => void this.fresh.add(RULESET),
        replaced: (leftOut) => void this.leftOut.push(...leftOut),
        accepted: (what) =>
          this.#events?.tell(
            'warning',
            `Of Slipway's ruleset, ${what.join(', ')} stays as it is, and is not as Slipway has written it: this kernel tells it otherwise, or rules of others refer to it`,
          ),
      },
    )
    if (given.length > 0) this.#events?.healed(given)
    return given
  }

  /** What networks are that every host has, as far as they are there. */
  async present(): Promise<NetworkSpec[]> {
    const found: NetworkSpec[] = []
    for (const predefined of this.predefined.values()) {
      const spec = await predefined.present()
      if (spec) found.push(spec)
    }
    return found
  }

  /** The subnets that such a network will have when it is there. */
  async #kept(): Promise<Occupied[]> {
    const found: Occupied[] = []
    for (const predefined of this.predefined.values()) found.push(...(await predefined.kept()))
    return found
  }

  /**
   * A network that endpoints can be made on, by name, id or the beginning of an id. At once where it is known by its
   * name.
   *
   * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
   */
  ready(nameOrId: string): ReadyNetwork | Promise<ReadyNetwork> {
    if (isWholeId(nameOrId)) return this.#find(nameOrId)
    return this.predefined.get(nameOrId)?.ensure() ?? this.#ready.get(nameOrId) ?? this.#find(nameOrId)
  }

  /** The same for a plan that is only shown: what is missing, and nothing written. */
  async preview(name: string): Promise<{ ready: ReadyNetwork; missing: Plan }> {
    const predefined = this.predefined.get(name)
    if (predefined) return predefined.preview()
    const spec = specOf(await this.stored(name))
    const missing = [...(await missingRuleset(this.#host)), ...(await networksOf(spec).missing(this.#host, spec))]
    return {
      ready: await this.#readied(spec, true, missing),
      missing,
    }
  }

  /**
   * What is remembered of a network, found by its whole id, its name or the beginning of an id.
   *
   * @throws {SlipwayError} `NOT_FOUND`
   */
  async stored(nameOrId: string): Promise<StoredNetwork> {
    const named = () => readNetworkRecord(this.records, nameOrId)
    const withId = async () =>
      byId(/^[0-9a-f]+$/.test(nameOrId) ? await this.list() : [], nameOrId, 'network', ({ record: { id, name } }) => ({
        id,
        name,
      }))
    const found = isWholeId(nameOrId) ? ((await withId()) ?? (await named())) : ((await named()) ?? (await withId()))
    if (found) return found
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no network ${show(nameOrId)} on this host. slipway network ls shows what there is (bridge, host and none are always there), slipway network create makes one.`,
    )
  }

  list(): Promise<StoredNetwork[]> {
    return listNetworkRecords(this.records)
  }

  /** Makes a network. All of it, or nothing. */
  create(options: NetworkOptions, call?: Call): Promise<StoredNetwork> {
    let networks: NetworksOf | undefined
    let deleted = 0
    return retrying(
      { host: this.#host, call },
      {
        tries: TRIES,
        attempt: async () => {
          const record = await this.#draft(options, call)
          try {
            const stored = toStoredNetwork(this.records, record)
            const spec = specOf(stored)
            networks = networksOf(spec)
            await networks.refuseTaken(this.#host, spec)
            call?.check()
            await this.ensureRuleset()
            const plan = await this.#making(networks, spec)
            call?.check()
            await this.#host.run(plan)
            void this.#remember(record.name, this.#readied(spec, false))
            return stored
          } finally {
            this.#chosen.delete(record.id)
          }
        },
        remedy: (refused) => {
          const race = networks && networkRaceOf(networks, refused)
          // Where the subnet was asked for, the next draft says who has it.
          return race === 'took the subnet' || (race === 'deleted a part' && ++deleted < DELETIONS)
            ? 'again'
            : undefined
        },
      },
    )
  }

  /** The plan that would make a network, after what is missing on the host. Writes nothing. */
  async explain(options: NetworkOptions): Promise<Plan> {
    if (await readNetworkRecord(this.records, options.name))
      throw new SlipwayError('CONFLICT', networkNameInUse(options.name))
    const record = await draftNetwork(options, this.#settings, this.#hostView, await this.#kept(), new Map())
    const missing = await missingRuleset(this.#host)
    const spec = specOf(toStoredNetwork(this.records, record))
    return [...missing, ...(await this.#making(networksOf(spec), spec))]
  }

  /**
   * The subnets that a network with these options would have, which no other network of this process is given until
   * they are released.
   */
  async reserve(options: NetworkOptions, call?: Call): Promise<{ subnets: readonly NetworkSubnet[]; release(): void }> {
    const record = await this.#draft(options, call)
    return { subnets: record.spec.subnets, release: () => void this.#chosen.delete(record.id) }
  }

  /** What it will be. Whose subnet another network is just about to have or not looks again until that is known. */
  async #draft(options: NetworkOptions, call: Call | undefined): Promise<NetworkRecord> {
    for (let look = 1; ; look++) {
      try {
        return await draftNetwork(options, this.#settings, this.#hostView, await this.#kept(), this.#chosen)
      } catch (error) {
        if (!(error instanceof SubnetTaken && error.by.undecided) || look === LOOKS) throw error
        await sleep(LOOK_MS)
        call?.check()
      }
    }
  }

  async #making(networks: NetworksOf, spec: NetworkSpec): Promise<Plan> {
    const plan = networks.create(spec)
    return networks.sparing ? networks.sparing(this.#host, plan) : plan
  }

  /**
   * Removes a network whose record says so already: whoever makes an endpoint of it meanwhile finds that at the end,
   * and takes the endpoint back.
   *
   * @param forget - Deletes the record: first, as links that were deleted are not given back.
   */
  async remove(spec: NetworkSpec, forget: Plan): Promise<void> {
    this.#ready.delete(spec.name)
    await this.#host.run([...forget, ...(await networksOf(spec).removal(this.#host, spec))])
  }

  /** The same where somebody has taken part of it away already. */
  async removeRest(spec: NetworkSpec, forget: Plan): Promise<void> {
    await removeWhatIsThere(this.#host, [...forget, ...(await networksOf(spec).removal(this.#host, spec))])
  }

  /** Forgets what is known: the next {@link ready} looks again. */
  forget(name?: string): void {
    if (name === undefined) this.#ready.clear()
    else this.#ready.delete(name)
    for (const predefined of this.predefined.values())
      if (name === undefined || name === predefined.name) predefined.forget()
  }

  /** Gives the addresses that an endpoint had back to this process's tables, if it has some by now. */
  release({ network, addresses }: Pick<StoredEndpoint, 'network' | 'addresses'>): Promise<void> | undefined {
    return this.#withKnown(network, (ready) => {
      for (const family of FAMILIES) if (addresses[family]) releaseAddress(ready, addresses[family].address)
    })
  }

  /** An address that was reserved, and that no endpoint has come to have. */
  giveBack(network: string, address: string): Promise<void> | undefined {
    return this.#withKnown(network, ({ pools }) => {
      for (const { pool } of pools) if (pool.covers(address)) pool.giveBack(address)
    })
  }

  /** The same for its place on a bridge. */
  leave(endpoint: StoredEndpoint): Promise<void> | undefined {
    return this.#withKnown(endpoint.network, ({ use }) => use.leave(endpoint))
  }

  /** At once where the network is known, later where it is about to be, and never where it is not. */
  #withKnown(network: string, give: (ready: ReadyNetwork) => void): Promise<void> | undefined {
    const predefined = this.predefined.get(network)
    const known = predefined ? predefined.known() : this.#ready.get(network)
    if (known instanceof Promise) return known.then(give, () => undefined)
    if (known) give(known)
    return undefined
  }

  learn(ready: ReadyNetwork): Promise<void> {
    return learnAddresses(ready)
  }

  /**
   * An address that we drew was claimed by another first: ours are drawn from another place on, and what others have is
   * learned. They draw one after the other as we do, and would meet us again and again; so would what is drawn while we
   * learn.
   */
  afterLostAddress(ready: ReadyNetwork): Promise<void> {
    for (const { pool } of ready.pools) pool.startAt(Math.random())
    return this.learn(ready)
  }

  /** By whatever it was asked for, there is one {@link ReadyNetwork}, with one pool for each of its subnets. */
  async #find(nameOrId: string): Promise<ReadyNetwork> {
    const stored = await this.stored(nameOrId)
    const { name } = stored.record
    const known = this.#ready.get(name)
    if (known) return known
    return this.#remember(name, this.#adopt(stored))
  }

  /** What could not be made ready is tried anew. */
  #remember(name: string, ready: Promise<ReadyNetwork>): Promise<ReadyNetwork> {
    this.#ready.set(name, ready)
    const isMeant = () => this.#ready.get(name) === ready
    ready.then(
      (there) => isMeant() && this.#ready.set(name, there),
      () => isMeant() && this.#ready.delete(name),
    )
    return ready
  }

  async #adopt(stored: StoredNetwork): Promise<ReadyNetwork> {
    await this.restore(stored)
    return this.#readied(specOf(stored), true)
  }

  #readied(spec: NetworkSpec, used: boolean, missing?: Plan[number][]): Promise<ReadyNetwork> {
    return readyNetwork(driverOf(spec), spec, this.#host, this.#settings, used, missing)
  }

  /**
   * Gives a network back what somebody has flushed or deleted of it. Returns whether there was such.
   *
   * @throws {SlipwayError} `CONFLICT` when something of somebody else's stands in its place.
   */
  restore(stored: StoredNetwork): Promise<boolean> {
    return restoreNetwork(this.#host, this.records, stored, () => this.ensureRuleset())
  }
}
