import { networkDrivers } from '../drivers/index.js'
import type { HostView } from '../drivers/networks-of.js'
import { subnets } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import type { NetworkSpec } from '../store/network-spec.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { AddressPoolSpec } from '../base/settings.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import { parseSubnet } from '../base/addresses/subnet.js'
import { withIpv6Pool } from '../claims/addresses/ula.js'
import type { Settings } from '../base/settings.js'
import { listNetworkRecords } from '../store/network-records.js'

/** What a new network finds on its host: address pools, and what covers them already. */
export class KernelView implements HostView {
  readonly #host: Host
  /** Folder of the networks' records. */
  readonly #records: string
  readonly #pools: readonly AddressPoolSpec[]

  constructor(host: Host, settings: Settings, records: string) {
    this.#host = host
    this.#records = records
    this.#pools = settings.defaultAddressPools
  }

  pools(families: readonly IpFamily[]): readonly AddressPoolSpec[] {
    return families.includes(6) ? withIpv6Pool(this.#pools) : this.#pools
  }

  async has(address: string): Promise<boolean> {
    return (await this.#host.ask('addresses', { ipv6: familyOf(address) === 6 })).some((own) => own.address === address)
  }

  link(name: string): Promise<LinkInfo | undefined> {
    return this.#host.find('link', { name })
  }

  async networks(): Promise<NetworkSpec[]> {
    return (await listNetworkRecords(this.#records)).map(({ record }) => record.spec)
  }

  async occupied(families: readonly IpFamily[], except?: string): Promise<Occupied[]> {
    const found: Occupied[] = []
    // Their routes lead to single sandboxes of networks that are named already.
    const parts = new Set(
      (await this.#host.ask('links', {}))
        .filter((link) => networkDrivers.some(({ networks }) => networks.isPart(link)))
        .map(({ index }) => index),
    )
    for (const family of families) {
      const question = { ipv6: family === 6 }
      for (const { index, destination } of await this.#host.ask('routes', question)) {
        const subnet = destination === 'default' || parts.has(index) ? undefined : parseSubnet(destination)
        if (subnet) found.push({ subnet, what: `the host has the route ${destination}` })
      }
      for (const { address, prefix } of await this.#host.ask('addresses', question)) {
        const subnet = parseSubnet(`${address}/${prefix}`)
        if (subnet) found.push({ subnet, what: `the host has the address ${address}/${prefix}` })
      }
    }
    // Asked for last, as a bridge has its route after its claim.
    return [...(await this.#networks(families, except)), ...found]
  }

  async #networks(families: readonly IpFamily[], except: string | undefined): Promise<Occupied[]> {
    const found: Occupied[] = []
    for (const family of families) {
      for (const { key, comment } of (await this.#host.find('elements', subnets[family])) ?? []) {
        const subnet = comment === except ? undefined : parseSubnet(key)
        if (subnet) found.push({ subnet, what: `the network ${comment} has ${key}`, claimed: true })
      }
    }
    for (const { record } of await listNetworkRecords(this.#records)) {
      for (const { family, subnet: text } of record.spec.subnets) {
        const subnet = families.includes(family) ? parseSubnet(text) : undefined
        if (subnet) found.push({ subnet, what: `the network ${record.name} has ${text}`, network: record.spec })
      }
    }
    return found
  }
}
