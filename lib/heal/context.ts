import type { Call } from '../base/call.js'
import type { Settings } from '../base/settings.js'
import type { PortTable } from '../claims/ports/port-table.js'
import type { EventHub } from '../events/hub.js'
import type { Host } from '../kernel/host.js'
import type { NetworkRegistry } from '../networks/registry.js'
import type { RouterRoutes } from '../networks/router-routes.js'

/** What healing works with, of all that the sandboxes and networks of one Slipway share. */
export interface HealContext {
  readonly host: Host
  readonly settings: Settings
  /** Folder of the sandboxes' records. */
  readonly records: string
  readonly networks: NetworkRegistry
  readonly ports: PortTable
  /** The routes through routers. */
  readonly routes: RouterRoutes
  /** Is told of what is healed and lost; nothing at open(), whose result says it. */
  readonly events?: EventHub
  /** Whose call it is, where something may end it early. */
  readonly call?: Call
}
