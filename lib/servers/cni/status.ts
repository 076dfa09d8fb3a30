import type { Slipway } from '../../api/slipway.js'
import { parseSubnet, sizeOf, unusable } from '../../base/addresses/subnet.js'
import type { NetworkOptions } from '../../networks/create-options.js'
import { CniError } from './cni-error.js'

/** `STATUS`: whether a container could be connected now. @throws {CniError} 50 */
export async function status(slipway: Slipway, { name }: NetworkOptions): Promise<void> {
  const network = (await slipway.networks.list({ name })).find((one) => one.name === name)
  if (!network) return
  const { IPAM } = network.describe()
  const members = (await network.sandboxes()).length
  for (const { Subnet, IPRange, AuxiliaryAddresses = {} } of IPAM.Config ?? []) {
    const subnet = parseSubnet(IPRange ?? Subnet)
    if (!subnet) continue
    const never = IPRange === undefined ? unusable(subnet).length + 1 + Object.keys(AuxiliaryAddresses).length : 0
    if (members >= sizeOf(subnet) - never)
      throw new CniError('NOT_AVAILABLE', `The network ${name} has no address left in ${IPRange ?? Subnet}.`)
  }
}
