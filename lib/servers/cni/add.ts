import type { Network } from '../../api/networks/network.js'
import type { Endpoint } from '../../api/sandboxes/endpoint.js'
import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import type { Slipway } from '../../api/slipway.js'
import { familyOf } from '../../base/addresses/ip.js'
import { SlipwayError } from '../../base/errors.js'
import type { NetworkOptions } from '../../networks/create-options.js'
import { isPredefined } from '../../drivers/predefined.js'
import { onNetwork } from '../network-on-demand.js'
import type { Attachment } from './attachment.js'
import { CniError } from './cni-error.js'
import { CONTAINER, findContainer, nameOf, NETWORK } from './container.js'
import type { CniEnvironment } from './environment.js'
import type { CniDns, CniResult } from './result.js'

/** What `ADD` is to make. */
export interface Wanted {
  network: NetworkOptions
  attachment: Attachment
  /** It is to lead to the world, also where the container is on other networks before. */
  isDefaultGateway: boolean
  /** Whether its default route goes there, where it leads to the world. */
  defaultRoute: boolean
  dns: CniDns
}

/**
 * Connects a container to a network. All of it, or nothing.
 *
 * @param resident - This process stays, and answers names at gateways.
 */
export async function add(
  slipway: Slipway,
  environment: CniEnvironment,
  wanted: Wanted,
  resident: boolean,
): Promise<CniResult> {
  const { network } = wanted
  const connectTo = async (made?: Network) => {
    const sandbox = await connect(slipway, environment, wanted)
    const dns = dnsFor(wanted.dns, made, sandbox, resident)
    const result = describe(sandbox, network.name, environment.netns, made, dns)
    return wanted.defaultRoute ? result : { ...result, routes: [] }
  }
  // The one that every host has is used as it is.
  if (isPredefined(network.name)) return connectTo()
  return onNetwork(slipway, { options: network, label: [NETWORK, network.name], whose: "CNI's" }, connectTo)
}

async function connect(
  slipway: Slipway,
  { containerId, netns }: CniEnvironment,
  { network: { name: network }, attachment, isDefaultGateway, defaultRoute }: Wanted,
): Promise<Sandbox> {
  const { publish } = attachment
  const endpoint = { ...attachment.endpoint, ...(defaultRoute ? {} : { defaultRoute }) }
  const there = await findContainer(slipway, containerId)
  if (!there)
    return slipway.sandboxes.create({
      ...endpoint,
      name: nameOf(containerId),
      network,
      netns,
      publish,
      labels: { [CONTAINER]: containerId },
    })
  if (there.path !== netns)
    throw new CniError(
      'CONFLICT',
      `The container ${containerId} has the namespace ${there.path} still, and CNI_NETNS is ${netns}. Its runtime is to delete it first (DEL).`,
    )
  // The first network leads to the world, unless another says that it does.
  const gwPriority = isDefaultGateway ? 1 : -there.endpoints.length
  await there.connect(network, { ...endpoint, gwPriority })
  if (publish.length === 0) return there
  try {
    await there.publish(...publish)
  } catch (error) {
    await there.disconnect(network, { force: true })
    throw error
  }
  return there
}

function describe(sandbox: Sandbox, network: string, netns: string, made: Network | undefined, dns: CniDns): CniResult {
  const endpoint = sandbox.endpoints.find((one) => one.network === network)
  if (!endpoint) throw new SlipwayError('NOT_FOUND', `The container was taken off the network ${network} meanwhile.`)
  const onHost = [made?.bridge, endpoint.hostInterface].filter((name) => name !== undefined && name !== '')
  const gateways = gatewaysOf(endpoint)
  return {
    interfaces: [
      ...onHost.map((name) => ({ name: name ?? '' })),
      { name: endpoint.interface, mac: endpoint.mac, sandbox: netns },
    ],
    ips: endpoint.addresses.map((address) => {
      const gateway = gateways[familyOf(address)]
      return { address, ...(gateway === undefined ? {} : { gateway }), interface: onHost.length }
    }),
    routes: ([4, 6] as const).flatMap((family) => {
      const gw = gateways[family]
      if (gw === undefined || !leads(sandbox, endpoint, family)) return []
      return [{ dst: family === 4 ? '0.0.0.0/0' : '::/0', gw }]
    }),
    dns,
  }
}

interface Gateways {
  4?: string
  6?: string
}

function gatewaysOf({ gateway, gateway6 }: Endpoint): Gateways {
  return {
    ...(gateway === undefined || familyOf(gateway) !== 4 ? {} : { 4: gateway }),
    ...(gateway6 === undefined ? {} : { 6: gateway6 }),
  }
}

/** Whether the default route goes there: to the highest priority, then the first name. */
const leads = ({ endpoints }: Sandbox, endpoint: Endpoint, family: 4 | 6): boolean =>
  endpoints.every(
    (one) =>
      one === endpoint ||
      one.network === endpoint.network ||
      gatewaysOf(one)[family] === undefined ||
      one.gwPriority < endpoint.gwPriority ||
      (one.gwPriority === endpoint.gwPriority && endpoint.network < one.network),
  )

/** Where the configuration names no nameservers, the network's own is one, as long as a process answers there. */
function dnsFor(dns: CniDns, made: Network | undefined, sandbox: Sandbox, resident: boolean): CniDns {
  if (dns.nameservers || !resident || made?.driver !== 'bridge') return dns
  const { gateway } = sandbox.endpoints.find(({ network }) => network === made.name) ?? {}
  return gateway === undefined ? dns : { ...dns, nameservers: [gateway] }
}
