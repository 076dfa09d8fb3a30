import { existsSync } from 'node:fs'
import { PlanRefused, type Host, type RunOptions } from '../host.js'
import type { Operation, Plan } from '../plan/operation.js'

/** Removes, minding nothing that has gone meanwhile: another process may be cleaning up, too. */
export async function collect(host: Host, plan: Plan, options: RunOptions = {}): Promise<void> {
  const refusal = await attempt(host, plan, options)
  if (refusal && !['ENOENT', 'ENODEV', 'ESRCH', 'EADDRNOTAVAIL'].includes(refusal.errnoName)) throw refusal
}

/** Removes one by one: what has gone keeps nothing else from going. */
export async function collectEach(host: Host, plan: Plan): Promise<void> {
  for (const operation of plan) await collect(host, [operation])
}

/** Runs a plan of removal of which parts may be gone: elements, routes, neighbours and links are removed one by one and not missed, nor are namespaces. */
export async function removeWhatIsThere(host: Host, plan: Plan, options: RunOptions = {}): Promise<void> {
  for (const operation of plan) {
    // A route goes with its link.
    if (MISSABLE.has(operation.op) && !isNowhere(operation)) await collect(host, [operation], options)
    if (operation.op !== 'element.delete') continue
    for (const element of operation.elements) await collect(host, [{ ...operation, elements: [element] }], options)
  }
  await host.run(plan.filter((operation) => operation.op !== 'element.delete' && !MISSABLE.has(operation.op) && !isNowhere(operation)), options)
}

/** Operations of a removal on what may be gone already, or that may have no link any more to be done on. */
const MISSABLE = new Set<Operation['op']>(['link.set', 'link.delete', 'link.deleteGroup', 'address.delete', 'route.delete', 'neighbor.delete'])

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
