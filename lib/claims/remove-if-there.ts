import { existsSync } from 'node:fs'
import { add, removeOwn } from '../policy/elements.js'
import { addresses } from '../policy/sets.js'
import type { Host, RunOptions } from '../kernel/host.js'
import { PlanRefused } from '../kernel/refusal.js'
import { familyOf } from '../base/addresses/ip.js'
import type { ElementInfo } from '../kernel/native.js'
import type { Operation, Plan, SetDefinition } from '../plan/operation.js'
import { TRAITS } from '../plan/traits.js'
import { setImmediate } from '../base/timers.js'

/** Removes, minding nothing that has gone meanwhile: another process may be cleaning up, too. */
export async function removeIfThere(host: Host, plan: Plan, options: RunOptions = {}): Promise<void> {
  const refusal = await tryPlan(host, plan, options)
  const isElsewhere = refusal?.errnoName === 'ESTALE' && 'netns' in refusal.operation
  if (refusal && !isElsewhere && !['ENOENT', 'ENODEV', 'ESRCH', 'EADDRNOTAVAIL'].includes(refusal.errnoName))
    throw refusal
}

/** So many elements share a transaction. */
const GROUP = 256

/** An element, and the set that it is in. */
export interface Seen {
  set: SetDefinition
  element: Pick<ElementInfo, 'key' | 'comment'>
}

/**
 * Removes elements that were seen, but for those that are gone or another's by now. (An address or a port that was
 * given back is free for whoever comes first, while this process still thinks about what it has seen.)
 *
 * @returns Those that were there.
 */
export async function removeElementsIfThere<Element extends Seen>(
  host: Host,
  seen: readonly Element[],
): Promise<Element[]> {
  // What was seen twice is removed once.
  const each = [...new Map(seen.map((one) => [`${one.set.family} ${one.set.set} ${one.element.key}`, one])).values()]
  const removed: Element[] = []
  for (let from = 0; from < each.length; from += GROUP) {
    const there: Element[] = []
    for (const one of each.slice(from, from + GROUP)) {
      const { set, element } = one
      if ((await host.find('element', { ...set, key: element.key }))?.comment === element.comment) there.push(one)
    }
    // Where one has gone meanwhile, the others are removed one by one.
    if (await tryPlan(host, removals(there))) for (const one of there) await removeIfThere(host, removals([one]))
    removed.push(...there)
  }
  return removed
}

function removals(seen: readonly Seen[]): Plan {
  const sets = new Map<SetDefinition, { key: string; comment: string }[]>()
  for (const { set, element } of seen) {
    const { key, comment } = element
    const elements = sets.get(set)
    if (elements) elements.push({ key, comment })
    else sets.set(set, [{ key, comment }])
  }
  return [...sets].map(([set, elements]) => removeOwn(set, ...elements))
}

/**
 * Takes away what leads to an endpoint of which nobody knows how far it is gone already: only while its address is
 * claimed. Had that been given back, whoever has it by now would be the one that is led to.
 *
 * @param dropRoutes - Deletes the routes and answers that lead to it.
 */
export async function removeHostRoutes(host: Host, dropRoutes: Plan, owner: string): Promise<void> {
  for (const operation of dropRoutes) await removeHostRoute(host, operation, owner, {})
}

async function removeHostRoute(host: Host, operation: Operation, owner: string, options: RunOptions): Promise<void> {
  const claim = { key: routedAddress(operation) ?? '', comment: owner }
  const set = addresses[familyOf(claim.key)]
  const holder = await host.find('element', { ...set, key: claim.key })
  if (holder?.comment === owner) return removeIfThere(host, [operation], options)
  const refusal = await tryPlan(host, [add(set, claim)], options)
  // Without the set, which somebody has flushed, nobody has claimed anything.
  if (refusal && refusal.errnoName !== 'ENOENT') return
  await removeIfThere(host, [operation], options)
  await removeIfThere(host, [removeOwn(set, claim)], options)
}

/** The address that the host knows no way to any more after this; `undefined` for operations of any other kind. */
function routedAddress(operation: Operation): string | undefined {
  if ('netns' in operation && operation.netns !== undefined) return undefined
  if (operation.op === 'route.delete') return operation.destination.split('/')[0]
  return operation.op === 'neighbor.delete' ? operation.address : undefined
}

/**
 * Runs a plan of removal of which parts may be gone, or have gone with an attempt before: elements, routes, neighbours,
 * links and namespaces are removed one by one, in the plan's order, and not missed. Elements stay that are another's by
 * now, and what leads to addresses of which the plan gives up the claim, where that is another's.
 *
 * @param claims - What gives up claims of addresses, where that comes later.
 */
export async function removeWhatIsThere(
  host: Host,
  plan: Plan,
  options: RunOptions = {},
  claims: Plan = plan,
): Promise<void> {
  const rest: Operation[] = []
  const checks = plan.filter(({ op }) => op === 'netns.check')
  for (const operation of plan) {
    // Each is a plan of its own: behind a caller's back, no turn of the event loop has more than one to make.
    if (options.background) await new Promise((resolve) => setImmediate(resolve))
    if (isNowhere(operation) || operation.op === 'netns.check') continue
    const owner = claimOf(claims, routedAddress(operation))
    if (owner !== undefined) {
      await removeHostRoute(host, operation, owner, options)
    } else if (operation.op === 'element.delete') {
      for (const element of operation.elements)
        await removeIfThere(
          host,
          [{ ...operation, elements: [element], ifCommented: element.comment !== undefined }],
          options,
        )
    } else if (TRAITS[operation.op].passesOverGone) {
      // In the namespace that is meant, whatever its path leads to by now.
      await removeIfThere(host, [...checks.filter((check) => isIn(operation, check)), operation], options)
    } else {
      rest.push(operation)
    }
  }
  await host.run(rest, options)
}

const isIn = (operation: Operation, check: Operation): boolean =>
  'netns' in operation && 'path' in check && operation.netns === check.path

/** Whose claim of an address a plan gives up. */
function claimOf(plan: Plan, address: string | undefined): string | undefined {
  if (address === undefined) return undefined
  const { set } = addresses[familyOf(address)]
  return plan
    .flatMap((operation) => (operation.op === 'element.delete' && operation.set === set ? operation.elements : []))
    .find(({ key }) => key === address)?.comment
}

/** Whether it is for a namespace that is gone. */
export const isNowhere = (operation: Operation): boolean =>
  'netns' in operation && operation.netns !== undefined && !existsSync(operation.netns)

/** Runs a plan; its refusal when it was refused, which it may be since others work on the host, too. */
export async function tryPlan(host: Host, plan: Plan, options: RunOptions = {}): Promise<PlanRefused | undefined> {
  try {
    await host.run(plan, options)
    return undefined
  } catch (error) {
    if (error instanceof PlanRefused) return error
    throw error
  }
}
