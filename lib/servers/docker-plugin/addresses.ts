import { SlipwayError } from '../../base/errors.js'
import { subnetOfPool } from './address-pools.js'
import { needed, type PluginCall, type PluginMethod } from './call.js'

/** What an address is for. */
const TYPE = 'RequestAddressType'
const GATEWAY = 'com.docker.network.gateway'

/** dockerd keeps addresses of several such spaces apart; a host has one. */
const SPACE = 'slipway'

export const ADDRESS_METHODS: Readonly<Record<string, PluginMethod>> = {
  // dockerd asks for nothing again: what sandboxes have, the kernel knows.
  'IpamDriver.GetCapabilities': () => ({ RequiresMACAddress: false, RequiresRequestReplay: false }),
  'IpamDriver.GetDefaultAddressSpaces': () => ({ LocalDefaultAddressSpace: SPACE, GlobalDefaultAddressSpace: SPACE }),
  'IpamDriver.RequestPool': async ({ networks, pools, body }) => {
    needed(body, 'AddressSpace')
    await networks.yield(body.text('Pool'))
    const { id, subnet, gateway } = await pools.request(
      body.text('Pool'),
      body.text('SubPool'),
      body.flag('V6') ?? false,
    )
    const [, prefix] = subnet.split('/')
    return { PoolID: id, Pool: subnet, Data: gateway === '' ? {} : { [GATEWAY]: `${gateway}/${prefix}` } }
  },
  'IpamDriver.ReleasePool': async ({ networks, pools, body }) => {
    const { subnet } = subnetOfPool(needed(body, 'PoolID'))
    pools.release(subnet)
    // Its network goes: dockerd deletes that next; or it takes it for one that was not made, where Slipway was killed
    // before it could answer.
    const id = networks.withSubnet(subnet)
    if (id !== undefined) await networks.remove(id)
    return undefined
  },
  'IpamDriver.RequestAddress': async (call) => ({ Address: await requestAddress(call), Data: {} }),
  'IpamDriver.ReleaseAddress': async ({ networks, body }) => {
    const id = networks.withSubnet(subnetOfPool(needed(body, 'PoolID')).subnet)
    if (id !== undefined) await networks.on(id, (network) => network.giveBack(needed(body, 'Address')))
    return undefined
  },
}

async function requestAddress({ networks, pools, body }: PluginCall): Promise<string> {
  const { subnet, prefix } = subnetOfPool(needed(body, 'PoolID'))
  const wanted = body.text('Address')
  const id = networks.withSubnet(subnet)
  // Of a network that is yet to be made, dockerd asks for addresses that no container gets, and tells them with it.
  const isGateway = body.pairs('Options')[TYPE] === GATEWAY
  if (id === undefined || isGateway) {
    const address = wanted === '' && isGateway ? pools.gatewayOf(subnet) : wanted
    if (address) return `${address}/${prefix}`
    throw new SlipwayError(
      'NOT_FOUND',
      `${subnet} is the subnet of no network here. Slipway gives addresses to its own networks: give that network this driver, too, or another --ipam-driver.`,
    )
  }
  return networks.on(id, (network) =>
    network.reserveAddress(subnet.includes(':') ? 6 : 4, wanted === '' ? undefined : wanted),
  )
}
