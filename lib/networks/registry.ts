import {
  addressNetwork,
  claimNetwork,
  createNetwork,
  finishNetwork,
  nameBridge,
  removeNetwork,
} from '../drivers/bridge/network.js'
import type { BridgeEndpoint } from '../store/endpoint.js'
import { removeLeaf } from '../drivers/bridge/leaf.js'
import { show, SlipwayError } from '../base/errors.js'
import { PlanRefused, type Host } from '../kernel/host.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { Settings } from '../base/settings.js'
import type { Plan } from '../plan/operation.js'
import { bridgeInUse, explainRefusal, isSubnetTaken, networkNameInUse } from '../claims/refusals.js'
import { removeWhatIsThere } from '../claims/collect.js'
import { Holdings } from '../claims/holdings.js'
import { readOwed } from './owed.js'
import { isAlive } from '../store/maker.js'
import {
  listNetworkRecords,
  readNetworkRecord,
  specOf,
  storeNetwork,
  type StoredNetwork,
} from '../store/network-records.js'
import { draftNetwork, type CreateNetworkOptions } from './create-options.js'
import { DefaultBridge } from '../drivers/bridge/default-network.js'
import { ensureRuleset, missingRuleset } from '../claims/ensure-ruleset.js'
import { bridgesOf, leavesOf } from '../drivers/bridge/leaves.js'
import { wasTakenAway } from '../drivers/bridge/lost-bridge.js'
import { isNamedBridge, isNamelessBridge } from '../drivers/bridge/own-bridge.js'
import { learnAddresses, readyNetwork, releaseAddress, type ReadyNetwork } from '../drivers/ready.js'
import { DEFAULT_NETWORK, FAMILIES, type NetworkSpec } from '../store/network-spec.js'
import { Surroundings } from '../drivers/surroundings.js'
import { now, sleep } from '../base/timers.js'

/** The subnet or bridge of a draft may be taken by another process meanwhile: so often another is drafted. */
const TRIES = 64

/** A network that is younger, in milliseconds, may be in the making by its maker, if that lives. */
const MAKING_MS = 1000
const STEP_MS = 10
/** Others may restore the same at once: this often it is looked at again. */
const RESTORES = 16

/** Folders of records. */
export interface RecordFolders {
  networks: string
  sandboxes: string
}

/** The bridge networks of a host, by name: those in use by this process are known, the others are read. */
export class NetworkRegistry {
  readonly #host: Host
  readonly #settings: Settings
  /** Folder of the networks' records. */
  readonly records: string
  readonly #folders: RecordFolders
  readonly #surroundings: Surroundings
  /** Subnets of networks that are about to be made, by their ids. */
  readonly #chosen = new Map<string, readonly Occupied[]>()
  readonly defaultBridge: DefaultBridge
  readonly #ready = new Map<string, ReadyNetwork | Promise<ReadyNetwork>>()

  constructor(host: Host, settings: Settings, folders: RecordFolders) {
    this.#host = host
    this.#settings = settings
    this.records = folders.networks
    this.#surroundings = new Surroundings(host, settings, folders.networks)
    this.#folders = folders
    this.defaultBridge = new DefaultBridge(host, settings, this.#surroundings, folders.sandboxes, () =>
      this.ensureRuleset(),
    )
  }

