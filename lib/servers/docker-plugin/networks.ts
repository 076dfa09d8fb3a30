import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import type { CreateNetworkOptions } from '../../networks/create-options.js'
import type { Fields } from '../http/fields.js'
import { NETWORK, nameOf, networkId, type PluginCall, type PluginMethod } from './call.js'

/** What `docker network create -o` has given. */
const GENERIC = 'com.docker.network.generic'
const INTERNAL = 'com.docker.network.internal'

export const NETWORK_METHODS: Readonly<Record<string, PluginMethod>> = {
  'NetworkDriver.GetCapabilities': () => ({ Scope: 'local', ConnectivityScope: 'local' }),
  'NetworkDriver.CreateNetwork': async ({ networks, pools, body, signal }) => {
    const id = networkId(body)
    const options = optionsOf(id, body, pools)
    await networks.create(id, { ...options, signal }, spaceOf(body))
    // dockerd has gone, and will never hear of it.
    if (signal.aborted) await networks.remove(id)
    for (const { subnet } of options.subnets ?? []) pools.release(subnet)
    return undefined
  },
  'NetworkDriver.DeleteNetwork': async ({ networks, body }) => {
    await networks.remove(networkId(body))
    return undefined
  },
  // Of a swarm, which networks of one host have nothing of.
  'NetworkDriver.AllocateNetwork': () => ({ Options: {} }),
  'NetworkDriver.FreeNetwork': () => undefined,
  'NetworkDriver.DiscoverNew': () => undefined,
  'NetworkDriver.DiscoverDelete': () => undefined,
}

function optionsOf(id: string, body: Fields, pools: PluginCall['pools']): CreateNetworkOptions {
  const options = body.object('Options')
  const subnets = [...body.objects('IPv4Data'), ...body.objects('IPv6Data')].map((one) => subnetOf(one, pools))
  const isOfVersion = (six: boolean) => subnets.some(({ subnet }) => subnet.includes(':') === six)
  return {
    name: nameOf(id),
    subnets,
    ipv4: isOfVersion(false),
    ipv6: isOfVersion(true),
    internal: options?.flag(INTERNAL) ?? false,
    options: options?.pairs(GENERIC) ?? {},
    labels: { [NETWORK]: id },
  }
}

/** Where dockerd has its subnets from: all from one place. */
const spaceOf = (body: Fields): string =>
  [...body.objects('IPv4Data'), ...body.objects('IPv6Data')][0]?.text('AddressSpace') ?? ''

function subnetOf(data: Fields, pools: PluginCall['pools']): SubnetRequest {
  const subnet = data.text('Pool')
  const gateway = withoutPrefix(data.text('Gateway'))
  const aux = Object.entries(data.pairs('AuxAddresses')).map(([name, address]) => [name, withoutPrefix(address)])
  const ipRange = pools.rangeOf(subnet)
  return {
    subnet,
    ...(gateway === '' ? {} : { gateway }),
    ...(ipRange === undefined ? {} : { ipRange }),
    ...(aux.length === 0 ? {} : { auxAddresses: Object.fromEntries(aux) as Record<string, string> }),
  }
}

/** dockerd writes an address with the prefix of its subnet. */
export const withoutPrefix = (address: string): string => address.split('/')[0] ?? ''
