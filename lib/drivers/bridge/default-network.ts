import { claimNetwork, finishNetwork } from './network.js'
import { SlipwayError } from '../../base/errors.js'
import * as sets from '../../policy/sets.js'
import type { SetContents } from '../../claims/set-contents.js'
import type { HostState } from '../../kernel/host-state.js'
import type { Host } from '../../kernel/host.js'
import type { Occupied } from '../../claims/addresses/default-subnet.js'
import { parseSubnet } from '../../base/addresses/subnet.js'
import type { LinkInfo } from '../../kernel/native.js'
import type { Settings } from '../../base/settings.js'
import type { Operation, Plan } from '../../plan/operation.js'
import { LOOK_AGAIN, retrying } from '../../claims/retry.js'
import type { NetworkDriver } from '../driver.js'
import { DefaultDescription } from './default-description.js'
import { createDefault, missingOfDefault } from './default-plans.js'
import { addressesOf, has, isIpv4, isOwn } from './default-seen.js'
import { missingRuleset } from '../../claims/missing-ruleset.js'
import { lackingOfBridge } from './lacking.js'
import { areLeavesWhole } from './leaves.js'
import { isNamelessBridge } from './own-bridge.js'
import { networkRaceOf } from '../network-race.js'
import { readyNetwork, type ReadyNetwork } from '../ready.js'
import { DEFAULT_NETWORK } from '../../store/network-spec.js'
import { BRIDGE_OPTION, type BridgeNetwork } from './spec.js'
import type { PredefinedNetwork, PredefinedPlace, Seen } from '../networks-of.js'
import { sleep } from '../../base/timers.js'

/** Another process may be between making the bridge and entering it into the sets: this long, in 10 ms steps. */
const PATIENCE_STEPS = 50
/** And between making it and giving it its alias, which is the same system call, this long. */
const NAMELESS_STEPS = 5

const STEP_MS = 10

/** The network `bridge`: made on first use, adopted when it is there. */
export class DefaultBridge implements PredefinedNetwork {
  readonly name = DEFAULT_NETWORK
  readonly #driver: NetworkDriver
  readonly #host: Host
  readonly #settings: Settings
  readonly #description: DefaultDescription
  readonly #ensureRuleset: () => Promise<unknown>
  readonly #made: (name: string) => void
  /** Number of the bridge that was whole when it was looked at last. */
  #whole: number | undefined
  #ready: ReadyNetwork | Promise<ReadyNetwork> | undefined

  constructor(place: PredefinedPlace) {
    const { driver, host, settings, ensureRuleset, made } = place
    this.#made = made
    this.#driver = driver
    this.#host = host
    this.#settings = settings
    this.#description = new DefaultDescription(place)
    this.#ensureRuleset = ensureRuleset
  }

  get link(): string {
    return this.#settings.bridgeName
  }

