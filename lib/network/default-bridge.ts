import { addressNetwork, createNetwork, finishNetwork, readBridgeAlias, type BridgeNetwork } from '../drivers/bridge.js'
import { SlipwayError } from '../errors.js'
import * as sets from '../firewall/sets.js'
import { PlanRefused, type Host } from '../host.js'
import type { AddressPool } from '../ipam/address-pool.js'
import { defaultBridgeSubnets } from '../ipam/default-bridge-subnets.js'
import type { Occupied } from '../ipam/default-subnet.js'
import { poolOf, type NetworkSubnet } from '../ipam/network-subnet.js'
import type { AddressInfo, LinkInfo } from '../native.js'
import type { Settings } from '../options.js'
import type { Plan } from '../plan/operation.js'
import { explainRefusal } from '../refusals.js'
import { ensureRuleset, rulesetMissing } from './ensure-ruleset.js'
import { occupied } from './occupied.js'
import { rulesetPlan } from '../firewall/ruleset.js'

/** Name of the network that every sandbox joins unless told otherwise. */
export const DEFAULT_NETWORK = 'bridge'

/** The default bridge, up and known. */
export interface ReadyBridge {
  network: BridgeNetwork
  pool: AddressPool
  /** Endpoints need hairpin mode: br_netfilter is on. */
  hairpin: boolean
}

/** Another process may be between making the bridge and entering it into the sets: this long, in 10 ms steps. */
const PATIENCE_STEPS = 50
/** And between making it and giving it its alias, which is the same system call, this long. */
const NAMELESS_STEPS = 5

const sleep = () => new Promise((resolve) => setTimeout(resolve, 10))

/** The network `bridge`: made on first use, adopted when it is there. */
export class DefaultBridge {
  readonly #host: Host
  readonly #settings: Settings
  #ready: Promise<ReadyBridge> | undefined

  constructor(host: Host, settings: Settings) {
    this.#host = host
    this.#settings = settings
  }

