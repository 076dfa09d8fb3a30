import type { Slipway } from '../../api/slipway.js'
import { makeNetwork, subnetsOf, type NetworkOnDemand } from '../network-on-demand.js'
import type { PodmanNetwork } from './request.js'

/** A network that was made for podman, which tells no plugin that one is removed: it goes with its last container. */
export const NETWORK_ID = 'netavark.id'

/** As podman describes it. */
export const onDemand = ({ name, id, subnets, ipv6, internal, options }: PodmanNetwork): NetworkOnDemand => ({
  options: {
    name,
    ...(subnets.length === 0 ? {} : { subnets }),
    ...(ipv6 ? { ipv6 } : {}),
    internal,
    options,
  },
  label: [NETWORK_ID, id],
  whose: "podman's",
})

/** Subnets for a network that has none yet: free ones of this host. */
export async function chooseSubnets(
  slipway: Slipway,
  wanted: PodmanNetwork,
): Promise<{ subnet: string; gateway?: string }[]> {
  const network = await makeNetwork(slipway, onDemand(wanted))
  try {
    return subnetsOf(network)
  } finally {
    await network.remove()
  }
}
