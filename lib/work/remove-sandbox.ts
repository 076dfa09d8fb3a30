import { mappedPorts } from '../drivers/gateway.js'
import { endpointsOf } from '../drivers/index.js'
import { waiting } from '../base/call.js'
import type { RemovalPlans } from '../drivers/removal-plans.js'
import type { RouterChange } from '../networks/router-routes.js'
import type { Plan } from '../plan/operation.js'
import { toStored } from '../store/records.js'
import type { Changes } from './changes.js'
import type { Context } from './context.js'
import { sandboxKey } from './removals.js'
import { removeFiles } from './files.js'
import { removalPlan } from './removal-plan.js'

/** Removes a sandbox: what the world sees of it before this returns, and the rest behind the caller's back. */
export async function removeSandbox(context: Context, changes: Changes): Promise<void> {
  const { call } = context
  const turn = context.turns.next()
  if (turn) await waiting(call, turn, 'its turn')
  const { host, records, ports, holders, reaper, networks, removals } = context
  let begun:
    | {
        busy: string
        left: () => string
        off: (() => Promise<void>) | undefined
        plan: Plan
        claims: RemovalPlans['claims']
        links: RemovalPlans['links']
      }
    | undefined
  let rerouted: RouterChange | undefined
  await changes.make((record) => {
    rerouted = record.forwarding ? context.routes.change({ ...record, endpoints: [] }) : undefined
    const held = mappedPorts(record.endpoints, record.ports)
    const { stored } = changes
    return {
      during: { removing: true },
      async plan({ mark }, namespace) {
        const { first, off, rest, claims, links } = await waiting(
          call,
          removalPlan(host, stored, records, namespace, mark, rerouted?.plan),
          'the sandbox that it has joined',
        )
        begun = {
          busy: mark ?? '',
          left: () => toStored(records, { ...record, removing: true }).text,
          off,
          plan: rest,
          claims,
          links,
        }
        return first
      },
      settle: () => held.forEach((mapping) => ports.release(mapping)),
      foreign: holders.foreign(held),
      release: () => undefined,
      // The sandbox that this one had joined has been removed meanwhile: there is nothing to note there any more.
      remedy: async ({ operation, errnoName }) =>
        operation.op === 'file.replace' && operation.path !== stored.path && errnoName === 'ENOENT'
          ? 'again'
          : undefined,
    }
  }, call)
  context.events.didSandbox(changes.stored, undefined)
  if (begun?.off) await begun.off()
  if (rerouted) await context.routes.spread(rerouted)
  const { path, record: removed } = changes.stored
  const done = async () => {
    for (const endpoint of removed.endpoints) {
      const addresses = Object.values(endpoint.addresses).map(({ address }) => address)
      const release = () => networks.release(endpoint)
      for (const link of endpointsOf(endpoint).hostLinks(endpoint)) reaper.watch({ link, addresses, release })
    }
    await removeFiles(context, removed)
  }
  if (begun && begun.plan.length > 0)
    removals.begin({
      key: sandboxKey(removed.name),
      plan: begun.plan,
      claims: begun.claims,
      links: begun.links,
      // Of one without a link on the host, nothing else tells that it is gone.
      free: () =>
        Promise.all(
          removed.endpoints.flatMap((endpoint) =>
            endpointsOf(endpoint).hostLinks(endpoint).length === 0 ? (networks.release(endpoint) ?? []) : [],
          ),
        ),
      record: { path, busy: begun.busy, left: begun.left },
      done,
    })
  else await done()
  for (const endpoint of removed.endpoints) {
    const left = networks.leave(endpoint)
    if (left) await left
  }
}