  /** The network, made if need be. Everybody who asks at once waits for the same making; a failed one is tried anew. */
  ensure(): Promise<ReadyBridge> {
    this.#ready ??= this.#make().catch((error: unknown) => {
      this.#ready = undefined
      throw error
    })
    return this.#ready
  }

  /** The network if it is there, or as it would be made, and the plan that is missing. Writes nothing. */
  async preview(): Promise<{ ready: ReadyBridge; missing: Plan }> {
    const missing: Plan = (await rulesetMissing(this.#host)) ? rulesetPlan() : []
    const link = await this.#host.find('link', { name: this.#settings.bridgeName })
    if (link) {
      const network = await this.#existing(link)
      return { ready: await this.#describe(network, link), missing: [...missing, ...(await this.#missingOf(network, link))] }
    }
    const network = this.#plan(await this.#choose())
    return { ready: await this.#describe(network), missing: [...missing, ...createNetwork(network)] }
  }

  async #make(): Promise<ReadyBridge> {
    for (let step = 0; ; step++) {
      const link = await this.#host.find('link', { name: this.#settings.bridgeName })
      // Another process may be between making it and saying whose it is.
      if (link?.kind === 'bridge' && link.alias === '' && step < NAMELESS_STEPS) {
        await sleep()
        continue
      }
      // What is refused is refused before the first write.
      const network = link ? await this.#existing(link) : this.#plan(await this.#choose())
      await ensureRuleset(this.#host)
      if (!link) {
        try {
          await this.#host.run(createNetwork(network))
          return await this.#describe(network)
        } catch (error) {
          if (!(error instanceof PlanRefused)) throw error
          // Somebody else made it first: look again.
          if (error.operation.op === 'link.create' && error.errnoName === 'EEXIST' && step < PATIENCE_STEPS) continue
          throw await explainRefusal(error, this.#host)
        }
      }
      if (await this.#has(sets.bridges, link.name)) return await this.#describe(network, link)
      if (step < PATIENCE_STEPS) {
        await sleep()
      } else {
        await this.#finish(network, link)
      }
    }
  }

  async #finish(network: BridgeNetwork, link: LinkInfo): Promise<void> {
    try {
      await this.#host.run(await this.#missingOf(network, link))
    } catch (error) {
      if (!(error instanceof PlanRefused)) throw error
      // Somebody else was faster.
      if (!(error.operation.op.endsWith('.add') && error.errnoName === 'EEXIST')) throw await explainRefusal(error, this.#host)
    }
  }

  /** What a bridge lacks whose maker has died, or whose elements somebody has flushed. */
  async #missingOf(network: BridgeNetwork, link: LinkInfo): Promise<Plan> {
    if (await this.#has(sets.bridges, link.name)) return []
    const address = (await this.#addressOf(link)) ? [] : [addressNetwork(network)]
    return [...address, ...finishNetwork(network)]
  }

  async #addressOf(link: LinkInfo): Promise<AddressInfo | undefined> {
    return (await this.#host.ask('addresses', {})).find((address) => address.index === link.index)
  }

  /** Gives an address back to this process's pool, if it has one by now. */
  async release(address: string): Promise<void> {
    const ready = await this.#ready?.catch(() => undefined)
    ready?.pool.release(address)
  }

  /** Forgets what is known: the next {@link ensure} looks again. */
  forget(): void {
    this.#ready = undefined
  }

  /** An interface of that name: ours, and as asked for. */
  async #existing(link: LinkInfo): Promise<BridgeNetwork> {
    const { bridgeName, bip, mtu, icc, ipMasq } = this.#settings
    if (link.kind !== 'bridge' || readBridgeAlias(link.alias)?.name !== DEFAULT_NETWORK) {
      throw new SlipwayError(
        'CONFLICT',
        `There is an interface ${bridgeName} already, and it is not Slipway's${link.kind ? ` (a ${link.kind})` : ''}. Give another bridgeName, or remove it: ip link delete ${bridgeName}.`,
      )
    }
    // A bridge that is not in the sets yet is still being made, or its maker has died: no flags to compare, perhaps no address.
    const whole = await this.#has(sets.bridges, link.name)
    const own = await this.#addressOf(link)
    if (!own && !whole) return this.#plan(await this.#choose())
    if (!own) throw new SlipwayError('CONFLICT', `The bridge ${bridgeName} has lost its IPv4 address. Remove it (ip link delete ${bridgeName}), and it is made anew.`)
    const network = this.#plan(this.#subnet([], `${own.address}/${own.prefix}`))
    const found = {
      ...network,
      mtu: link.mtu,
      icc: await this.#has(sets.icc, `${link.name} . ${link.name}`),
      masquerade: await this.#has(sets.masqueraded[4], link.name),
    }
    const asked = { bip, mtu, icc, ipMasq }
    const is = { bip: `${own.address}/${own.prefix}`, mtu: found.mtu, icc: found.icc, ipMasq: found.masquerade }
    for (const [name, value] of Object.entries(asked)) {
      const current = is[name as keyof typeof is]
      if (whole && value !== undefined && value !== current) {
        throw new SlipwayError('CONFLICT', `${name}: the bridge ${bridgeName} exists with ${name} ${String(current)}, not ${String(value)}. Leave ${name} out, or remove the bridge first: ip link delete ${bridgeName}.`)
      }
    }
    return found
  }

  async #choose(): Promise<NetworkSubnet> {
    return this.#subnet(await occupied(this.#host, [4]), this.#settings.bip)
  }

  #subnet(occupied: readonly Occupied[], bip: string | undefined): NetworkSubnet {
    const { fixedCidr, defaultGateway, defaultAddressPools: pools } = this.#settings
    const options = { ...(bip ? { bip } : {}), ...(fixedCidr ? { fixedCidr } : {}), ...(defaultGateway ? { defaultGateway } : {}) }
    const [subnet] = defaultBridgeSubnets(options, { pools, occupied })
    if (!subnet) throw new RangeError('a default bridge without a subnet')
    return subnet
  }

  #plan({ subnet, prefix, address, gateway, broadcast }: NetworkSubnet): BridgeNetwork {
    const { bridgeName, mtu, icc, ipMasq } = this.#settings
    if (address === undefined || gateway === undefined) throw new RangeError('a default bridge without an address')
    return {
      name: DEFAULT_NETWORK,
      bridge: bridgeName,
      address,
      prefix,
      subnet,
      ...(broadcast ? { broadcast } : {}),
      gateway,
      mtu: mtu ?? 1500,
      icc: icc ?? true,
      masquerade: ipMasq ?? true,
      stateDir: this.#settings.stateDir,
    }
  }

  async #describe(network: BridgeNetwork, link?: LinkInfo): Promise<ReadyBridge> {
    const { fixedCidr } = this.#settings
    const { subnet, prefix, address, gateway } = network
    const pool = poolOf({ family: 4, subnet, prefix, address, gateway, aux: {}, ...(fixedCidr ? { range: fixedCidr } : {}) })
    if (link) await refillPool(pool, this.#host)
    const callIptables = await this.#host.find('sysctl', { name: 'net.bridge.bridge-nf-call-iptables' })
    return { network, pool, hairpin: callIptables === '1' }
  }

  async #has(set: typeof sets.bridges, key: string): Promise<boolean> {
    return (await this.#host.find('element', { ...set, key })) !== undefined
  }
}

/** Learns the addresses that the kernel knows as claimed. */
export async function refillPool(pool: AddressPool, host: Host): Promise<void> {
  pool.learn(((await host.find('elements', sets.addresses[4])) ?? []).map(({ key }) => key))
}
