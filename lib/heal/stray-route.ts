import { add, remove } from '../policy/elements.js'
import { addresses } from '../policy/sets.js'
import type { PlanRefused } from '../kernel/refusal.js'
import { familyOf } from '../base/addresses/ip.js'
import { tryPlan } from '../claims/remove-if-there.js'
import { ownerComment } from '../store/owner.js'
import { randomId } from '../base/random-id.js'
import type { HealContext } from './context.js'

/**
 * Whether a sandbox was refused for a route to its address that has gone by now. Routes come after the claim of the
 * address and go before it; a process that is killed while it heals somebody's bridge may leave one all the same.
 * Whoever has the address may take that away, so it is claimed meanwhile, for nobody: what is left of that when this
 * process dies, the next `open()` collects.
 *
 * @returns `false` for any other refusal, and for a route that is none of the network's: it is an administrator's, and
 * stays.
 */
export async function removedStrayRoute(
  { host, networks }: Pick<HealContext, 'host' | 'networks'>,
  network: string,
  name: string,
  { operation, errnoName }: PlanRefused,
): Promise<boolean> {
  if (operation.op !== 'route.add' || operation.netns !== undefined || errnoName !== 'EEXIST') return false
  const [address = '', prefix] = operation.destination.split('/')
  const family = familyOf(address)
  const { spec, driver } = await networks.ready(network)
  const there = (await host.ask('routes', { ipv6: family === 6 })).find(
    ({ destination }) => destination === address || destination === `${address}/${prefix}`,
  )
  if (!there) return true
  const link = (await host.ask('links', {})).find(({ index }) => index === there.index)?.name ?? ''
  if (!driver.endpoints.routesThrough(spec, link)) return false
  const claim = { key: address, comment: ownerComment(name, randomId()) }
  await tryPlan(host, [
    add(addresses[family], claim),
    { op: 'route.delete', destination: operation.destination, link },
    remove(addresses[family], claim),
  ])
  return true
}
