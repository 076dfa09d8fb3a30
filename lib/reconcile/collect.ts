import { existsSync } from 'node:fs'
import { removeOwn } from '../firewall/elements.js'
import { PlanRefused, type Host, type RunOptions } from '../host.js'
import type { ElementInfo } from '../native.js'
import type { Operation, Plan, SetDefinition } from '../plan/operation.js'

/** Removes, minding nothing that has gone meanwhile: another process may be cleaning up, too. */
export async function collect(host: Host, plan: Plan, options: RunOptions = {}): Promise<void> {
  const refusal = await attempt(host, plan, options)
  if (refusal && !['ENOENT', 'ENODEV', 'ESRCH', 'EADDRNOTAVAIL'].includes(refusal.errnoName)) throw refusal
}

/**
 * Removes an element that was seen, unless it is gone or another's by now. (An address or a port that was given back is free for
 * whoever comes first, while this process still thinks about what it has seen.)
 *
 * @returns Whether it was there.
 */
export async function collectElement(host: Host, set: SetDefinition, { key, comment }: Pick<ElementInfo, 'key' | 'comment'>): Promise<boolean> {
  if ((await host.find('element', { ...set, key }))?.comment !== comment) return false
  await collect(host, [removeOwn(set, { key, comment })])
  return true
}

/** Removes one by one: what has gone keeps nothing else from going. */
export async function collectEach(host: Host, plan: Plan): Promise<void> {
  for (const operation of plan) await collect(host, [operation])
}

/**
 * Runs a plan of removal of which parts may be gone, or have gone with an attempt before: elements, routes, neighbours, links and
 * namespaces are removed one by one, in the plan's order, and not missed. Elements stay that are another's by now.
 */
export async function removeWhatIsThere(host: Host, plan: Plan, options: RunOptions = {}): Promise<void> {
  const rest: Operation[] = []
  for (const operation of plan) {
    if (isNowhere(operation)) continue
    if (operation.op === 'element.delete') {
      for (const element of operation.elements) await collect(host, [{ ...operation, elements: [element], ifCommented: element.comment !== undefined }], options)
    } else if (MISSABLE.has(operation.op)) {
      await collect(host, [operation], options)
    } else {
      rest.push(operation)
    }
  }
  await host.run(rest, options)
}

/**
 * Operations of a removal on what may be gone already, or that may have no link any more to be done on: a route goes with its link.
 * An address is given back after its namespace is gone, here too.
 */
const MISSABLE = new Set<Operation['op']>(['link.set', 'link.delete', 'link.deleteGroup', 'address.delete', 'route.delete', 'neighbor.delete', 'conntrack.flush', 'netns.delete'])

/** Whether it is for a namespace that is gone. */
export const isNowhere = (operation: Operation): boolean => 'netns' in operation && operation.netns !== undefined && !existsSync(operation.netns)

/** Runs a plan; its refusal when it was refused, which it may be since others work on the host, too. */
export async function attempt(host: Host, plan: Plan, options: RunOptions = {}): Promise<PlanRefused | undefined> {
  try {
    await host.run(plan, options)
    return undefined
  } catch (error) {
    if (error instanceof PlanRefused) return error
    throw error
  }
}
