import type { Operation, Plan } from '../plan/operation.js'

/**
 * How much of a plan JavaScript's thread does itself: about 5 µs an element or port, so 0.3 ms. Two thread wake-ups,
 * which the executor's costs, are 50 µs, but the event loop is to have its turn.
 */
const MOST = 64

/** A path begins with a slash. */
const isSpare = (netns: string): boolean => !netns.startsWith('/')

/**
 * What an operation counts, none where it may have to wait: for rtnetlink's lock, a dump, an unmount, another
 * namespace.
 */
function weight(operation: Operation): number {
  switch (operation.op) {
    case 'element.add':
    case 'element.delete':
      return operation.elements.length
    case 'port.hold':
    case 'port.release':
    case 'file.create':
    case 'file.replace':
    case 'file.check':
    case 'file.mark':
    case 'file.delete':
    case 'link.check':
    case 'netns.check':
      return 1
    // Of a spare namespace, they are a mount and two descriptors that are closed.
    case 'netns.bind':
      return isSpare(operation.from) ? 1 : Infinity
    case 'netns.delete':
      return isSpare(operation.path) ? 1 : Infinity
    default:
      return Infinity
  }
}

/**
 * Whether JavaScript's thread may run a plan itself. Tables, chains, rules and sets are not for it: the kernel looks at
 * the whole table again when they change.
 */
export function isShort(plan: Plan): boolean {
  return leadOf(plan) === plan.length
}

/**
 * How many operations a plan begins with that JavaScript's thread may do itself. What neighbours of nf_tables make one
 * transaction of is not split.
 */
export function leadOf(plan: Plan): number {
  let sum = 0
  let lead = plan.findIndex((operation) => (sum += weight(operation)) > MOST)
  if (lead < 0) return plan.length
  if (isTransaction(plan[lead])) while (isTransaction(plan[lead - 1])) lead--
  return lead
}

/**
 * Whether a plan keeps others' transactions waiting, as there is one at a time in a namespace: for longer than a short
 * plan takes.
 */
export function isLongTransaction(plan: Plan): boolean {
  return !isShort(plan.filter(isTransaction))
}

const isTransaction = (operation: Operation | undefined): boolean =>
  operation !== undefined && /^(table|chain|rule|set|element)\./.test(operation.op)
