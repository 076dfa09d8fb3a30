import type { ElementAdd, ElementDelete, NetnsDelete, Operation, Plan } from '../plan/operation.js'
import { TRAITS } from '../plan/traits.js'

/**
 * How much of a plan JavaScript's thread does itself: about 5 µs an element or port, so 0.3 ms. Two thread wake-ups,
 * which the executor's costs, are 50 µs, but the event loop is to have its turn.
 */
const MOST_OPERATIONS = 64

/** A path begins with a slash. */
const isSpare = (netns: string): boolean => !netns.startsWith('/')

/** What an operation counts, none where it may have to wait. */
function weight(operation: Operation): number {
  switch (TRAITS[operation.op].onCallerThread) {
    case 'yes':
      return 1
    case 'by its elements':
      return (operation as ElementAdd | ElementDelete).elements.length
    case 'of a spare namespace': {
      const spare = operation.op === 'netns.bind' ? operation.from : (operation as NetnsDelete).path
      return isSpare(spare) ? 1 : Infinity
    }
    default:
      return Infinity
  }
}

/** Whether JavaScript's thread may run a plan itself. */
export function isShort(plan: Plan): boolean {
  return countOnCallerThread(plan) === plan.length
}

/**
 * How many operations a plan begins with that JavaScript's thread may do itself. What neighbours of nf_tables make one
 * transaction of is not split.
 */
export function countOnCallerThread(plan: Plan): number {
  let sum = 0
  let count = plan.findIndex((operation) => (sum += weight(operation)) > MOST_OPERATIONS)
  if (count < 0) return plan.length
  if (isTransaction(plan[count])) while (isTransaction(plan[count - 1])) count--
  return count
}

/**
 * Whether a plan keeps others' transactions waiting, as there is one at a time in a namespace: for longer than a short
 * plan takes.
 */
export function isLongTransaction(plan: Plan): boolean {
  return !isShort(plan.filter(isTransaction))
}

const isTransaction = (operation: Operation | undefined): boolean =>
  operation !== undefined && TRAITS[operation.op].channel === 'nft'
