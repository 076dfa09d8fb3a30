import { invalid } from '../../base/errors.js'
import { macOf, macOfId, linkLocalOf } from '../../base/addresses/mac.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import type { Host } from '../../kernel/host.js'
import { FAMILIES } from '../../store/network-spec.js'
import type { EndpointAddress, EndpointRequest } from '../../store/endpoint.js'
import { segments } from '../../policy/sets.js'
import type { NetworkInUse } from '../driver.js'
import type { AddressGuesses } from '../address-guesses.js'
import type { SegmentBody, SegmentEndpoint } from './endpoints.js'
import type { SegmentKind } from './kind.js'
import type { SegmentNetwork } from './spec.js'

/** A network on a segment that this process uses. */
export class SegmentInUse implements NetworkInUse<SegmentBody> {
  readonly moment = undefined
  readonly #kind: SegmentKind
  readonly #spec: SegmentNetwork
  readonly #host: Host

  constructor(kind: SegmentKind, spec: SegmentNetwork, host: Host) {
    this.#kind = kind
    this.#spec = spec
    this.#host = host
  }

  async learn(): Promise<void> {
    // Nothing of its sandboxes is on the host.
  }

  check({ mac }: EndpointRequest): void {
    if (mac === undefined) return
    const { driver, ownMac, alone } = this.#kind
    const { name, mode, parent } = this.#spec
    const instead = `Leave mac out, or use a network of the driver ${ownMac ? 'macvlan in mode bridge' : 'macvlan'}.`
    if (!ownMac)
      throw invalid(
        `mac ${mac} does not go with the network ${name}: all links of an ${driver} have the MAC of their parent. ${instead}`,
      )
    if (alone.includes(mode))
      throw invalid(
        `mac ${mac} does not go with the network ${name}: in mode ${mode} an endpoint has the MAC of its parent ${parent}. ${instead}`,
      )
  }

  draft(
    id: string,
    name: string,
    taken: AddressGuesses,
    asked: EndpointRequest,
    random = false,
  ): SegmentEndpoint | Promise<SegmentEndpoint> {
    const { ownMac, alone } = this.#kind
    const ipv4 = taken[4]?.address
    if (ownMac && !alone.includes(this.#spec.mode))
      return this.#endpoint(
        id,
        name,
        taken,
        asked,
        asked.mac ?? (ipv4 !== undefined && !random ? macOf(ipv4) : macOfId(id)),
        true,
      )
    return this.#host
      .find('link', { name: this.#spec.parent })
      .then((parent) => this.#endpoint(id, name, taken, asked, parent?.address ?? macOfId(id), false))
  }

  #endpoint(
    id: string,
    name: string,
    taken: AddressGuesses,
    asked: EndpointRequest,
    mac: string,
    ownMac: boolean,
  ): SegmentEndpoint {
    const { connected, driver } = this.#kind
    const { name: network, id: networkId, mtu, internal, parent, mode, flag, shim } = this.#spec
    const addresses: Partial<Record<IpFamily, EndpointAddress>> = {}
    for (const family of FAMILIES) {
      const found = taken[family]
      if (!found) continue
      const { prefix, broadcast, gateway } = found.subnet
      addresses[family] = {
        address: found.address,
        prefix,
        ...(broadcast === undefined ? {} : { broadcast }),
        ...(internal ? {} : connected.includes(mode) ? { connected: true } : gateway === undefined ? {} : { gateway }),
      }
    }
    return {
      id,
      network,
      networkId,
      driver,
      interface: name,
      mac,
      mtu,
      addresses,
      // Links of an ipvlan share a MAC, and would share an address that follows from it.
      ...(taken[6] ? { linkLocal: linkLocalOf(ownMac ? mac : macOfId(id)) } : {}),
      internal,
      asked,
      body: { parent, mode, ...(flag === undefined ? {} : { flag }), ownMac, ...(shim ? { shim: shim.name } : {}) },
    }
  }

  leave(): void {
    // It had no place that another could have.
  }

  hasOtherPlace(): boolean {
    return false
  }

  claimOf(family: IpFamily, address: string) {
    return [segments[family], `${this.#spec.parent} . ${address}`] as const
  }

  async claimed(family: IpFamily): Promise<string[]> {
    const behind = `${this.#spec.parent} . `
    const elements = (await this.#host.find('elements', segments[family])) ?? []
    return elements.flatMap(({ key }) => (key.startsWith(behind) ? [key.slice(behind.length)] : []))
  }
}
