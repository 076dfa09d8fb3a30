import { addressNetwork, createNetwork, finishNetwork, readBridgeAlias } from '../drivers/bridge-network.js'
import { SlipwayError } from '../errors.js'
import { rulesetPlan } from '../firewall/ruleset.js'
import * as sets from '../firewall/sets.js'
import { PlanRefused, type Host } from '../host.js'
import { defaultBridgeSubnets } from '../ipam/default-bridge-subnets.js'
import type { Occupied } from '../ipam/default-subnet.js'
import type { NetworkSubnet } from '../ipam/network-subnet.js'
import { parseSubnet } from '../ipam/subnet.js'
import type { AddressInfo, LinkInfo } from '../native.js'
import type { Settings } from '../options.js'
import type { Plan, SetDefinition } from '../plan/operation.js'
import { explainRefusal } from '../refusals.js'
import { defaultSpec } from './default-spec.js'
import { ensureRuleset, rulesetMissing } from './ensure-ruleset.js'
import { readyNetwork, type ReadyNetwork } from './ready.js'
import { DEFAULT_NETWORK, FAMILIES, type NetworkSpec } from './spec.js'
import type { Surroundings } from './surroundings.js'

/** Another process may be between making the bridge and entering it into the sets: this long, in 10 ms steps. */
const PATIENCE_STEPS = 50
/** And between making it and giving it its alias, which is the same system call, this long. */
const NAMELESS_STEPS = 5

const sleep = () => new Promise((resolve) => setTimeout(resolve, 10))

/** The network `bridge`: made on first use, adopted when it is there. */
export class DefaultBridge {
  readonly #host: Host
  readonly #settings: Settings
  readonly #surroundings: Surroundings
  #ready: Promise<ReadyNetwork> | undefined

  constructor(host: Host, settings: Settings, surroundings: Surroundings) {
    this.#host = host
    this.#settings = settings
    this.#surroundings = surroundings
  }

