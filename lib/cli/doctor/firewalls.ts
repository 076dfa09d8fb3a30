import { findDrops } from '../../firewalls/drops.js'
import type { Context } from '../../work/context.js'
import { note, ok, problem, type Finding } from './finding.js'

/** Other firewalls of the host, and rules of others between ours. */
export async function checkFirewalls(context: Context): Promise<Finding[]> {
  const check = 'firewalls'
  const { drops, between, tables } = await findDrops(context)
  if (drops.length + between.length > 0)
    return [
      ...drops.map(({ what, counted, advice, perhaps }) =>
        (perhaps ? note : problem)(check, `${what}; ${counted}`, advice),
      ),
      ...between.map(({ what, advice }) => problem(check, what, advice)),
    ]
  return [
    ok(
      check,
      tables.length === 0
        ? 'no other firewall'
        : `${tables.join(', ')}: ${tables.length === 1 ? 'it lets' : 'they let'} through what has to pass`,
    ),
  ]
}