  /**
   * The network, made if need be. Everybody who asks meanwhile waits for the same making; a failed one is tried anew.
   */
  ensure(): ReadyNetwork | Promise<ReadyNetwork> {
    return (this.#ready ??= this.#making())
  }

  #making(): Promise<ReadyNetwork> {
    const making = this.#make().finally(() => this.#description.remember(undefined))
    const become = (ready: ReadyNetwork | undefined) => {
      // It may have been forgotten meanwhile.
      if (this.#ready === making) this.#ready = ready
    }
    making.then(become, () => become(undefined))
    return making
  }

  /** The network if it is there, or as it would be made, and the plan that is missing. Writes nothing. */
  async preview(): Promise<{ ready: ReadyNetwork; missing: Plan }> {
    const missing = [...(await missingRuleset(this.#host))]
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    if (link) {
      const network = await this.#description.existing(link)
      missing.push(...(await missingOfDefault(this.#host, network, link)))
      return { ready: await this.#readied(network, missing), missing }
    }
    const network = await this.#description.wanted()
    missing.push(...(await createDefault(this.#host, network)))
    return { ready: await this.#readied(network, missing), missing }
  }

  /** What the network is, or would be. Writes nothing. */
  async look(): Promise<BridgeNetwork> {
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    return link ? this.#description.existing(link) : this.#description.wanted()
  }

  /** What it is, where it has a bridge; `undefined` where it has none, or one of its name is not as it would be. */
  async present(): Promise<BridgeNetwork | undefined> {
    const known = this.#ready
    if (known && !(known instanceof Promise)) return known.spec as BridgeNetwork
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    try {
      if (!link || !(await this.#isOwn(link))) return undefined
      const isAddressed = (await addressesOf(this.#host, link)).some(isIpv4)
      return isAddressed || (await has(this.#host, sets.bridges, link.name))
        ? await this.#description.existing(link)
        : undefined
    } catch (error) {
      // It is not as this process was told to have it: who uses it hears of it.
      if (error instanceof SlipwayError) return undefined
      throw error
    }
  }

  /**
   * The subnets that it will have, as long as it is not there: docker's is made first, and other networks never get
   * them.
   */
  async kept(): Promise<Occupied[]> {
    if (await this.#host.find('link', { name: this.#settings.bridgeName })) return []
    try {
      return (await this.#description.choose()).flatMap(({ subnet: text }) => {
        const subnet = parseSubnet(text)
        return subnet ? [{ subnet, what: `the network ${DEFAULT_NETWORK} will have ${text}` }] : []
      })
    } catch (error) {
      // None is left for it: whoever asks for the network itself is told so.
      if (error instanceof SlipwayError) return []
      throw error
    }
  }

  /** The network as it is known, if it is in use by this process. */
  known(): ReadyNetwork | Promise<ReadyNetwork> | undefined {
    return this.#ready
  }

  /** Forgets what is known: the next {@link ensure} looks again. */
  forget(): void {
    this.#ready = undefined
  }

  async isLost({ links, setContents }: Pick<Seen, 'links' | 'setContents'>): Promise<boolean> {
    const link = links.find(({ name }) => name === this.link)
    return !(link && (await this.#isOwn(link))) && (await setContents.has(sets.bridges, this.link))
  }

  /** One without its alias is its own, too. */
  async #isOwn(link: LinkInfo): Promise<boolean> {
    return isOwn(link) || (await isNamelessBridge(this.#host, link, DEFAULT_NETWORK))
  }

  async lacks({ links, setContents, state, records }: Seen): ReturnType<PredefinedNetwork['lacks']> {
    const link = links.find(({ name }) => name === this.link)
    if (!link) return 'nothing'
    this.#description.remember(records)
    const spec = await this.present()
    const lacks = spec ? await this.#lacks(spec, link, setContents, state) : await this.#unmade(link)
    if (lacks === 'nothing') this.#description.remember(undefined)
    return lacks === 'nothing' && spec && !(await areLeavesWhole(state, spec, links)) ? 'some' : lacks
  }

  async #unmade(link: LinkInfo): Promise<'nothing' | 'half made'> {
    return (await this.#isOwn(link)) ? 'half made' : 'nothing'
  }

  async #lacks(
    spec: BridgeNetwork,
    link: LinkInfo,
    setContents: SetContents,
    state: HostState,
  ): Promise<'nothing' | 'some' | 'all'> {
    const lacking = await setContents.lacking([...claimNetwork(spec), ...finishNetwork(spec)])
    if (lacking.every(({ op }) => op !== 'element.add'))
      return isOwn(link) && (await lackingOfBridge(state, spec, link)).length === 0 ? 'nothing' : 'some'
    return (await setContents.has(sets.bridges, spec.bridge)) ? 'some' : 'all'
  }

  describe({ icc, families, hostIps, bridge, mtu }: BridgeNetwork): Readonly<Record<string, string>> {
    return {
      'com.docker.network.bridge.default_bridge': 'true',
      'com.docker.network.bridge.enable_icc': String(icc),
      'com.docker.network.bridge.enable_ip_masquerade': String(families[4]?.masquerade ?? true),
      'com.docker.network.bridge.host_binding_ipv4': hostIps[4] ?? '0.0.0.0',
      [BRIDGE_OPTION]: bridge,
      'com.docker.network.driver.mtu': String(mtu),
    }
  }

  #make(): Promise<ReadyNetwork> {
    let step = 0
    let isThere = false
    return retrying(
      { host: this.#host },
      {
        tries: PATIENCE_STEPS,
        attempt: async () => {
          const link = await this.#host.find('link', { name: this.#settings.bridgeName })
          if (link && (await this.#isInTheMaking(link, step++))) {
            await sleep(STEP_MS)
            return LOOK_AGAIN
          }
          isThere = link !== undefined
          // What is refused is refused before the first write.
          const network = link ? await this.#description.existing(link) : await this.#description.wanted()
          await this.#ensureRuleset()
          if (!link) {
            await this.#host.run(await createDefault(this.#host, network))
            this.#made(this.name)
            this.#whole = (await this.#host.find('link', { name: this.#settings.bridgeName }))?.index
            return await this.#readied(network)
          }
          const missing = await missingOfDefault(this.#host, network, link)
          if (missing.length === 0) {
            this.#whole = link.index
            return await this.#readied(network)
          }
          await this.#host.run(missing)
          return LOOK_AGAIN
        },
        remedy: (refused) => {
          const what = networkRaceOf(this.#driver.networks, refused)
          // Another network may have claimed what was chosen. What was asked for stays refused.
          const isRefused = what === 'took the subnet' && !isThere && this.#settings.bip !== undefined
          return what === undefined || isRefused ? undefined : 'again'
        },
      },
    )
  }

  /**
   * Another process may be between making it and saying whose it is; or between that and entering it into the sets,
   * which is one transaction at the end. Until then, what the bridge has tells nothing of what it will have.
   */
  async #isInTheMaking(link: LinkInfo, step: number): Promise<boolean> {
    if (link.kind === 'bridge' && link.alias === '') return step < NAMELESS_STEPS
    // That very one was whole already: somebody has flushed the sets.
    if (link.index === this.#whole) return false
    return isOwn(link) && step < PATIENCE_STEPS && !(await has(this.#host, sets.bridges, link.name))
  }

  #readied(network: BridgeNetwork, missing?: Operation[]): Promise<ReadyNetwork> {
    return readyNetwork(this.#driver, network, this.#host, this.#settings, true, missing)
  }
}
