import { familyOf } from '../../base/addresses/ip.js'
import { parseSubnet, printSubnet } from '../../base/addresses/subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import { invalid, show } from '../../base/errors.js'
import type { Fields } from '../http/fields.js'
import type { Wanted } from './add.js'
import { hasDefaultRoute, readDns, withSubnets } from './config.js'
import { callDelegate, type Delegate } from './delegate.js'

/**
 * Does something with the addresses that another plugin gives; where that is refused, it takes them back.
 *
 * @throws {CniError} What the plugin refuses.
 */
export async function withDelegated<T>(
  delegate: Delegate,
  wanted: Wanted,
  use: (wanted: Wanted) => Promise<T>,
): Promise<T> {
  try {
    return await use(addressed(wanted, await callDelegate(delegate, 'ADD')))
  } catch (error) {
    // What is refused first is what the runtime is told.
    await callDelegate(delegate, 'DEL').catch(() => undefined)
    throw error
  }
}

/** The network has the subnets of the addresses that the container was given. */
function addressed(wanted: Wanted, given: Fields): Wanted {
  const { network, attachment, dns } = wanted
  const hasRoute = hasDefaultRoute(given, 'The result of ipam.type')
  const subnets: SubnetRequest[] = []
  const addresses: { ip?: string; ip6?: string } = {}
  for (const ip of given.objects('ips')) {
    const [address, gateway] = [ip.text('address'), ip.text('gateway')]
    const subnet = parseSubnet(address)
    if (!subnet) throw invalid(`The plugin of ipam.type gives the address ${show(address)}, which is no CIDR.`)
    const which = familyOf(address) === 4 ? 'ip' : 'ip6'
    if (addresses[which] !== undefined)
      throw invalid(
        `The plugin of ipam.type gives ${addresses[which]} and ${address}. A container has one address of each IP version on a network.`,
      )
    addresses[which] = address.split('/')[0] ?? ''
    subnets.push({ subnet: printSubnet(subnet), ...(gateway === '' ? {} : { gateway }) })
  }
  if (subnets.length === 0) throw invalid('The plugin of ipam.type gives no address.')
  const named = Object.keys(dns).length > 0 ? dns : readDns(given.object('dns'), 'nameservers', 'search')
  return {
    ...wanted,
    network: { ...network, ...withSubnets(subnets) },
    attachment: { ...attachment, endpoint: { ...attachment.endpoint, ...addresses } },
    dns: named,
    defaultRoute: hasRoute || wanted.isDefaultGateway,
  }
}
