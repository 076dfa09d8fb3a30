import { endpointsOf } from '../../drivers/index.js'
import { channel } from 'node:diagnostics_channel'
import { SlipwayError } from '../../base/errors.js'
import { claimedAddress, isAddressClaim, macs } from '../../policy/sets.js'
import type { EventHub } from '../../events/hub.js'
import type { Host } from '../../kernel/host.js'
import type { PlanRefused } from '../../kernel/refusal.js'
import type { ReadyNetwork } from '../../drivers/ready.js'
import type { NetworkRegistry } from '../../networks/registry.js'
import { FAMILIES } from '../../store/network-spec.js'
import { Filling, isAbsent } from './filling.js'
import { Mark } from '../../store/pool-marks.js'
import { NetworkPool, type ReadySpare } from './network-pool.js'
import type { PoolSettings } from '../../base/settings.js'
import { now, sleep } from '../../base/timers.js'

/** The kernel takes down what nobody holds within milliseconds each: so long is waited for all. */
const PATIENCE_MS = 1000
const STEP_MS = 2

/** What the diagnostics channel `slipway:pool` says. */
export interface PoolMessage {
  /** Name of the network. */
  network: string
  /** A sandbox was taken; none was there to be taken; one was made; what was made is no good any more. */
  event: 'claimed' | 'missed' | 'made' | 'dropped'
  /** How many are ready now. */
  ready: number
  /** How many are to be ready. */
  size: number
}

const messages = channel('slipway:pool')

/** The spare sandboxes of one Slipway: taken by creates, and made again. */
export class Spares {
  readonly #host: Host
  readonly #events: Pick<EventHub, 'pool'>
  readonly #networks: NetworkRegistry
  readonly #mark: Mark
  readonly #pools: ReadonlyMap<string, NetworkPool>
  readonly #filling: Filling

