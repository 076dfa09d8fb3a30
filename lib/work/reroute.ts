import type { RouteMoves } from '../drivers/plans/claims.js'
import { changedRoutes } from '../drivers/routes.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import type { SandboxRecord } from '../store/records.js'
import type { Context } from './context.js'

/** What becomes of routes through routers when an endpoint of a sandbox comes or goes. */
export interface Reroute {
  /** For the plan. */
  moves: RouteMoves
  /**
   * After the plan: other sandboxes' routes through it, and what has changed meanwhile of its own.
   *
   * @returns On sandboxes that could not be given some, a sentence each.
   */
  settle(after: SandboxRecord): Promise<readonly string[]>
  /** The plan was refused. */
  takeBack(): Promise<void>
}

/** @param after - Its endpoints then. */
export function reroute({ routes }: Context, record: SandboxRecord, after: readonly StoredEndpoint[]): Reroute {
  const next = { ...record, endpoints: [...after] }
  const change = record.forwarding ? routes.change(next) : undefined
  const { version } = routes
  const had = routes.of(next)
  return {
    moves: { known: change?.plan, own: changedRoutes(routes.of(record), had) },
    async settle(made) {
      const warnings = change ? await routes.spread(change) : []
      if (routes.version !== version) await routes.correct(made, had)
      return warnings
    },
    takeBack: async () => change && routes.takeBack(record, change),
  }
}