  /**
   * Has the ruleset whole, with what every sandbox and network is to have in it: whatever is missing is written in one
   * transaction.
   *
   * @returns Sandboxes and networks that were given something back.
   */
  ensureRuleset(): Promise<string[]> {
    return ensureRuleset(this.#host, async () =>
      readOwed(this.#host, this.#folders, await this.defaultBridge.present()),
    )
  }

  /**
   * A network that endpoints can be made on, by name, id or the beginning of an id. At once where it is known by its
   * name.
   *
   * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
   */
  ready(nameOrId: string): ReadyNetwork | Promise<ReadyNetwork> {
    if (nameOrId === DEFAULT_NETWORK) return this.defaultBridge.ensure()
    return this.#ready.get(nameOrId) ?? this.#find(nameOrId)
  }

  /** The same for a plan that is only shown: what is missing, and nothing written. */
  async preview(name: string): Promise<{ ready: ReadyNetwork; missing: Plan }> {
    if (name === DEFAULT_NETWORK) return this.defaultBridge.preview()
    const spec = specOf(await this.stored(name))
    const missing = [...(await missingRuleset(this.#host)), ...(await this.#missingOf(spec))]
    return {
      ready: await readyNetwork(spec, bridgesOf(spec, this.#host, this.#settings, missing), this.#host, true),
      missing,
    }
  }

  /**
   * What is remembered of a network, found by name, id or the beginning of an id. @throws {SlipwayError} `NOT_FOUND`
   */
  async stored(nameOrId: string): Promise<StoredNetwork> {
    const named = await readNetworkRecord(this.records, nameOrId)
    if (named) return named
    const found = /^[0-9a-f]+$/.test(nameOrId)
      ? (await this.list()).filter(({ record }) => record.id.startsWith(nameOrId))
      : []
    const [one, other] = found
    if (one && !other) return one
    if (other)
      throw new SlipwayError(
        'CONFLICT',
        `Several networks have an id that begins with ${nameOrId}: ${found.map(({ record }) => record.name).join(', ')}. Give more digits, or a name.`,
      )
    throw new SlipwayError(
      'NOT_FOUND',
      `There is no network ${show(nameOrId)} on this host. slipway network ls shows what there is (bridge, host and none are always there), slipway network create makes one.`,
    )
  }

  list(): Promise<StoredNetwork[]> {
    return listNetworkRecords(this.records)
  }

  /** Makes a network. All of it, or nothing. */
  async create(options: CreateNetworkOptions): Promise<StoredNetwork> {
    for (let attempt = 1; ; attempt++) {
      const record = await draftNetwork(
        options,
        this.#settings,
        this.#surroundings,
        await this.defaultBridge.kept(),
        this.#chosen,
      )
      const stored = storeNetwork(this.records, record)
      try {
        // A bridge is made and given its alias in one go, and the kernel goes on with the second where it refuses the
        // first.
        if (await this.#host.find('link', { name: record.spec.bridge }))
          throw new SlipwayError('CONFLICT', bridgeInUse(record.spec.bridge))
        await this.ensureRuleset()
        await this.#host.run(createNetwork(specOf(stored)))
        void this.#remember(record.name, this.#readied(specOf(stored), false))
        return stored
      } catch (error) {
        if (!(error instanceof PlanRefused)) throw error
        // Where the subnet was not chosen by us, the next draft says who has it.
        if (attempt < TRIES && (isSubnetTaken(error) || wasTakenAway(error))) continue
        throw await explainRefusal(error, this.#host)
      } finally {
        this.#chosen.delete(record.id)
      }
    }
  }

  /** The plan that would make a network, after what is missing on the host. Writes nothing. */
  async explain(options: CreateNetworkOptions): Promise<Plan> {
    if (await readNetworkRecord(this.records, options.name))
      throw new SlipwayError('CONFLICT', networkNameInUse(options.name))
    const record = await draftNetwork(
      options,
      this.#settings,
      this.#surroundings,
      await this.defaultBridge.kept(),
      new Map(),
    )
    const missing = await missingRuleset(this.#host)
    return [...missing, ...createNetwork(specOf(storeNetwork(this.records, record)))]
  }

  /**
   * Removes a network whose record is gone already: whoever makes an endpoint of it meanwhile finds no record at the
   * end, and takes the endpoint back.
   */
  async remove(spec: NetworkSpec): Promise<void> {
    this.#ready.delete(spec.name)
    await this.#host.run(await this.#removal(spec))
  }

  /** The same where somebody has taken part of it away already. */
  async removeRest(spec: NetworkSpec): Promise<void> {
    await removeWhatIsThere(this.#host, await this.#removal(spec))
  }

  /**
   * A link by the name of its bridge that is not its bridge stays: a record may name any, and an administrator may have
   * made one since.
   */
  async #removal(spec: NetworkSpec): Promise<Plan> {
    const links = await this.#host.ask('links', {})
    const plan = removeNetwork(
      spec,
      leavesOf(links, spec).map((number) => removeLeaf(spec, number)),
    )
    const there = links.find(({ name }) => name === spec.bridge)
    const isOthers =
      there !== undefined && !isNamedBridge(there, spec.name) && !(await isNamelessBridge(this.#host, there, spec.name))
    return isOthers
      ? plan.filter((operation) => operation.op !== 'link.delete' || operation.name !== spec.bridge)
      : plan
  }

  /** Forgets what is known: the next {@link ready} looks again. */
  forget(name?: string): void {
    if (name === undefined) this.#ready.clear()
    else this.#ready.delete(name)
    if (name === undefined || name === DEFAULT_NETWORK) this.defaultBridge.forget()
  }

  /** Gives the addresses that an endpoint had back to this process's tables, if it has some by now. */
  release({ network, addresses }: Pick<BridgeEndpoint, 'network' | 'addresses'>): Promise<void> | undefined {
    return this.#withKnown(network, (ready) => {
      for (const family of FAMILIES) if (addresses[family]) releaseAddress(ready, addresses[family].address)
    })
  }

  /** The same for its place on a bridge. */
  leave({ network, bridge }: Pick<BridgeEndpoint, 'network' | 'bridge'>): Promise<void> | undefined {
    return this.#withKnown(network, ({ bridges }) => bridges.release(bridge))
  }

  /** At once where the network is known, later where it is about to be, and never where it is not. */
  #withKnown(network: string, give: (ready: ReadyNetwork) => void): Promise<void> | undefined {
    const known = network === DEFAULT_NETWORK ? this.defaultBridge.known() : this.#ready.get(network)
    if (known instanceof Promise) return known.then(give, () => undefined)
    if (known) give(known)
    return undefined
  }

  learn(ready: ReadyNetwork): Promise<void> {
    return learnAddresses(ready, this.#host)
  }

  /**
   * An address that we drew was claimed by another first: what others have is learned, and ours are drawn from another
   * place on. They draw one after the other as we do, and would meet us again and again.
   */
  async overtaken(ready: ReadyNetwork): Promise<void> {
    await this.learn(ready)
    for (const { pool } of ready.pools) pool.startAt(Math.random())
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

  #readied(spec: NetworkSpec, used: boolean): Promise<ReadyNetwork> {
    return readyNetwork(spec, bridgesOf(spec, this.#host, this.#settings), this.#host, used)
  }

  /**
   * Gives a network back what somebody has flushed or deleted of it, bridge or elements. Returns whether there was
   * such.
   *
   * @throws {SlipwayError} `CONFLICT` when there is an interface of somebody else's by the name of its bridge.
   */
  async restore(stored: StoredNetwork): Promise<boolean> {
    const { created, maker } = stored.record
    const spec = specOf(stored)
    let restored = false
    // By the clock of the day, which may have been set since: no reason to wait for longer than a making takes.
    const isNew = Date.now() - Date.parse(created) < MAKING_MS
    const begun = now()
    for (let attempt = 1; ;) {
      await this.ensureRuleset()
      const missing = await this.#missingOf(spec)
      if (missing.length === 0) return restored
      if (isNew && now() - begun < MAKING_MS && isAlive(maker)) {
        await sleep(STEP_MS)
        // Its maker was refused, or another has removed it.
        if (await this.#isRemoved(stored)) return false
        continue
      }
      try {
        await this.#host.run(missing)
        restored = true
      } catch (error) {
        if (!(error instanceof PlanRefused)) throw error
        const isRace = wasTakenAway(error) || (error.errnoName === 'EEXIST' && !isSubnetTaken(error))
        if (!isRace || attempt++ >= RESTORES) throw await explainRefusal(error, this.#host)
        if (await this.#isRemoved(stored)) return false
      }
    }
  }

  async #isRemoved({ record, text }: StoredNetwork): Promise<boolean> {
    return (await readNetworkRecord(this.records, record.name))?.text !== text
  }

  async #missingOf(spec: NetworkSpec): Promise<Plan> {
    const link = await this.#host.find('link', { name: spec.bridge })
    const holdings = new Holdings(this.#host)
    const { record: _, ...withoutRecord } = spec
    if (!link) return holdings.lacking(createNetwork(withoutRecord))
    const named = isNamedBridge(link, spec.name)
    if (!named && !(await isNamelessBridge(this.#host, link, spec.name))) {
      throw new SlipwayError(
        'CONFLICT',
        `There is an interface ${spec.bridge}, and it is not the bridge of the network ${spec.name}. If nothing needs it, remove it (ip link delete ${spec.bridge}), and the bridge is made anew.`,
      )
    }
    const own = [...(await this.#host.ask('addresses', {})), ...(await this.#host.ask('addresses', { ipv6: true }))]
    const present = own.filter(({ index }) => index === link.index).map(({ address }) => address)
    const addresses = addressNetwork(spec, present)
    const claims = await holdings.lacking(claimNetwork(spec))
    const rest = await holdings.lacking(finishNetwork(spec))
    if (named && claims.length + addresses.length === 0 && link.up && !rest.some(({ op }) => op === 'element.add'))
      return []
    return [...(named ? [] : [nameBridge(spec)]), ...claims, ...addresses, ...rest]
  }
}
