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
import { readNameservers } from '../names/host-files.js'
import { isRecent } from '../base/timers.js'
import { listNetworkRecords, type NetworkRecord } from '../store/network-records.js'
import { occupiedBy } from './host-routes.js'

/** A network claims its subnets a moment after its record is written. */
const YOUNG_MS = 200
const isYoung = ({ created }: NetworkRecord): boolean => isRecent(Date.parse(created), YOUNG_MS)

/** What a new network finds on its host: address pools, and what covers them already. */
export class KernelView implements HostView {
  readonly #host: Host
  /** Folder of the networks' records. */
  readonly #records: string
  readonly #settings: Settings

  constructor(host: Host, settings: Settings, records: string) {
    this.#host = host
    this.#records = records
    this.#settings = settings
  }

  pools(families: readonly IpFamily[]): readonly AddressPoolSpec[] {
    const { defaultAddressPools } = this.#settings
    return families.includes(6) ? withIpv6Pool(defaultAddressPools) : defaultAddressPools
  }

  async has(address: string): Promise<boolean> {
    return (await this.#host.ask('addresses', { ipv6: familyOf(address) === 6 })).some((own) => own.address === address)
  }

  link(name: string): Promise<LinkInfo | undefined> {
    return this.#host.find('link', { name })
  }

  async masterOf({ master }: LinkInfo): Promise<LinkInfo | undefined> {
    return master === 0 ? undefined : (await this.#host.ask('links', {})).find(({ index }) => index === master)
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
      for (const route of await this.#host.ask('routes', question)) {
        const occupied = parts.has(route.index) ? undefined : occupiedBy(route)
        if (occupied) found.push(occupied)
      }
      for (const { address, prefix } of await this.#host.ask('addresses', question)) {
        const subnet = parseSubnet(`${address}/${prefix}`)
        if (subnet) found.push({ subnet, what: `the host has the address ${address}/${prefix}` })
      }
    }
    found.push(...(await this.#nameservers(families)))
    // Asked for last, as a bridge has its route after its claim.
    return [...(await this.#networks(families, except)), ...found]
  }

  /** A network that covered one would take it away from the host. */
  async #nameservers(families: readonly IpFamily[]): Promise<Occupied[]> {
    const { netns, dns = [] } = this.#settings
    return [...dns, ...(await readNameservers(netns === undefined ? {} : { netns }))].flatMap((address) => {
      const subnet = parseSubnet(`${address}/${familyOf(address) === 6 ? 128 : 32}`)
      return subnet && families.includes(subnet.family)
        ? [{ subnet, what: `${address} is a nameserver of the host`, counts: 'chosen' as const }]
        : []
    })
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
        if (subnet)
          found.push({
            subnet,
            what: `the network ${record.name} has ${text}`,
            network: record.spec,
            ...(isYoung(record) ? { undecided: true } : {}),
          })
      }
    }
    return found
  }
}
