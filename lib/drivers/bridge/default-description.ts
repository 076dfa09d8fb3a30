import { SlipwayError } from '../../base/errors.js'
import * as sets from '../../policy/sets.js'
import type { Host } from '../../kernel/host.js'
import { defaultBridgeSubnets } from '../../claims/addresses/default-bridge-subnets.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import { macOf } from '../../base/addresses/mac.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { AddressInfo, LinkInfo } from '../../kernel/native.js'
import type { Settings } from '../../base/settings.js'
import { SetContents } from '../../claims/set-contents.js'
import type { BridgeEndpoint } from './endpoint.js'
import { addressesOf, has, isIpv4, isOwn } from './default-seen.js'
import { defaultSpec } from './default-spec.js'
import { isNamelessBridge } from './own-bridge.js'
import { DEFAULT_NETWORK, FAMILIES } from '../../store/network-spec.js'
import type { BridgeNetwork } from './spec.js'
import type { PredefinedPlace, HostView } from '../networks-of.js'
import { nth, parseSubnet } from '../../base/addresses/subnet.js'
import { listRecords, type SandboxRecord } from '../../store/records.js'

/** What subnets are chosen from. */
type Free = Parameters<typeof defaultBridgeSubnets>[1]
const NONE: Free = { pools: [], occupied: [] }

/** What sandboxes remember of the network that they are on. */
interface Lost {
  bip: string
  bip6: string | undefined
  mtu: number
  icc: boolean
}

/** What a bridge is to have again. */
interface Losses {
  own4: Pick<AddressInfo, 'address' | 'prefix'> | undefined
  own6: Pick<AddressInfo, 'address' | 'prefix'> | undefined
  mtu: number | undefined
}

/** What the network `bridge` is, or will be, by its bridge, its sandboxes and the options of open(). Writes nothing. */
export class DefaultDescription {
  readonly #host: Host
  readonly #settings: Settings
  readonly #hostView: HostView
  /** Folder of the sandboxes' records. */
  readonly #sandboxes: string
  #remembered: Lost | undefined

  constructor({ host, settings, hostView, sandboxes }: Omit<PredefinedPlace, 'driver'>) {
    this.#host = host
    this.#settings = settings
    this.#hostView = hostView
    this.#sandboxes = sandboxes
  }

