import { removeOwn } from '../policy/elements.js'
import { portBeside } from '../policy/sets.js'
import type { PlanRefused } from '../kernel/refusal.js'
import { tryPlan } from '../claims/remove-if-there.js'
import type { HealContext } from './context.js'

/**
 * Whether a port was refused for a zone that has gone by now. A zone claims nothing: it stands beside a published port
 * and goes with it. One that stands alone is left by an administrator who has deleted the port's element.
 */
export async function removedStrayZone(
  { host }: Pick<HealContext, 'host'>,
  { operation, element, errnoName }: PlanRefused,
): Promise<boolean> {
  if (operation.op !== 'element.add' || errnoName !== 'EEXIST') return false
  const { op: _, elements, ...map } = operation
  const key = elements[element]?.key
  const port = key === undefined ? undefined : portBeside(map, key)
  if (key === undefined || !port) return false
  const zone = await host.find('element', { ...map, key })
  // While a port is published its own element is refused first, so this one has come since.
  if (!zone || (await host.find('element', { ...port.map, key: port.key }))) return true
  await tryPlan(host, [removeOwn(map, { key, comment: zone.comment })])
  return true
}
