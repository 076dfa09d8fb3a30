import { lookForDamage, lookInside } from '../heal/index.js'
import type { StoredRecord } from '../store/records.js'
import type { Context } from './context.js'

/** What the kernel has not of a sandbox, of its networks and of the ruleset, a sentence each. Changes nothing. */
export async function damageOf(context: Context, stored: StoredRecord): Promise<string[]> {
  const { record } = stored
  const { ruleset, networks, sandboxes } = await lookForDamage(context, [stored])
  const inside = await lookInside(context.host, [record])
  return [
    ...(ruleset ? ['of the ruleset, something was changed or deleted'] : []),
    ...record.endpoints.flatMap(({ network }) =>
      networks.has(network) ? [`of the network ${network}, something was changed or deleted`] : [],
    ),
    ...(sandboxes.has(record.name) ? ['a link or an element of it was changed or deleted'] : []),
    ...inside.flatMap(({ sentences }) => sentences),
  ]
}