  /** As it was, for the sandboxes that somebody has deleted it under; otherwise as it is asked for. */
  async wanted(): Promise<BridgeNetwork> {
    const lost = await this.#lost()
    if (!lost) return this.#spec(await this.choose())
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

  async choose(): Promise<NetworkSubnet[]> {
    const { bip, fixedCidr, defaultGateway, ipv6, bip6, fixedCidrV6, defaultGatewayV6 } = this.#settings
    const families = (ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined)) ? FAMILIES : ([4] as const)
    return this.#subnets(
      { bip, fixedCidr, defaultGateway, ipv6, bip6, fixedCidrV6, defaultGatewayV6 },
      {
        pools: this.#hostView.pools(families),
        occupied: await this.#hostView.occupied(families, DEFAULT_NETWORK),
      },
    )
  }

  /** An interface of that name: ours, and as asked for. */
  async existing(link: LinkInfo): Promise<BridgeNetwork> {
    const { bridgeName, bip, bip6, mtu, icc, ipMasq } = this.#settings
    if (!isOwn(link) && !(await isNamelessBridge(this.#host, link, DEFAULT_NETWORK))) {
      throw new SlipwayError(
        'CONFLICT',
        `There is an interface ${bridgeName} already, and it is not Slipway's${link.kind ? ` (a ${link.kind})` : ''}. Give another bridgeName, or, if nothing needs it, remove it: ip link delete ${bridgeName}.`,
      )
    }
    // A bridge that is not in the sets yet is still being made, or its maker has died: no flags to compare, perhaps no
    // address.
    const whole = await has(this.#host, sets.bridges, link.name)
    const own = await addressesOf(this.#host, link)
    const lost = whole ? await this.#losses(own, link) : undefined
    const own4 = own.find(isIpv4) ?? lost?.own4
    const own6 = own.find(({ address }) => address.includes(':') && !/^fe[89ab]/.test(address)) ?? lost?.own6
    if (!own4 && !whole) {
      const chosen = this.#spec(await this.choose())
      // Another has given it an address since, which may be why this one was chosen.
      return (await addressesOf(this.#host, link)).some(isIpv4) ? this.existing(link) : chosen
    }
    if (!own4)
      throw new SlipwayError(
        'CONFLICT',
        `The bridge ${bridgeName} has lost its IPv4 address. Remove it (ip link delete ${bridgeName}), and it is made anew.`,
      )
    const mac = await this.#macOf(link, own4.address)
    const withPrefix = ({ address, prefix }: Pick<AddressInfo, 'address' | 'prefix'>) => `${address}/${prefix}`
    const { fixedCidr, fixedCidrV6, defaultGateway, defaultGatewayV6, ipv6 } = this.#settings
    const wants6 = ipv6 ?? (bip6 !== undefined || fixedCidrV6 !== undefined ? true : undefined)
    const is = {
      bip: withPrefix(own4),
      bip6: own6 && withPrefix(own6),
      ipv6: own6 !== undefined,
      mtu: lost?.mtu ?? link.mtu,
      // Each is told by more than one element, as an administrator may have deleted one.
      icc:
        (await has(this.#host, sets.icc, `${link.name} . ${link.name}`)) ||
        (!(await has(this.#host, sets.gates, mac)) && (icc ?? (await this.#lost())?.icc ?? true)),
      ipMasq:
        (await has(this.#host, sets.masqueraded[4], link.name)) ||
        (own6 !== undefined && (await has(this.#host, sets.masqueraded[6], link.name))),
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
      mac,
      mtu: is.mtu,
      icc: told ? is.icc : (icc ?? (await this.#lost())?.icc ?? true),
      families: { 4: rules, 6: rules },
    }
  }

  /** What the sandboxes remember, by records that were read already; until it is forgotten: `undefined`. */
  remember(records: readonly SandboxRecord[] | undefined): void {
    this.#remembered = records && this.#lostBy(records)
  }

  /** The MAC address that was claimed for a bridge: its sandboxes know it by that, whatever it has by now. */
  async #macOf({ name, address }: LinkInfo, own4: string): Promise<string> {
    const usual = macOf(own4)
    if (address === usual) return address
    const isClaimed = async (mac: string) =>
      (await this.#host.find('element', { ...sets.macs, key: `${name} . ${mac}` }))?.comment === DEFAULT_NETWORK
    return !(await isClaimed(address)) && (await isClaimed(usual)) ? usual : address
  }

  /**
   * What a bridge that was whole has lost since, of what its sandboxes remember: its addresses, its MTU. Without
   * sandboxes, the first address of the subnet that is claimed for it.
   */
  async #losses(own: readonly AddressInfo[], link: LinkInfo): Promise<Losses> {
    const lost = this.#remembered ?? (own.some(isIpv4) ? undefined : await this.#lost())
    const read = (text: string | undefined) => {
      const [address = '', prefix] = text?.split('/') ?? []
      return address === '' ? undefined : { address, prefix: Number(prefix) }
    }
    const mtu = lost && lost.mtu !== link.mtu ? lost.mtu : undefined
    return {
      own4: read(lost?.bip) ?? (own.some(isIpv4) ? undefined : await this.#firstClaimed()),
      own6: read(lost?.bip6),
      mtu,
    }
  }

  async #firstClaimed(): Promise<Pick<AddressInfo, 'address' | 'prefix'> | undefined> {
    const claimed = await new SetContents(this.#host).of(sets.subnets[4])
    const subnet = parseSubnet(claimed.find(({ comment }) => comment === DEFAULT_NETWORK)?.key ?? '')
    return subnet && { address: nth(subnet, 1), prefix: subnet.prefix }
  }

  /** What the sandboxes that are on it remember of it. */
  async #lost(): Promise<Lost | undefined> {
    return this.#lostBy((await listRecords(this.#sandboxes)).map(({ record }) => record))
  }

  #lostBy(records: readonly SandboxRecord[]): Lost | undefined {
    const endpoints = records
      .flatMap((record) => record.endpoints)
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
    const setContents = new SetContents(this.#host)
    const pairs = [...(await setContents.of(sets.sameNetwork[4])), ...(await setContents.of(sets.sameNetwork[6]))]
    return pairs.some(({ key }) => key.endsWith(` . ${link.name}`))
  }
}
