import { clock } from '../base/timers.js'
import { invalid } from '../base/errors.js'
import { parseSubnet } from '../base/addresses/subnet.js'
import { randomId } from '../base/random-id.js'
import type { Settings } from '../base/settings.js'
import { completeIpam, isNetworks } from '../claims/addresses/complete.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { HostView } from '../drivers/networks-of.js'
import { thisProcess } from '../store/maker.js'
import type { NetworkRecord } from '../store/network-records.js'
import { FAMILIES, IPV6_MTU } from '../store/network-spec.js'
import { driverFor, requestOf, type NetworkOptions } from './create-options.js'

/**
 * What a network will be: everything that was left open is chosen now.
 *
 * @param kept - Subnets that are not chosen from the pools.
 * @param chosen - Those of networks that this process is about to make, by their ids; this one's comes here.
 * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT`, `EXHAUSTED`
 */
export async function draftNetwork(
  options: NetworkOptions,
  settings: Settings,
  hostView: HostView,
  kept: readonly Occupied[],
  chosen: Map<string, readonly Occupied[]>,
): Promise<NetworkRecord> {
  const { name, subnets, labels = {}, ipv4 = true, force = false } = options
  const request = requestOf(options)
  const driver = driverFor(options)
  const {
    router,
    complete,
    mayOverlap,
    internal = request.internal,
    ...draft
  } = await driver.networks.draft(request, hostView, settings)
  const ipv6 =
    options.ipv6 ?? subnets?.some((one) => typeof one?.subnet === 'string' && one.subnet.includes(':')) ?? false
  const addresses = completeIpam(
    { ...(subnets ? { subnets } : {}), ipv4, ipv6, router, internal },
    {
      pools: hostView.pools(FAMILIES),
      occupied: await hostView.occupied(FAMILIES),
      mayOverlap: force ? (one) => !isNetworks(one) || mayOverlap?.(one) === true : mayOverlap,
      kept: [...kept, ...[...chosen.values()].flat()],
    },
  )
  if (ipv6 && draft.mtu < IPV6_MTU)
    throw invalid(
      `options: com.docker.network.driver.mtu ${draft.mtu}${settings.mtu === draft.mtu ? ' (as Slipway.open has it)' : ''} is too narrow for IPv6, which takes ${IPV6_MTU} bytes at least. Give that, or leave IPv6 out.`,
    )
  const id = randomId()
  // At once: the next draft chooses before this one is claimed.
  chosen.set(
    id,
    addresses.flatMap(({ subnet: text }) => {
      const subnet = parseSubnet(text)
      return subnet ? [{ subnet, what: `the network ${name} will have ${text}` }] : []
    }),
  )
  const head = { id, name, driver: driver.name, ...draft, subnets: addresses, internal, stateDir: settings.stateDir }
  return {
    version: 2,
    id,
    name,
    created: new Date(clock.time()).toISOString(),
    maker: thisProcess(),
    spec: complete(head),
    ipv4,
    ipv6,
    ...(subnets ? { subnets } : {}),
    options: request.options,
    labels,
  }
}
