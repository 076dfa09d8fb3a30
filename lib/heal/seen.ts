import { SetContents } from '../claims/set-contents.js'
import { writtenTables } from '../claims/ruleset-tables.js'
import type { Seen } from '../drivers/networks-of.js'
import { HostState } from '../kernel/host-state.js'
import type { Host } from '../kernel/host.js'
import type { LinkInfo } from '../kernel/native.js'
import { seenAgain } from '../kernel/seen-again.js'
import { BRIDGE_GROUP, SEGMENT_GROUP } from '../policy/sets.js'
import type { SandboxRecord } from '../store/records.js'

/**
 * The host as it is at this moment, for judging its networks.
 *
 * Links are asked for first, elements and records when somebody wants to know them: of what a process was making
 * meanwhile, the links are seen unfinished, and the rest whole. So what looks damaged is looked at again, with
 * {@link seeAgain}, before that is told or acted on.
 */
export async function seeNetworks(
  host: Host,
  records: readonly SandboxRecord[],
  state = new HostState(host),
): Promise<Seen> {
  return seeBy(host, await state.links(), records, state)
}

/** The same once more: what was seen of sandboxes' links stays, which are many. @param own - Links of networks. */
export async function seeAgain(host: Host, { links, records }: Seen, own: readonly string[]): Promise<Seen> {
  const isNetworks = ({ group }: LinkInfo) => group === BRIDGE_GROUP || group === SEGMENT_GROUP
  const names = new Set([...own, ...links.filter(isNetworks).map(({ name }) => name)])
  return seeBy(host, await seenAgain(host, links, names), records)
}

async function seeBy(
  host: Host,
  links: readonly LinkInfo[],
  records: readonly SandboxRecord[],
  state = new HostState(host),
): Promise<Seen> {
  return { links, setContents: new SetContents(host, await writtenTables(host)), state, records }
}