  constructor(
    host: Host,
    networks: NetworkRegistry,
    folders: { pool: string; sandboxes: string },
    { size, networks: names }: PoolSettings,
    events: Pick<EventHub, 'pool'>,
  ) {
    this.#host = host
    this.#events = events
    this.#networks = networks
    this.#mark = new Mark(folders.pool)
    this.#pools = new Map(
      size === 0
        ? []
        : names.map((name) => [name, new NetworkPool(name, size, host, networks, this.#mark, folders.sandboxes)]),
    )
    this.#filling = new Filling(this.networks, (pool) => this.#tell(pool, 'made'))
  }

  get networks(): NetworkPool[] {
    return [...this.#pools.values()]
  }

  /** Begins to make them. */
  open(): void {
    this.#filling.open()
  }

  /** Whether a create on this network will probably find one. */
  has(network: string): boolean {
    for (const pool of this.#pools.values()) if (pool.has(network)) return true
    return false
  }

  /** One that is on this very network, if there is one. */
  take(network: ReadyNetwork): ReadySpare | undefined {
    const pool = this.#pools.get(network.spec.name)
    const spare = pool?.take(network)
    if (!pool || spare) return spare
    this.#tell(pool, 'missed')
    this.#filling.claimed(pool)
    return undefined
  }

  /** A sandbox has become of it. */
  settle({ network }: ReadySpare): void {
    const pool = this.#pools.get(network.spec.name)
    if (!pool) return
    pool.settle()
    this.#tell(pool, 'claimed')
    this.#filling.claimed(pool)
  }

  giveBack(spare: ReadySpare): void {
    this.#pools.get(spare.network.spec.name)?.giveBack(spare)
  }

  /**
   * A plan with a spare was refused, or came to nothing. Whether that was the spare's fault: then it goes, and those
   * that are no better with it.
   */
  async refused(spare: ReadySpare, refused: PlanRefused | undefined): Promise<boolean> {
    const fault = refused && faultOf(spare, refused)
    const pool = this.#pools.get(spare.network.spec.name)
    if (!pool || fault === undefined) {
      this.giveBack(spare)
      return false
    }
    pool.reject(spare)
    if (fault === 'network') pool.drop(pool.empty())
    if (fault === 'address') await this.#dropClaimed(pool, spare.network)
    this.#tell(pool, 'dropped')
    return true
  }

  /** Lets go of those of a network, or of the one that has this address: somebody asks for what they have taken. */
  async giveUp({ spec }: ReadyNetwork, address?: string): Promise<void> {
    const pool = this.#pools.get(spec.name)
    if (!pool) return
    if (pool.making > 0) await this.#filling.ended()
    const spares = pool.empty(address)
    if (spares.length === 0) return
    pool.drop(spares)
    // Others would have taken their addresses before who asks.
    pool.resting = true
    this.#filling.rest()
    this.#tell(pool, 'dropped')
  }

  /** A network is there: created, or as it was after a removal that was refused. */
  begin(name: string): void {
    const pool = this.#pools.get(name)
    if (pool) this.#filling.claimed(pool)
  }

  /** A network is about to go: no more are made on it, until {@link begin}. */
  async end(name: string): Promise<void> {
    const pool = this.#pools.get(name)
    if (!pool) return
    pool.resting = true
    if (pool.making > 0) await this.#filling.ended()
    pool.resting = true
    pool.drop(pool.empty())
  }

  /** When each of the networks that are there has all of its spares. @throws what kept one from it. */
  async ready(): Promise<void> {
    await this.#filling.whole()
    if (this.#filling.closed) throw new SlipwayError('CLOSED', 'This Slipway was closed. Open another: Slipway.open().')
    for (const { failure } of this.#pools.values())
      if (failure !== undefined && !isAbsent(failure)) throw failure as Error
  }

  /** All go. Resolves when the kernel has taken them down, or a second later. */
  async close(): Promise<void> {
    await this.#filling.close()
    const spares = this.networks.flatMap((pool) => pool.empty())
    if (spares.length > 0) await this.#host.run(spares.map(({ name }) => ({ op: 'netns.delete', path: name })))
    const deadline = now() + PATIENCE_MS
    for (const { name } of spares) {
      while (now() < deadline && (await this.#host.find('link', { name }))) await sleep(STEP_MS)
    }
    this.#mark.remove()
  }

  /** Other processes have claimed what was only guessed here. */
  async #dropClaimed(pool: NetworkPool, network: ReadyNetwork): Promise<void> {
    for (const family of FAMILIES) {
      for (const address of await network.use.claimed(family)) pool.drop(pool.empty(address))
    }
    await this.#networks.learn(network)
  }

  #tell({ name, ready, size }: NetworkPool, event: PoolMessage['event']): void {
    if (messages.hasSubscribers) messages.publish({ network: name, event, ready, size } satisfies PoolMessage)
    this.#events.pool(event, name, { ready, size })
  }
}

/**
 * What was wrong with a spare: others have its address or MAC, somebody has deleted its link, or what its network is
 * made of.
 */
function faultOf(
  { endpoint, name }: ReadySpare,
  refused: PlanRefused,
): 'address' | 'mac' | 'link' | 'network' | undefined {
  const { operation, element, errnoName } = refused
  switch (operation.op) {
    case 'element.add': {
      const key = operation.elements[element]?.key
      if (operation.set === macs.set && errnoName === 'EEXIST') return 'mac'
      const own =
        isAddressClaim(operation) &&
        FAMILIES.some((family) => endpoint.addresses[family]?.address === claimedAddress(key ?? ''))
      return own && errnoName === 'EEXIST' ? 'address' : undefined
    }
    case 'link.check':
      if (errnoName !== 'ESTALE' && errnoName !== 'ENODEV') return undefined
      return endpointsOf(endpoint).spares?.isOfNetwork(endpoint, refused) ? 'network' : 'link'
    case 'netns.bind':
      return operation.from === name && errnoName === 'ENOENT' ? 'link' : undefined
    // Its link may be up by then: it is not to wait for another claim like this.
    case 'link.set':
    case 'address.add':
    case 'route.add':
      return operation.netns === name ? 'link' : undefined
    case 'file.check':
      return endpointsOf(endpoint).spares?.quiet ? 'link' : undefined
    default:
      return undefined
  }
}
