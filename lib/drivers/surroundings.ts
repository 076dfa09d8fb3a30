import { readLeafAlias } from './bridge/leaf.js'
import { subnets } from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { AddressPoolSpec } from '../base/settings.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import { parseSubnet } from '../base/addresses/subnet.js'
import { withIpv6Pool } from '../claims/addresses/ula.js'
import type { Settings } from '../base/settings.js'
import { listNetworkRecords } from '../store/network-records.js'

/** What a new network finds on its host: address pools, and what covers them already. */
export class Surroundings {
  readonly #host: Host
  /** Folder of the networks' records. */
  readonly #records: string
  readonly #pools: readonly AddressPoolSpec[]

  constructor(host: Host, settings: Settings, records: string) {
    this.#host = host
    this.#records = records
    this.#pools = settings.defaultAddressPools
  }

  /** Those that there are for some IP versions, at least. */
  pools(families: readonly IpFamily[]): readonly AddressPoolSpec[] {
    return families.includes(6) ? withIpv6Pool(this.#pools) : this.#pools
  }

  /** Whether the host has an address. */
  async has(address: string): Promise<boolean> {
    return (await this.#host.ask('addresses', { ipv6: familyOf(address) === 6 })).some((own) => own.address === address)
  }

  /**
   * What networks, routes and addresses of the host cover. A network is named rather than the route that it is.
   *
   * @param except - A network whose claims do not count, as it is the one that asks.
   */
  async occupied(families: readonly IpFamily[], except?: string): Promise<Occupied[]> {
    const found: Occupied[] = []
    // Their routes lead to single sandboxes of networks that are named already.
    const leaves = new Set(
      (await this.#host.ask('links', {})).flatMap(({ index, alias }) => (readLeafAlias(alias) ? [index] : [])),
    )
    for (const family of families) {
      const question = { ipv6: family === 6 }
      for (const { index, destination } of await this.#host.ask('routes', question)) {
        const subnet = destination === 'default' || leaves.has(index) ? undefined : parseSubnet(destination)
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
        if (subnet) found.push({ subnet, what: `the network ${comment} has ${key}` })
      }
    }
    for (const { record } of await listNetworkRecords(this.#records)) {
      for (const { family, subnet: text } of record.spec.subnets) {
        const subnet = families.includes(family) ? parseSubnet(text) : undefined
        if (subnet) found.push({ subnet, what: `the network ${record.name} has ${text}` })
      }
    }
    return found
  }
}
