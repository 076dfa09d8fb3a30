import type { Network } from '../../api/networks/network.js'
import type { Slipway } from '../../api/slipway.js'
import { SlipwayError } from '../../base/errors.js'
import type { PodmanNetwork } from './request.js'

/** A network that was made for podman, which tells no plugin that one is removed: it goes with its last container. */
const ID = 'netavark.id'

/**
 * The network of that name, made if it is not there.
 *
 * @throws {SlipwayError} `CONFLICT`, where its subnets are others.
 */
export async function networkFor(slipway: Slipway, wanted: PodmanNetwork): Promise<Network> {
  const there = await find(slipway, wanted.name)
  if (there) return sameOf(there, wanted)
  try {
    return await make(slipway, wanted)
  } catch (error) {
    // Another container of it was first.
    const made =
      error instanceof SlipwayError && error.code === 'CONFLICT' ? await find(slipway, wanted.name) : undefined
    if (made) return sameOf(made, wanted)
    throw error
  }
}

/** Subnets for a network that has none yet: free ones of this host. */
export async function chooseSubnets(
  slipway: Slipway,
  wanted: PodmanNetwork,
): Promise<{ subnet: string; gateway?: string }[]> {
  const network = await make(slipway, wanted)
  try {
    return await subnetsOf(network)
  } finally {
    await network.remove()
  }
}

/** Removes a network that was made for podman, unless a sandbox is on it. */
export async function leaveNetwork(slipway: Slipway, name: string): Promise<void> {
  const network = await find(slipway, name)
  if (network?.labels[ID] === undefined) return
  await network.remove().catch((error: unknown) => {
    if (!(error instanceof SlipwayError && (error.code === 'CONFLICT' || error.code === 'NOT_FOUND'))) throw error
  })
}

/** Its subnets, with their gateways. */
export async function subnetsOf(network: Network): Promise<{ subnet: string; gateway?: string }[]> {
  const { IPAM } = await network.inspect()
  return (IPAM.Config ?? []).map(({ Subnet, Gateway }) => ({
    subnet: Subnet,
    ...(Gateway === undefined ? {} : { gateway: Gateway }),
  }))
}

const make = (slipway: Slipway, { name, id, subnets, ipv6, internal, options }: PodmanNetwork): Promise<Network> =>
  slipway.networks.create({
    name,
    ...(subnets.length === 0 ? {} : { subnets }),
    ...(ipv6 ? { ipv6 } : {}),
    internal,
    options,
    labels: { [ID]: id },
  })

async function find(slipway: Slipway, name: string): Promise<Network | undefined> {
  return (await slipway.networks.list({ name })).find((one) => one.name === name)
}

function sameOf(network: Network, { name, subnets }: PodmanNetwork): Network {
  const texts = (list: readonly string[]) => [...list].sort().join(' and ')
  const [have, want] = [texts(network.subnets), texts(subnets.map(({ subnet }) => subnet))]
  if (want === '' || have === want) return network
  throw new SlipwayError(
    'CONFLICT',
    `There is a network ${name} on this host already, with ${have}, and podman's of that name has ${want}. Give podman's another name, or the same subnets.`,
  )
}
