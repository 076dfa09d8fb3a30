import { isSubnetTaken } from '../claims/refusals.js'
import type { PlanRefused } from '../kernel/refusal.js'
import type { NetworksOf } from './networks-of.js'

/** What another process or an administrator has done while a network, or a part of one, was being made. */
export type NetworkRace = 'deleted a part' | 'made it' | 'took the subnet'

/** What a refused plan for a network says of that; `undefined` where it was refused for another reason. */
export function networkRaceOf(
  { wasTakenAway }: Pick<NetworksOf, 'wasTakenAway'>,
  refused: PlanRefused,
): NetworkRace | undefined {
  if (isSubnetTaken(refused)) return 'took the subnet'
  if (wasTakenAway(refused)) return 'deleted a part'
  return refused.errnoName === 'EEXIST' ? 'made it' : undefined
}