  /** The network, made if need be. Everybody who asks at once waits for the same making; a failed one is tried anew. */
  ensure(): Promise<ReadyNetwork> {
    this.#ready ??= this.#make().catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  /** The network if it is there, or as it would be made, and the plan that is missing. Writes nothing. */
  async preview(): Promise<{ ready: ReadyNetwork; missing: Plan }> {
    const missing: Plan = (await rulesetMissing(this.#host)) ? rulesetPlan() : []
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    if (link) {
      const network = await this.#existing(link)
      return { ready: await readyNetwork(network, this.#host, true), missing: [...missing, ...(await this.#missingOf(network, link))] }
    }
    const network = this.#spec(await this.#choose())
    return { ready: await readyNetwork(network, this.#host, false), missing: [...missing, ...createNetwork(network)] }
  }

  /** The subnets that it will have, as long as it is not there: docker's is made first, and other networks never get them. */
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
  known(): Promise<ReadyNetwork> | undefined {
    return this.#ready
  }

  /** Forgets what is known: the next {@link ensure} looks again. */
  forget(): void {
    this.#ready = undefined
  }

  async #make(): Promise<ReadyNetwork> {
    for (let step = 0; ; step++) {
      const link = await this.#host.find('link', { name: this.#settings.bridgeName })
      // Another process may be between making it and saying whose it is.
      if (link?.kind === 'bridge' && link.alias === '' && step < NAMELESS_STEPS) {
        await sleep()
        continue
      }
      // What is refused is refused before the first write.
      const network = link ? await this.#existing(link) : this.#spec(await this.#choose())
      await ensureRuleset(this.#host)
      if (!link) {
        try {
          await this.#host.run(createNetwork(network))
          return await readyNetwork(network, this.#host, false)
        } catch (error) {
          if (!(error instanceof PlanRefused)) throw error
          // Somebody else made it first: look again.
          if (error.operation.op === 'link.create' && error.errnoName === 'EEXIST' && step < PATIENCE_STEPS) continue
          throw await explainRefusal(error, this.#host)
        }
      }
      if (await this.#has(sets.bridges, link.name)) return await readyNetwork(network, this.#host, true)
      if (step < PATIENCE_STEPS) {
        await sleep()
      } else {
        await this.#finish(network, link)
      }
    }
  }

  async #finish(network: NetworkSpec, link: LinkInfo): Promise<void> {
    try {
      await this.#host.run(await this.#missingOf(network, link))
    } catch (error) {
      if (!(error instanceof PlanRefused)) throw error
      // Somebody else was faster.
      if (!(error.operation.op.endsWith('.add') && error.errnoName === 'EEXIST')) throw await explainRefusal(error, this.#host)
    }
  }

  /** What a bridge lacks whose maker has died, or whose elements somebody has flushed. */
  async #missingOf(network: NetworkSpec, link: LinkInfo): Promise<Plan> {
    if (await this.#has(sets.bridges, link.name)) return []
    const own = await this.#addressesOf(link)
    return [...addressNetwork(network, own.map(({ address }) => address)), ...finishNetwork(network)]
  }

  async #addressesOf(link: LinkInfo): Promise<AddressInfo[]> {
    const found: AddressInfo[] = []
    for (const family of FAMILIES) found.push(...(await this.#host.ask('addresses', { ipv6: family === 6 })))
    return found.filter(({ index }) => index === link.index)
  }

  /** An interface of that name: ours, and as asked for. */
  async #existing(link: LinkInfo): Promise<NetworkSpec> {
    const { bridgeName, bip, bip6, mtu, icc, ipMasq } = this.#settings
    if (link.kind !== 'bridge' || readBridgeAlias(link.alias)?.name !== DEFAULT_NETWORK) {
      throw new SlipwayError(
        'CONFLICT',
        `There is an interface ${bridgeName} already, and it is not Slipway's${link.kind ? ` (a ${link.kind})` : ''}. Give another bridgeName, or remove it: ip link delete ${bridgeName}.`,
      )
    }
    // A bridge that is not in the sets yet is still being made, or its maker has died: no flags to compare, perhaps no address.
    const whole = await this.#has(sets.bridges, link.name)
    const own = await this.#addressesOf(link)
    const own4 = own.find(({ address }) => !address.includes(':'))
    const own6 = own.find(({ address }) => address.includes(':') && !/^fe[89ab]/.test(address))
    if (!own4 && !whole) return this.#spec(await this.#choose())
    if (!own4) throw new SlipwayError('CONFLICT', `The bridge ${bridgeName} has lost its IPv4 address. Remove it (ip link delete ${bridgeName}), and it is made anew.`)
    const withPrefix = ({ address, prefix }: AddressInfo) => `${address}/${prefix}`
    const { fixedCidr, fixedCidrV6, defaultGateway, defaultGatewayV6, ipv6 } = this.#settings
    const wants6 = ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined ? true : undefined)
    const is = {
      bip: withPrefix(own4),
      bip6: own6 && withPrefix(own6),
      ipv6: own6 !== undefined,
      mtu: link.mtu,
      icc: await this.#has(sets.icc, `${link.name} . ${link.name}`),
      ipMasq: await this.#has(sets.masqueraded[4], link.name),
    }
    for (const [name, value] of Object.entries({ bip, bip6, mtu, icc, ipMasq, ipv6: wants6 })) {
      const current = is[name as keyof typeof is]
      if (whole && value !== undefined && value !== current) {
        throw new SlipwayError('CONFLICT', `${name}: the bridge ${bridgeName} exists with ${name} ${String(current)}, not ${String(value)}. Leave ${name} out, or remove the bridge first: ip link delete ${bridgeName}.`)
      }
    }
    const options = { bip: is.bip, fixedCidr, defaultGateway, ...(own6 ? { bip6: withPrefix(own6), ...(bip6 === undefined ? {} : { fixedCidrV6 }), defaultGatewayV6 } : {}) }
    const network = this.#spec(this.#subnets(options, []))
    const rules = { mode: 'nat', masquerade: is.ipMasq } as const
    return { ...network, mac: link.address, mtu: is.mtu, icc: is.icc, families: { 4: rules, 6: rules } }
  }

  async #choose(): Promise<NetworkSubnet[]> {
    const { bip, fixedCidr, defaultGateway, ipv6, bip6, fixedCidrV6, defaultGatewayV6 } = this.#settings
    const wants6 = ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined)
    return this.#subnets({ bip, fixedCidr, defaultGateway, ipv6, bip6, fixedCidrV6, defaultGatewayV6 }, await this.#surroundings.occupied(wants6 ? FAMILIES : [4]))
  }

  #subnets(options: { [Key in keyof Parameters<typeof defaultBridgeSubnets>[0]]: Parameters<typeof defaultBridgeSubnets>[0][Key] | undefined }, occupied: readonly Occupied[]): NetworkSubnet[] {
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
    return defaultBridgeSubnets(given, { pools: this.#surroundings.pools, occupied })
  }

  #spec(subnets: readonly NetworkSubnet[]): NetworkSpec {
    return defaultSpec(this.#settings, this.#host.identity, subnets)
  }

  async #has(set: SetDefinition, key: string): Promise<boolean> {
    return (await this.#host.find('element', { ...set, key })) !== undefined
  }
}
