import { LEAVING_GROUP } from '../policy/sets.js'
import type { Operation, Plan } from '../plan/operation.js'

/** What is taken off the network, in two parts. */
export interface Leaving {
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
 * Operations that have their place before others, whichever sandbox they are of. A record goes last: until then its
 * name is taken.
 */
const ORDER = [
  'route.delete',
  'neighbor.delete',
  'link.set',
  'link.deleteGroup',
  'netns.delete',
  'element.delete',
  'file.delete',
] as const

/** Several rests as one plan, in which they share what they can: a grace period, a transaction. */
export function together(rests: readonly Plan[]): Plan {
  const all = rests.flat()
  return ORDER.flatMap((op) => {
    const found = all.filter((operation) => operation.op === op)
    return op === 'link.deleteGroup' ? found.slice(0, 1) : found
  })
}
