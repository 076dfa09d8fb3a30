import type { Slipway } from '../../api/slipway.js'
import { canonicalAddress } from '../../base/addresses/address.js'
import type { Fields } from '../http/fields.js'
import { CniError } from './cni-error.js'
import { endpointOf, findContainer } from './container.js'
import type { CniEnvironment } from './environment.js'

/**
 * `CHECK`: whether a container is connected as `ADD` has said, and the kernel has all of it.
 *
 * @throws {CniError} 3 where there is no such attachment; 7 without what ADD has said; 108 with a sentence for each
 *   difference.
 */
export async function check(
  slipway: Slipway,
  network: string,
  { containerId, ifname, netns }: CniEnvironment,
  result: Fields | undefined,
): Promise<void> {
  if (!result)
    throw new CniError('INVALID_CONFIGURATION', 'There is no prevResult. CHECK compares with what ADD has answered.')
  const sandbox = await findContainer(slipway, containerId)
  const endpoint = sandbox && endpointOf(sandbox, network, ifname)
  if (!sandbox || !endpoint)
    throw new CniError(
      'UNKNOWN_CONTAINER',
      `The container ${containerId} is not on the network ${network} by ${ifname}.`,
    )
  const differs: string[] = []
  if (sandbox.path !== netns) differs.push(`its namespace is ${sandbox.path}, and CNI_NETNS is ${netns}`)
  const interfaces = result.objects('interfaces')
  const at = interfaces.findIndex((one) => one.text('name') === ifname && one.text('sandbox') !== '')
  if (at === -1) differs.push(`prevResult has no interface ${ifname} of a container`)
  if (endpoint.interface !== ifname) differs.push(`its interface is ${endpoint.interface} by now`)
  const has = new Set(endpoint.addresses)
  for (const ip of result.objects('ips')) {
    const address = canonicalCidr(ip.text('address'))
    if (ip.whole('interface') === at && !has.has(address)) differs.push(`it has not the address ${address}`)
  }
  differs.push(...(await sandbox.damage()))
  if (differs.length > 0)
    throw new CniError('DIFFERS', `The container ${containerId} is not as it was connected: ${differs.join('; ')}.`)
}

function canonicalCidr(text: string): string {
  const [address = '', prefix = ''] = text.split('/')
  return `${canonicalAddress(address) ?? address}/${prefix}`
}
