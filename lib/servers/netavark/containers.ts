import type { Network } from '../../api/networks/network.js'
import type { Sandbox } from '../../api/sandboxes/sandbox.js'
import type { Slipway } from '../../api/slipway.js'
import { leaveNetwork, onNetwork, subnetsOf } from '../network-on-demand.js'
import { NETWORK_ID, onDemand } from './networks.js'
import type { PodmanContainer } from './request.js'

/** By this, the sandbox of a container is found again. */
const ID = 'netavark.container'

/** What netavark tells podman of a container on a network. */
export interface Connected {
  interfaces: Record<string, { mac_address: string; subnets: { ipnet: string; gateway?: string }[] }>
  dns_server_ips: string[]
  dns_search_domains: string[]
}

/** `setup`: connects the namespace of a container to a network. All of it, or nothing. */
export const setup = (slipway: Slipway, netns: string, container: PodmanContainer): Promise<Connected> =>
  onNetwork(slipway, onDemand(container.network), async (network) =>
    describe(await connect(slipway, netns, container), network, container),
  )

/** `teardown`: off that network. A container that is not on it is no error. */
export async function teardown(slipway: Slipway, { id, network: { name } }: PodmanContainer): Promise<void> {
  const sandbox = await find(slipway, id)
  const isOn = sandbox?.endpoints.some(({ network }) => network === name)
  if (sandbox && isOn) await (sandbox.endpoints.length > 1 ? sandbox.disconnect(name) : sandbox.remove())
  await leaveNetwork(slipway, name, NETWORK_ID)
}

async function connect(slipway: Slipway, netns: string, container: PodmanContainer): Promise<Sandbox> {
  const { id, name, network, ip, ip6, mac, aliases, ports } = container
  const endpoint = {
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(mac === undefined ? {} : { mac }),
    ...(aliases.length === 0 ? {} : { aliases }),
    interface: container.interface,
  }
  const there = await find(slipway, id)
  if (there) await there.connect(network.name, endpoint)
  if (there) return there
  // Its ports are told with each of its networks, and are published with the first.
  return slipway.sandboxes.create({
    ...endpoint,
    name,
    network: network.name,
    netns,
    publish: ports,
    labels: { [ID]: id },
  })
}

function describe(sandbox: Sandbox, made: Network, { network }: PodmanContainer): Connected {
  const endpoint = sandbox.endpoints.find((one) => one.network === network.name)
  const gateways = subnetsOf(made).flatMap(({ gateway }) => gateway ?? [])
  const addresses = endpoint?.addresses ?? []
  return {
    interfaces: {
      [endpoint?.interface ?? '']: {
        mac_address: endpoint?.mac ?? '',
        subnets: addresses.map((ipnet) => {
          const gateway = gateways.find((one) => one.includes(':') === ipnet.includes(':'))
          return { ipnet, ...(gateway === undefined || network.internal ? {} : { gateway }) }
        }),
      },
    },
    dns_server_ips: network.dns ? gateways : [],
    dns_search_domains: [],
  }
}

async function find(slipway: Slipway, id: string): Promise<Sandbox | undefined> {
  return (await slipway.sandboxes.list({ label: `${ID}=${id}` }))[0]
}
