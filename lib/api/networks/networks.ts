import { byId, isWholeId } from '../../base/by-name-or-id.js'
import { Rounds } from '../../base/rounds.js'
import { callChecks, isGivenUp, type Call, type CallOptions } from '../../base/call.js'
import { checkOptions, isOptions } from '../../base/checks.js'
import { DescriptorReserve } from '../../base/descriptor-reserve.js'
import { invalid, show, SlipwayError } from '../../base/errors.js'
import { printPlan } from '../../plan/print.js'
import type { Context } from '../../work/context.js'
import { nameCheck } from '../../base/name.js'
import { readNetworkRecord, specOf, type StoredNetwork } from '../../store/network-records.js'
import { listRecords, type SandboxRecord } from '../../store/records.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import { checkNetworkOptions, type CreateNetworkOptions, type NetworkOptions } from '../../networks/create-options.js'
import type { PruneFilters } from '../../base/filters.js'
import { matches, readFilters, readPruneFilters, type NetworkFilters } from './filters.js'
import { ipamConfig, type NetworkFacts } from './inspect.js'
import { membersOf } from '../../networks/members.js'
import { Network } from './network.js'
import { networksOf } from '../../drivers/index.js'
import type { PredefinedNetwork } from '../../drivers/networks-of.js'
import { isPredefined, PREDEFINED } from '../../drivers/predefined.js'
import { predefinedId } from '../../store/predefined.js'
import { takeBackFresh } from '../../work/take-back.js'
import { removeNetworkOf } from './remove.js'
import type { NetworkSpec } from '../../store/network-spec.js'

/** So many descriptors, the removal of a network needs at most: for records, a file that is written, and threads. */
const TO_REMOVE = 8

/** The networks of a host: `slipway.networks`. `bridge`, `host` and `none` are always there. */
export class Networks {
  readonly #context: Context
  /** What there is, looked at once for all who ask at the same time. */
  readonly #looks: Rounds<Look>
  readonly #records: Rounds<SandboxRecord[]>
  readonly #reserve = new DescriptorReserve(TO_REMOVE)

  /** @internal */
  constructor(context: Context) {
    this.#context = context
    this.#looks = new Rounds(() => look(context))
    this.#records = new Rounds(async () => (await listRecords(context.records)).map(({ record }) => record))
  }

