import { claimSandbox } from '../drivers/plans/claims.js'
import { checkNamespace } from '../drivers/stack.js'
import { defaultRoute } from '../drivers/plans/default-route.js'
import { add, elementName, removeOwn } from '../policy/elements.js'
import * as sets from '../policy/sets.js'
import type { Host } from '../kernel/host.js'
import type { RouteInfo } from '../kernel/native.js'
import { FAMILIES } from '../store/network-spec.js'
import type { Element, Operation, RouteAdd, SetDefinition } from '../plan/operation.js'
import { asOfNow } from '../store/namespace.js'
import { ownerComment } from '../store/owner.js'
import type { SandboxRecord } from '../store/records.js'
import { tryPlan, removeIfThere } from '../claims/remove-if-there.js'
import { commentOf, type OwnedElements } from '../claims/owned.js'

/** Which way leads into a sandbox and out of it, after its endpoints were others. */

/**
 * Published ports lead to the endpoint that leads to the world, or nowhere: a port whose network is gone rests, and
 * nothing of it stays in the kernel.
 */
export async function repairPublishedPorts(host: Host, record: SandboxRecord, owned: OwnedElements): Promise<void> {
  const { endpoints, ports, name, id, forwarding } = record
  const owner = ownerComment(name, id)
  const due = new Map<string, { set: SetDefinition; element: Element }>()
  for (const operation of claimSandbox({ endpoints, ports, owner, forwarding })) {
    if (operation.op !== 'element.add' || !isOfPorts(operation)) continue
    const { op: _, elements, ...set } = operation
    for (const element of elements) due.set(elementName(operation, element.key), { set, element })
  }
  const surplus: Operation[] = []
  for (const one of owned) {
    if (one.owner !== commentOf(record) || !isOfPorts(one.set)) continue
    const element = due.get(elementName(one.set, one.element.key))?.element
    if (!element || (element.data ?? '') !== (one.element.data ?? ''))
      surplus.push(removeOwn(one.set, { key: one.element.key, comment: one.element.comment }))
  }
  for (const operation of surplus) await removeIfThere(host, [operation])
  const missing = [...due.values()].flatMap(({ set, element }) =>
    owned.hasAs(record, set, element) ? [] : [add(set, element)],
  )
  if (missing.length === 0 || !(await tryPlan(host, missing))) return
  // Another has one of the ports by now, which is seen to later.
  for (const operation of missing) await tryPlan(host, [operation])
}

/** Whether a set has what belongs to published ports. */
const isOfPorts = ({ set }: Pick<SetDefinition, 'set'>): boolean => PORT_SETS.has(set)
const PORT_SETS = new Set(
  [
    ...sets.portMaps,
    ...sets.besideMaps,
    ...[sets.nearer, sets.transit, sets.open, sets.restricted, sets.restrictedAt, sets.admitted].flatMap((one) => [
      one[4],
      one[6],
    ]),
  ].map(({ set }) => set),
)

/**
 * The default route goes through the endpoint that leads to the world. One that the sandbox has made of its own stays.
 */
export async function repairDefaultRoute(host: Host, { endpoints, path, namespace }: SandboxRecord): Promise<void> {
  const check = checkNamespace({ path, namespace: namespace && asOfNow(namespace) })
  for (const family of FAMILIES) {
    const [route] = defaultRoute('route.add', path, endpoints, family)
    if (!route) continue
    const there = ((await host.find('routes', { netns: path, ipv6: family === 6 })) ?? []).filter(
      ({ destination }) => destination === 'default',
    )
    const links = await host.find('links', { netns: path })
    const nameOf = (index: number) => links?.find((link) => link.index === index)?.name
    const has = (one: RouteInfo, { gateway, link }: Pick<RouteAdd, 'gateway' | 'link'>) =>
      gateway === undefined ? one.gateway === '' && nameOf(one.index) === link : one.gateway === gateway
    if (there.some((one) => has(one, route))) continue
    const ours = endpoints.flatMap((endpoint) => defaultRoute('route.delete', path, [endpoint], family))
    const before = there.flatMap((one) => ours.find((own) => has(one, own)) ?? [])
    await tryPlan(host, [...check, ...before, route])
  }
}
