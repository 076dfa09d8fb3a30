import { invalid } from '../../base/errors.js'
import type { Host } from '../../kernel/host.js'
import type { PlanRefused } from '../../kernel/refusal.js'
import type { Operation } from '../../plan/operation.js'
import type { EndpointRequest } from '../../store/endpoint.js'
import { addresses } from '../../policy/sets.js'
import type { IpFamily } from '../../base/addresses/ip.js'
import type { EndpointElement, NetworkInUse, UseSettings } from '../driver.js'
import type { AddressGuesses } from '../address-guesses.js'
import { bridgeEndpoint, type BridgeBody, type BridgeEndpoint } from './endpoint.js'
import type { BridgeMoment } from './endpoints.js'
import { bridgesOf } from './leaves.js'
import { isFull } from './lost-bridge.js'
import type { NetworkBridges, Place } from './places.js'
import { needsHairpin } from './port.js'
import type { BridgeNetwork } from './spec.js'

/** A bridge network that this process uses: its bridges, and what the host makes necessary. */
export class BridgeInUse implements NetworkInUse<BridgeBody> {
  readonly moment: BridgeMoment
  readonly #spec: BridgeNetwork
  readonly #bridges: NetworkBridges
  readonly #host: Host

  private constructor(host: Host, spec: BridgeNetwork, bridges: NetworkBridges, moment: BridgeMoment) {
    this.#host = host
    this.#spec = spec
    this.#bridges = bridges
    this.moment = moment
  }

  static async begin(
    spec: BridgeNetwork,
    host: Host,
    settings: UseSettings,
    missing?: Operation[],
  ): Promise<BridgeInUse> {
    const hairpin = await needsHairpin(host)
    return new BridgeInUse(host, spec, bridgesOf(spec, host, settings, missing), { hairpin })
  }

  learn(): Promise<void> {
    return this.#bridges.learn(this.#host)
  }

  check(asked: EndpointRequest): void {
    // The bridge would take the sandbox's frames for its own that have come back.
    if (asked.mac === this.#spec.mac)
      throw invalid(
        `mac ${asked.mac} is that of the bridge of the network ${this.#spec.name}. Choose another, or leave mac out.`,
      )
  }

  draft(
    id: string,
    name: string,
    taken: AddressGuesses,
    asked: EndpointRequest,
    random = false,
  ): BridgeEndpoint | Promise<BridgeEndpoint> {
    const endpoint = ({ bridge, leaf }: Place) =>
      bridgeEndpoint(this.#spec, id, name, taken, asked, leaf ? bridge : undefined, random)
    const place = this.#bridges.take()
    return place instanceof Promise ? place.then(endpoint) : endpoint(place)
  }

  claimOf(family: IpFamily, address: string): EndpointElement {
    return [addresses[family], address]
  }

  async claimed(family: IpFamily): Promise<string[]> {
    return ((await this.#host.find('elements', addresses[family])) ?? []).map(({ key }) => key)
  }

  leave({ body }: BridgeEndpoint): void {
    this.#bridges.release(body.bridge)
  }

  hasOtherPlace(refused: PlanRefused): boolean {
    return isFull(refused) && this.#bridges.full(refused.operation.master)
  }
}
