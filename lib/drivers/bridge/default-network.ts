import { addressNetwork, claimNetwork, createNetwork, finishNetwork, nameBridge } from './network.js'
import { SlipwayError } from '../../base/errors.js'
import * as sets from '../../policy/sets.js'
import type { Host } from '../../kernel/host.js'
import { defaultBridgeSubnets } from '../../claims/addresses/default-bridge-subnets.js'
import type { Occupied } from '../../claims/addresses/default-subnet.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import { parseSubnet } from '../../base/addresses/subnet.js'
import type { AddressInfo, LinkInfo } from '../../kernel/native.js'
import type { Settings } from '../../base/settings.js'
import { remove } from '../../policy/elements.js'
import { ownedByNetworks } from '../../policy/network-elements.js'
import type { Operation, Plan, SetDefinition } from '../../plan/operation.js'
import { Holdings } from '../../claims/holdings.js'
import { LOOK_AGAIN, retrying } from '../../claims/retry.js'
import type { NetworkDriver } from '../driver.js'
import type { BridgeEndpoint } from './endpoint.js'
import { defaultSpec } from './default-spec.js'
import { missingRuleset } from '../../claims/ensure-ruleset.js'
import { meanwhile } from '../meanwhile.js'
import { isNamedBridge, isNamelessBridge } from './own-bridge.js'
import { readyNetwork, type ReadyNetwork } from '../ready.js'
import { DEFAULT_NETWORK, FAMILIES } from '../../store/network-spec.js'
import { BRIDGE_OPTION, type BridgeNetwork } from './spec.js'
import type { PredefinedNetwork, PredefinedPlace, Seen, Surroundings } from '../networks-of.js'
import { readOwner } from '../../store/owner.js'
import { listRecords } from '../../store/records.js'
import { sleep } from '../../base/timers.js'

/** Another process may be between making the bridge and entering it into the sets: this long, in 10 ms steps. */
const PATIENCE_STEPS = 50
/** And between making it and giving it its alias, which is the same system call, this long. */
const NAMELESS_STEPS = 5

const isOwn = (link: LinkInfo): boolean => isNamedBridge(link, DEFAULT_NETWORK)

const isIpv4 = ({ address }: AddressInfo): boolean => !address.includes(':')

/** What subnets are chosen from. */
type Free = Parameters<typeof defaultBridgeSubnets>[1]
const NONE: Free = { pools: [], occupied: [] }

const STEP_MS = 10

/** The network `bridge`: made on first use, adopted when it is there. */
export class DefaultBridge implements PredefinedNetwork {
  readonly name = DEFAULT_NETWORK
  readonly #driver: NetworkDriver
  readonly #host: Host
  readonly #settings: Settings
  readonly #surroundings: Surroundings
  /** Folder of the sandboxes' records. */
  readonly #sandboxes: string
  readonly #ensureRuleset: () => Promise<unknown>
  #ready: ReadyNetwork | Promise<ReadyNetwork> | undefined

