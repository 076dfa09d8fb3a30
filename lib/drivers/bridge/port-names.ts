import type { Host } from '../../kernel/host.js'
import type { LinkInfo } from '../../kernel/native.js'
import { isAtPath } from '../../store/namespace.js'
import type { SandboxRecord } from '../../store/records.js'
import { renameLinks, type Misnamed } from '../rename-links.js'
import type { BridgeEndpoint } from './endpoint.js'

/**
 * Gives the links of endpoints their names back, where somebody has given them to other links of sandboxes. Which is
 * whose, their other ends tell.
 *
 * @param off - Endpoints whose ports are not as they are to be, with their sandboxes.
 * @returns Names of the sandboxes that were given some back.
 */
export async function restorePortNames(
  host: Host,
  off: readonly { record: SandboxRecord; endpoint: BridgeEndpoint }[],
  links: ReadonlyMap<string, LinkInfo>,
): Promise<ReadonlySet<string>> {
  const misnamed: (Misnamed & { sandbox: string })[] = []
  let all: LinkInfo[] | undefined
  for (const { record, endpoint } of off) {
    const own = endpoint.body.hostLink
    const named = links.get(own)
    if (!named || !isAtPath(record)) continue
    const inside = (await host.find('links into the host', { netns: record.path })) ?? []
    if (inside.some(({ link }) => link === named.index)) continue
    // Any may be called as its interface is; its MAC address is claimed.
    const end = inside.find(({ address }) => address === endpoint.mac)?.link
    all ??= await host.ask('links', {})
    const its = all.find(({ index }) => index === end)
    if (its) misnamed.push({ index: its.index, name: its.name, own, sandbox: record.name })
  }
  return new Set((await renameLinks(host, misnamed)) ? misnamed.map(({ sandbox }) => sandbox) : [])
}
