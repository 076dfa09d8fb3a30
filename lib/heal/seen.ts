import { writtenTables } from '../claims/ruleset-tables.js'
import { SetContents } from '../claims/set-contents.js'
import type { Seen } from '../drivers/networks-of.js'
import { HostState } from '../kernel/host-state.js'
import type { Host } from '../kernel/host.js'
import type { SandboxRecord } from '../store/records.js'

/**
 * The host as it is now, for judging its networks.
 *
 * Links are asked for first, elements and records when somebody wants to know them: of what a process was making
 * meanwhile, the links are seen unfinished, and the rest whole. So what looks damaged is looked at once more before
 * that is told or acted on.
 */
export async function seeNetworks(host: Host, records: readonly SandboxRecord[]): Promise<Seen> {
  const setContents = new SetContents(host, await writtenTables(host))
  return { links: await host.ask('links', {}), setContents, state: new HostState(host), records }
}