  /**
   * Creates a network: a bridge with its addresses, apart from all other networks. All of it, or nothing.
   *
   * @example const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/16' }], ipv6:
   * true })
   * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT` (a name, subnet or bridge is taken), `EXHAUSTED`,
   * `UNSUPPORTED`
   */
  create(options: NetworkOptions): Promise<Network> {
    const create = async (call?: Call) => {
      checkNetworkOptions(options, this.#context.settings)
      const { signal: _, timeout: __, ...asked } = options
      const stored = await this.#reserve.during((giveUp) => this.#create(structuredClone(asked), call, giveUp))
      this.#context.spares.begin(stored.record.name)
      this.#context.events.didNetwork(undefined, stored)
      return this.#custom(stored, await this.#context.forwarding.warningsOf(specOf(stored)))
    }
    return this.#context.work.run(create, 'networks.create', options)
  }

  /** @param giveUp - Gives up the descriptors that are held back for taking the network away again. */
  async #create(options: NetworkOptions, call: Call | undefined, giveUp: () => void): Promise<StoredNetwork> {
    const { networks, resolvers } = this.#context
    let stored: StoredNetwork
    try {
      stored = await networks.create(options, call)
    } catch (error) {
      giveUp()
      await takeBackFresh(this.#context)
      throw error
    }
    networks.fresh.clear()
    try {
      await resolvers.serve(specOf(stored))
    } catch (error) {
      giveUp()
      await removeNetworkOf(this.#context, stored.record.name, stored)
      throw error
    }
    return stored
  }

  /**
   * The `ip`, `nft` and `sysctl` commands that `create` with these options would have taken, on this host as it is
   * now. Runs nothing and changes nothing.
   */
  explain(options: NetworkOptions): Promise<string> {
    return this.#context.work.run(async () => {
      checkNetworkOptions(options, this.#context.settings)
      return printPlan(await this.#context.networks.explain(options))
    })
  }

  /**
   * Chooses the subnets that a network with these options would have now, as {@link create} would: no other network
   * that leaves the choice to this process is given them until they are released.
   *
   * @throws {SlipwayError} As {@link create}.
   */
  reserve(options: Omit<CreateNetworkOptions, 'name'> = {}): Promise<ReservedSubnets> {
    const reserve = async (call?: Call) => {
      if (!isOptions(options)) throw invalid(`networks.reserve takes an object of options, and got ${show(options)}.`)
      const { signal: _, timeout: __, ...asked } = options
      const named = { ...structuredClone(asked), name: RESERVED }
      checkNetworkOptions(named, this.#context.settings)
      const { subnets, release } = await this.#context.networks.reserve(named, call)
      return { subnets: subnets.map(requestOfSubnet), release }
    }
    return this.#context.work.run(reserve, 'networks.reserve', options)
  }

  /**
   * A network by name, id, or the beginning of an id that no other has.
   *
   * @throws {SlipwayError} `NOT_FOUND`; `CONFLICT` when several ids begin so.
   */
  get(nameOrId: string, options: CallOptions = {}): Promise<Network> {
    const get = async () => {
      checkOptions('networks.get', options, callChecks)
      if (typeof nameOrId !== 'string' || nameOrId === '')
        throw invalid(`networks.get takes a name or an id, and got ${show(nameOrId)}.`)
      const created = await this.#created(nameOrId)
      if (created) return created
      const all = await this.#all()
      const named = () => all.find(({ name }) => name === nameOrId)
      const withId = () => byId(all, nameOrId, 'network', ({ id, name }) => ({ id, name }))
      const found = isWholeId(nameOrId) ? (withId() ?? named()) : (named() ?? withId())
      if (found) return found
      throw new SlipwayError(
        'NOT_FOUND',
        `There is no network ${show(nameOrId)} on this host. slipway network ls shows what there is.`,
      )
    }
    return this.#context.work.look(get, 'networks.get', options)
  }

  /**
   * The networks of this host, whoever made them, by name.
   *
   * @example
   * await slipway.networks.list({ driver: 'bridge', label: 'team=blue' })
   */
  list(filters: NetworkFilters & CallOptions = {}): Promise<Network[]> {
    const list = async () => {
      const read = readFilters(filters)
      const records = read.dangling === undefined ? [] : await this.#records.run()
      return (await this.#all()).filter((network) =>
        matches(network, read, membersOf(network.name, records).length > 0),
      )
    }
    return this.#context.work.look(list, 'networks.list', filters)
  }

  /**
   * Removes the networks that no sandbox is on.
   *
   * @returns Their names: where it is given up, of those that were removed by then.
   */
  prune(filters: PruneFilters & CallOptions = {}): Promise<string[]> {
    const prune = async (call?: Call) => {
      const read = readPruneFilters(filters)
      const removed: string[] = []
      for (const network of await this.list({ type: 'custom', dangling: true, ...read.list })) {
        if (removed.length === 0) call?.check()
        else if (isGivenUp(call)) break
        if (read.until !== undefined && Date.parse(network.created) >= read.until) continue
        try {
          await network.remove()
          removed.push(network.name)
        } catch (error) {
          // Somebody has begun to use it, or was faster.
          if (!(error instanceof SlipwayError && (error.code === 'CONFLICT' || error.code === 'NOT_FOUND'))) throw error
        }
      }
      return removed
    }
    return this.#context.work.run(prune, 'networks.prune', filters)
  }

  /**
   * A network that somebody has created, by its name. Its record is read, and nothing else: for all networks, the
   * kernel is asked what the network `bridge` would be.
   */
  async #created(name: string): Promise<Network | undefined> {
    if (nameCheck(name) !== undefined || isWholeId(name) || isPredefined(name)) return undefined
    const stored = await readNetworkRecord(this.#context.networks.records, name)
    return stored && this.#custom(stored)
  }

  async #all(): Promise<Network[]> {
    const { stored, predefined } = await this.#looks.run()
    // Others have waited for the same look, and are not to go on all at once.
    const turn = this.#context.turns.next()
    if (turn) await turn
    const custom = stored.map((one) => this.#custom(one))
    const own = predefined.map((facts) => this.#network(facts))
    return [...own, ...custom].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  #network(facts: NetworkFacts, stored?: StoredNetwork, warnings?: readonly string[]): Network {
    return new Network(this.#context, () => this.#records.run(), facts, stored, warnings)
  }

  #custom(stored: StoredNetwork, warnings?: readonly string[]): Network {
    const { record } = stored
    const { name, id, created, ipv4, ipv6, options, labels, spec, subnets } = record
    const config = ipamConfig(spec.subnets, subnets)
    return this.#network(
      {
        name,
        id,
        created,
        driver: spec.driver,
        ipv4,
        ipv6,
        userDefined: true,
        config,
        internal: spec.internal,
        bridge: bridgeOf(spec),
        options,
        labels,
      },
      stored,
      warnings,
    )
  }
}

/** Subnets for a network that is yet to be made. */
export interface ReservedSubnets {
  /** As {@link Networks.create} takes them. */
  subnets: readonly SubnetRequest[]
  /** They may be given to others from now on. */
  release(): void
}

/** What stands in refusals that name a network. */
const RESERVED = 'reserved'

const requestOfSubnet = ({ subnet, gateway, range, aux }: NetworkSubnet): SubnetRequest => ({
  subnet,
  ...(gateway === undefined ? {} : { gateway }),
  ...(range === undefined ? {} : { ipRange: range }),
  ...(Object.keys(aux).length === 0 ? {} : { auxAddresses: aux }),
})

interface Look {
  stored: readonly StoredNetwork[]
  /** Of networks that every host has. */
  predefined: readonly NetworkFacts[]
}

async function look(context: Context): Promise<Look> {
  const stored = await context.networks.list()
  const own = Object.entries(PREDEFINED).map(([name, driver]) => factsOfPredefined(context, name, driver))
  return { stored, predefined: await Promise.all(own) }
}

async function factsOfPredefined({ host, networks }: Context, name: string, driver: string): Promise<NetworkFacts> {
  const facts: NetworkFacts = {
    name,
    id: predefinedId(host.identity, name),
    created: '',
    driver,
    ipv4: true,
    ipv6: false,
    userDefined: false,
    config: null,
    internal: false,
    bridge: undefined,
    options: {},
    labels: {},
  }
  const predefined = networks.predefined.get(name)
  const spec = await specOfPredefined(predefined)
  if (!predefined || !spec) return facts
  return {
    ...facts,
    ipv6: spec.subnets.some(({ family }) => family === 6),
    config: spec.subnets.map(({ subnet, gateway, range }) => ({
      Subnet: subnet,
      ...(range === undefined ? {} : { IPRange: range }),
      ...(gateway === undefined ? {} : { Gateway: gateway }),
    })),
    bridge: bridgeOf(spec),
    options: predefined.describe(spec),
  }
}

/**
 * A network that every host has as it is, or would be made; `undefined` where it cannot be: the other networks do not
 * depend on it.
 */
async function specOfPredefined(predefined: PredefinedNetwork | undefined): Promise<NetworkSpec | undefined> {
  try {
    return await predefined?.look()
  } catch (error) {
    if (error instanceof SlipwayError && (error.code === 'CONFLICT' || error.code === 'EXHAUSTED')) return undefined
    throw error
  }
}

function bridgeOf(spec: NetworkSpec): string | undefined {
  const link = networksOf(spec).hostLink(spec)
  return link?.kind === 'bridge' ? link.name : undefined
}
