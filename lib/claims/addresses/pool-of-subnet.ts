import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import { parseSubnet } from '../../base/addresses/subnet.js'
import { AddressPool } from './address-pool.js'

/** The addresses that endpoints of a subnet may have. */
export function poolOf({ subnet, range, address, gateway, aux }: NetworkSubnet): AddressPool {
  const whole = parseSubnet(subnet)
  const part = parseSubnet(range ?? subnet)
  if (!whole || !part) throw new RangeError(`${subnet} with ${range} is no subnet`)
  return new AddressPool(
    whole,
    part,
    [address, gateway, ...Object.values(aux)].filter((reserved) => reserved !== undefined),
  )
}
