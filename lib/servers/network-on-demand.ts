import type { Network } from '../api/networks/network.js'
import type { Slipway } from '../api/slipway.js'
import { SlipwayError, type SlipwayErrorCode } from '../base/errors.js'
import type { NetworkOptions } from '../networks/create-options.js'
import { driverFor } from '../networks/create-options.js'
import { familyOf } from '../base/addresses/ip.js'
import { parseSubnet, printSubnet } from '../base/addresses/subnet.js'

/** A network as a runtime's own configuration describes it: it is made with its first container. */
export interface NetworkOnDemand {
  options: NetworkOptions
  /** A label by which it is known to be one: such a network goes with its last container. */
  label: readonly [name: string, value: string]
  /** Whose configuration it is, for messages: `podman's`. */
  whose: string
}

/** So often a network is made again that went with its last container just then. */
const TRIES = 8

/**
 * Does something with the network of that name, which is made if it is not there. Where it is refused, a network that
 * was made for nothing goes again.
 *
 * @throws {SlipwayError} `CONFLICT`, where a network of that name has another driver or other subnets.
 */
export async function onNetwork<T>(
  slipway: Slipway,
  wanted: NetworkOnDemand,
  use: (network: Network) => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    const network = await networkFor(slipway, wanted)
    try {
      return await use(network)
    } catch (error) {
      const hasGone = is(error, 'NOT_FOUND') && (await find(slipway, network.name))?.id !== network.id
      if (hasGone && tried < TRIES) continue
      await leaveNetwork(slipway, network.name, wanted.label[0])
      throw error
    }
  }
}

/** A sandbox that was on a network when it was last looked at, by the network's name: mostly, it is so still. */
const seen = new WeakMap<Slipway, Map<string, string>>()

/** Removes a network that was made on demand, unless a sandbox is on it. @param label - Name of its label. */
export async function leaveNetwork(slipway: Slipway, name: string, label: string): Promise<void> {
  const network = await find(slipway, name)
  if (network?.labels[label] === undefined || (await isInUse(slipway, network))) return
  await network.remove().catch((error: unknown) => {
    if (!is(error, 'CONFLICT') && !is(error, 'NOT_FOUND')) throw error
  })
}

/** To find that out, the records of all sandboxes are read, unless one that is known to be on it is so still. */
async function isInUse(slipway: Slipway, network: Network): Promise<boolean> {
  const known = seen.get(slipway) ?? new Map<string, string>()
  seen.set(slipway, known)
  const { name } = network
  const one = known.get(name)
  if (one !== undefined && (await isOn(slipway, one, name))) return true
  const [other] = await network.sandboxes()
  if (other === undefined) known.delete(name)
  else known.set(name, other)
  return other !== undefined
}

async function isOn(slipway: Slipway, sandbox: string, name: string): Promise<boolean> {
  try {
    const { endpoints } = await slipway.sandboxes.get(sandbox)
    return endpoints.some(({ network }) => network === name)
  } catch (error) {
    if (is(error, 'NOT_FOUND')) return false
    throw error
  }
}

/** Its subnets, with their gateways. */
export function subnetsOf(network: Network): { subnet: string; gateway?: string }[] {
  return (network.describe().IPAM.Config ?? []).map(({ Subnet, Gateway }) => ({
    subnet: Subnet,
    ...(Gateway === undefined ? {} : { gateway: Gateway }),
  }))
}

export const makeNetwork = (slipway: Slipway, { options, label: [name, value] }: NetworkOnDemand): Promise<Network> =>
  slipway.networks.create({ ...options, labels: { ...options.labels, [name]: value } })

async function networkFor(slipway: Slipway, wanted: NetworkOnDemand): Promise<Network> {
  const { name } = wanted.options
  const there = await find(slipway, name)
  if (there) return sameOf(there, wanted)
  try {
    return await makeNetwork(slipway, wanted)
  } catch (error) {
    // Another container of it was first.
    const made = is(error, 'CONFLICT') ? await find(slipway, name) : undefined
    if (made) return sameOf(made, wanted)
    throw error
  }
}

async function find(slipway: Slipway, name: string): Promise<Network | undefined> {
  try {
    const found = await slipway.networks.get(name)
    return found.name === name ? found : undefined
  } catch (error) {
    if (is(error, 'NOT_FOUND')) return undefined
    throw error
  }
}

/** Subnets of an IP version that the configuration leaves open are whatever they are. */
function sameOf(network: Network, { options, whose }: NetworkOnDemand): Network {
  const { name, subnets = [] } = options
  const driver = driverFor(options).name
  const wanted = subnets.map(({ subnet }) => canonical(subnet))
  const there = network.subnets.filter((one) => wanted.some((other) => familyOf(other) === familyOf(one)))
  const [have, want] = [there, wanted].map((list) => [...list].sort().join(' and '))
  if (network.driver === driver && have === want) return network
  const differs =
    network.driver === driver
      ? `with ${network.subnets.join(' and ')}, and ${whose} of that name has ${want}. Give ${whose} another name, or the same subnets.`
      : `of the driver ${network.driver}, and ${whose} of that name is of ${driver}. Give ${whose} another name, or the same driver.`
  throw new SlipwayError('CONFLICT', `There is a network ${name} on this host already, ${differs}`)
}

function canonical(cidr: string): string {
  const subnet = parseSubnet(cidr)
  return subnet ? printSubnet(subnet) : cidr
}

const is = (error: unknown, code: SlipwayErrorCode): boolean => error instanceof SlipwayError && error.code === code