  constructor({ driver, host, settings, surroundings, sandboxes, ensureRuleset }: PredefinedPlace) {
    this.#driver = driver
    this.#host = host
    this.#settings = settings
    this.#surroundings = surroundings
    this.#sandboxes = sandboxes
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
    const making = this.#make()
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
      const network = await this.#existing(link)
      missing.push(...(await this.#missingOf(network, link)))
      return { ready: await this.#readied(network, missing), missing }
    }
    const network = await this.#wanted()
    missing.push(...(await this.#creation(network)))
    return { ready: await this.#readied(network, missing), missing }
  }

  /** What the network is, or would be. Writes nothing. */
  async look(): Promise<BridgeNetwork> {
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    return link ? this.#existing(link) : this.#wanted()
  }

  /** What it is, where it has a bridge; `undefined` where it has none, or one of its name is not as it would be. */
  async present(): Promise<BridgeNetwork | undefined> {
    const known = this.#ready
    if (known && !(known instanceof Promise)) return known.spec as BridgeNetwork
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    try {
      return link && isOwn(link) && (await this.#addressesOf(link)).some(isIpv4)
        ? await this.#existing(link)
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
      return (await this.#choose()).flatMap(({ subnet: text }) => {
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

  async lacks({ links, holdings }: Seen): Promise<'nothing' | 'some' | 'all'> {
    if (!links.some(({ name }) => name === this.link)) return 'nothing'
    const spec = await this.present()
    if (!spec) return 'nothing'
    const lacking = await holdings.lacking([...claimNetwork(spec), ...finishNetwork(spec)])
    if (lacking.every(({ op }) => op !== 'element.add')) return 'nothing'
    return (await holdings.has(sets.bridges, spec.bridge)) ? 'some' : 'all'
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
          const network = link ? await this.#existing(link) : await this.#wanted()
          await this.#ensureRuleset()
          if (!link) {
            await this.#host.run(await this.#creation(network))
            return await this.#readied(network)
          }
          const missing = await this.#missingOf(network, link)
          if (missing.length === 0) return await this.#readied(network)
          await this.#host.run(missing)
          return LOOK_AGAIN
        },
        remedy: (refused) => {
          const what = meanwhile(this.#driver.networks, refused)
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
    return isOwn(link) && step < PATIENCE_STEPS && !(await this.#has(sets.bridges, link.name))
  }

  #readied(network: BridgeNetwork, missing?: Operation[]): Promise<ReadyNetwork> {
    return readyNetwork(this.#driver, network, this.#host, this.#settings, true, missing)
  }

  /** What a bridge lacks whose maker has died, or whose elements somebody has flushed. */
  async #missingOf(network: BridgeNetwork, link: LinkInfo): Promise<Plan> {
    const own = await this.#addressesOf(link)
    const addresses = addressNetwork(
      network,
      own.map(({ address }) => address),
    )
    const rest = await new Holdings(this.#host).lacking([...claimNetwork(network), ...finishNetwork(network)])
    if (addresses.length === 0 && link.up && isOwn(link) && !rest.some(({ op }) => op === 'element.add')) return []
    return [...(isOwn(link) ? [] : [nameBridge(network)]), ...addresses, ...rest]
  }

  /**
   * Where an administrator has deleted the bridge, or its maker died before that was there, its elements are there
   * still, perhaps of another subnet than it gets now. They give way to its own in one transaction, once the bridge is
   * made: where it cannot be, another process has made it since, and they are its.
   */
  async #creation(network: BridgeNetwork): Promise<Plan> {
    const creation = createNetwork(network)
    const holdings = new Holdings(this.#host)
    const claimed = [...(await holdings.of(sets.subnets[4])), ...(await holdings.of(sets.subnets[6]))].some(
      ({ comment }) => comment === network.name,
    )
    if (!claimed && !(await this.#has(sets.bridges, network.bridge)) && !(await this.#has(sets.gates, network.mac)))
      return creation
    const wanted = creation.flatMap((operation) =>
      operation.op === 'element.add' ? operation.elements.map(({ key }) => `${operation.set} ${key}`) : [],
    )
    const stale: Plan[number][] = []
    for (const set of ownedByNetworks) {
      for (const { key, comment } of await holdings.of(set)) {
        if (
          (sets.isSubnets(set)
            ? comment === network.name
            : key.split(' . ').includes(network.bridge) && readOwner(comment) === undefined) &&
          !wanted.includes(`${set.set} ${key}`)
        )
          stale.push(remove(set, { key }))
      }
    }
    const lacking = await holdings.lacking(creation)
    const isElement = ({ op }: Operation) => op === 'element.add'
    return [...lacking.filter((operation) => !isElement(operation)), ...stale, ...lacking.filter(isElement)]
  }

  /** As it was, for the sandboxes that somebody has deleted it under; otherwise as it is asked for. */
  async #wanted(): Promise<BridgeNetwork> {
    const lost = await this.#lost()
    if (!lost) return this.#spec(await this.#choose())
    const { bip, bip6, mtu, icc, fixedCidr, fixedCidrV6, defaultGateway, defaultGatewayV6 } = this.#settings
    for (const [name, asked, was] of [
      ['bip', bip, lost.bip],
      ['bip6', bip6, lost.bip6],
    ] as const) {
      if (asked === undefined || asked === was) continue
      throw new SlipwayError(
        'CONFLICT',
        `${name}: there are sandboxes on the network ${DEFAULT_NETWORK} with ${name} ${was ?? 'none'}, not ${asked}. Leave ${name} out, or remove them first.`,
      )
    }
    const options = {
      bip: lost.bip,
      fixedCidr,
      defaultGateway,
      ...(lost.bip6 === undefined
        ? {}
        : { bip6: lost.bip6, ...(bip6 === undefined ? {} : { fixedCidrV6 }), defaultGatewayV6 }),
    }
    return { ...this.#spec(this.#subnets(options)), mtu: mtu ?? lost.mtu, icc: icc ?? lost.icc }
  }

  /** What the sandboxes that are on it remember of it. */
  async #lost(): Promise<{ bip: string; bip6: string | undefined; mtu: number; icc: boolean } | undefined> {
    const records = await listRecords(this.#sandboxes)
    const endpoints = records
      .flatMap(({ record }) => record.endpoints)
      .filter((one): one is BridgeEndpoint => one.network === DEFAULT_NETWORK && one.driver === 'bridge')
      .filter(({ body }) => body.bridge === this.#settings.bridgeName)
    const own = (family: IpFamily) => {
      const found = endpoints
        .map(({ addresses }) => addresses[family])
        .find((address) => address?.resolver !== undefined)
      return found && `${found.resolver}/${found.prefix}`
    }
    const [endpoint] = endpoints
    const bip = own(4)
    return endpoint && bip !== undefined ? { bip, bip6: own(6), mtu: endpoint.mtu, icc: endpoint.body.icc } : undefined
  }

  async #addressesOf(link: LinkInfo): Promise<AddressInfo[]> {
    const found: AddressInfo[] = []
    for (const family of FAMILIES) found.push(...(await this.#host.ask('addresses', { ipv6: family === 6 })))
    return found.filter(({ index }) => index === link.index)
  }

  /** An interface of that name: ours, and as asked for. */
  async #existing(link: LinkInfo): Promise<BridgeNetwork> {
    const { bridgeName, bip, bip6, mtu, icc, ipMasq } = this.#settings
    if (!isOwn(link) && !(await isNamelessBridge(this.#host, link, DEFAULT_NETWORK))) {
      throw new SlipwayError(
        'CONFLICT',
        `There is an interface ${bridgeName} already, and it is not Slipway's${link.kind ? ` (a ${link.kind})` : ''}. Give another bridgeName, or, if nothing needs it, remove it: ip link delete ${bridgeName}.`,
      )
    }
    // A bridge that is not in the sets yet is still being made, or its maker has died: no flags to compare, perhaps no
    // address.
    const whole = await this.#has(sets.bridges, link.name)
    const own = await this.#addressesOf(link)
    const own4 = own.find(isIpv4)
    const own6 = own.find(({ address }) => address.includes(':') && !/^fe[89ab]/.test(address))
    if (!own4 && !whole) {
      const chosen = this.#spec(await this.#choose())
      // Another has given it an address since, which may be why this one was chosen.
      return (await this.#addressesOf(link)).some(isIpv4) ? this.#existing(link) : chosen
    }
    if (!own4)
      throw new SlipwayError(
        'CONFLICT',
        `The bridge ${bridgeName} has lost its IPv4 address. Remove it (ip link delete ${bridgeName}), and it is made anew.`,
      )
    const withPrefix = ({ address, prefix }: AddressInfo) => `${address}/${prefix}`
    const { fixedCidr, fixedCidrV6, defaultGateway, defaultGatewayV6, ipv6 } = this.#settings
    const wants6 = ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined ? true : undefined)
    const is = {
      bip: withPrefix(own4),
      bip6: own6 && withPrefix(own6),
      ipv6: own6 !== undefined,
      mtu: link.mtu,
      // Each is told by more than one element, as an administrator may have deleted one.
      icc:
        (await this.#has(sets.icc, `${link.name} . ${link.name}`)) ||
        (!(await this.#has(sets.gates, link.address)) && (icc ?? (await this.#lost())?.icc ?? true)),
      ipMasq:
        (await this.#has(sets.masqueraded[4], link.name)) ||
        (own6 !== undefined && (await this.#has(sets.masqueraded[6], link.name))),
    }
    for (const [name, value] of Object.entries({ bip, bip6, mtu, icc, ipMasq, ipv6: wants6 })) {
      const current = is[name as keyof typeof is]
      if (whole && value !== undefined && value !== current) {
        throw new SlipwayError(
          'CONFLICT',
          `${name}: the bridge ${bridgeName} exists with ${name} ${String(current)}, not ${String(value)}. Leave ${name} out, or remove the bridge first: ip link delete ${bridgeName}.`,
        )
      }
    }
    const options = {
      bip: is.bip,
      fixedCidr,
      defaultGateway,
      ...(own6 ? { bip6: withPrefix(own6), ...(bip6 === undefined ? {} : { fixedCidrV6 }), defaultGatewayV6 } : {}),
    }
    const network = this.#spec(this.#subnets(options))
    // What is not in the sets says nothing of them: somebody has flushed them.
    const told = whole || (await this.#isNetworks(link))
    const rules = { mode: 'nat', masquerade: told ? is.ipMasq : (ipMasq ?? true) } as const
    return {
      ...network,
      mac: link.address,
      mtu: is.mtu,
      icc: told ? is.icc : (icc ?? (await this.#lost())?.icc ?? true),
      families: { 4: rules, 6: rules },
    }
  }

  async #choose(): Promise<NetworkSubnet[]> {
    const { bip, fixedCidr, defaultGateway, ipv6, bip6, fixedCidrV6, defaultGatewayV6 } = this.#settings
    const families = (ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined)) ? FAMILIES : ([4] as const)
    return this.#subnets(
      { bip, fixedCidr, defaultGateway, ipv6, bip6, fixedCidrV6, defaultGatewayV6 },
      {
        pools: this.#surroundings.pools(families),
        occupied: await this.#surroundings.occupied(families, DEFAULT_NETWORK),
      },
    )
  }

  /** @param free - What is chosen from; nothing, where the options say all. */
  #subnets(
    options: {
      [Key in keyof Parameters<typeof defaultBridgeSubnets>[0]]:
        | Parameters<typeof defaultBridgeSubnets>[0][Key]
        | undefined
    },
    free: Free = NONE,
  ): NetworkSubnet[] {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    return defaultBridgeSubnets(given, free)
  }

  #spec(subnets: readonly NetworkSubnet[]): BridgeNetwork {
    return defaultSpec(this.#settings, this.#host.identity, subnets)
  }

  /**
   * Whether a subnet of the network is known to be on a bridge, which is written with all else that says what the
   * network is.
   */
  async #isNetworks(link: LinkInfo): Promise<boolean> {
    const holdings = new Holdings(this.#host)
    const pairs = [...(await holdings.of(sets.sameNetwork[4])), ...(await holdings.of(sets.sameNetwork[6]))]
    return pairs.some(({ key }) => key.endsWith(` . ${link.name}`))
  }

  async #has(set: SetDefinition, key: string): Promise<boolean> {
    return (await this.#host.find('element', { ...set, key })) !== undefined
  }
}
