import { LEAVING_GROUP } from '../policy/sets.js'
import type { Operation, Plan } from '../plan/operation.js'
import { TRAITS } from '../plan/traits.js'

/** What is taken off the network, in two parts. */
export interface RemovalPlans {
  /** After it nobody reaches it any more, nor does it reach anybody: short, and undone where it is refused. */
  first: Plan
  /** The kernel's part, which nobody waits for; it cannot be undone, only done again. */
  rest: Plan
  /** Gives up the claims of its addresses, once nothing that is left of it leads to them. */
  claims?: Plan
  /** Links that go with their namespace, once no process is in that any more. */
  links?: readonly string[]
}

/**
 * Deletes links, many in the time of one: all of a group go with one grace period. They are down before they change
 * groups, as the rules know our ports by theirs.
 */
export const deleteLinks = (links: readonly string[]): Operation[] =>
  links.length === 0
    ? []
    : [
        ...links.flatMap((name): Operation[] => [
          { op: 'link.set', name, up: false },
          { op: 'link.set', name, group: LEAVING_GROUP },
        ]),
        { op: 'link.deleteGroup', group: LEAVING_GROUP },
      ]

/**
 * Several rests as one plan, in which they share what they can: a grace period, a transaction. Some operations have
 * their place before others, whichever sandbox they are of ({@link TRAITS}); a record goes last, as its name is taken
 * until then.
 */
export function mergeRests(rests: readonly Plan[]): Plan {
  const places: Operation[][] = []
  for (const operation of rests.flat()) {
    const place = TRAITS[operation.op].placeInEnd
    if (place === undefined) throw new TypeError(`${operation.op} has no place in the end of a sandbox`)
    const there = (places[place] ??= [])
    if (operation.op !== 'link.deleteGroup' || there.length === 0) there.push(operation)
  }
  return places.flat()
}
