import type { ReservedSubnets } from '../../api/networks/networks.js'
import type { Slipway } from '../../api/slipway.js'
import { invalid } from '../../base/errors.js'

/** A subnet that dockerd has asked for, before it has a network for it. */
interface Requested extends ReservedSubnets {
  range: string
}

/** The subnets that dockerd gives to networks. An id says which subnet it is, and which part addresses come from. */
export class AddressPools {
  readonly #slipway: Slipway
  /** By subnet. */
  readonly #requested = new Map<string, Requested>()

  constructor(slipway: Slipway) {
    this.#slipway = slipway
  }

  /** @param pool - Empty for any free one. @param range - Empty for all of it. */
  async request(pool: string, range: string, ipv6: boolean): Promise<{ id: string; subnet: string; gateway: string }> {
    const wanted = pool === '' ? {} : { subnets: [{ subnet: pool, ...(range === '' ? {} : { ipRange: range }) }] }
    const reserved = await this.#slipway.networks.reserve({ ...wanted, ipv4: !ipv6, ipv6 })
    const [{ subnet, gateway = '' } = { subnet: pool }] = reserved.subnets
    this.release(subnet)
    this.#requested.set(subnet, { ...reserved, range })
    return { id: range === '' ? subnet : `${subnet},${range}`, subnet, gateway }
  }

  /** The gateway of a subnet that is yet to have a network. */
  gatewayOf(subnet: string): string | undefined {
    return this.#requested.get(subnet)?.subnets[0]?.gateway
  }

  /** Which part of it addresses come from, where that is not all. */
  rangeOf(subnet: string): string | undefined {
    return this.#requested.get(subnet)?.range || undefined
  }

  /** It has a network by now, or is to have none. */
  release(subnet: string): void {
    this.#requested.get(subnet)?.release()
    this.#requested.delete(subnet)
  }
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function subnetOfPool(id: string): { subnet: string; prefix: string } {
  const [subnet = ''] = id.split(',')
  const [address = '', prefix = ''] = subnet.split('/')
  if (address !== '' && /^\d{1,3}$/.test(prefix)) return { subnet, prefix }
  throw invalid(`PoolID must be one that was given here, as in "172.30.0.0/16", and is ${JSON.stringify(id)}.`)
}
