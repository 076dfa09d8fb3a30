import { endpointsOf, networksOf } from '../drivers/index.js'
import type { LinkInfo } from '../kernel/native.js'
import type { NetworkSpec } from '../store/network-spec.js'
import type { SandboxRecord } from '../store/records.js'

/** Names of a sandbox's links on the host. */
export const hostLinksOf = ({ endpoints }: Pick<SandboxRecord, 'endpoints'>): string[] =>
  endpoints.flatMap((endpoint) => endpointsOf(endpoint).hostLinks(endpoint))

/** Names of the links that those are ports of, each with that of its network. */
export const groundsOf = ({ endpoints }: Pick<SandboxRecord, 'endpoints'>): { network: string; ground: string }[] =>
  endpoints.flatMap((endpoint) => {
    const ground = endpointsOf(endpoint).rule(endpoint)?.[1]
    return ground === undefined ? [] : [{ network: endpoint.network, ground }]
  })

export const bridgesOf = (record: Pick<SandboxRecord, 'endpoints'>): string[] =>
  groundsOf(record).map(({ ground }) => ground)

/** Names of the links that a network has on the host. */
export function ownLinksOf(spec: NetworkSpec): string[] {
  const { hostLink, standsOn } = networksOf(spec)
  const own = hostLink(spec)
  const ground = (standsOn?.(spec) ?? []).flatMap(({ link, ours }) => (ours ? [link] : []))
  return [...new Set([...ground, ...(own ? [own.name] : [])])]
}

/** By names of links of sandboxes on the host: the MAC address that each leads to. */
export const macsOf = (records: readonly Pick<SandboxRecord, 'endpoints'>[]): Record<string, string> =>
  Object.fromEntries(
    records.flatMap(({ endpoints }) =>
      endpoints.flatMap((endpoint) =>
        endpointsOf(endpoint)
          .hostLinks(endpoint)
          .map((link) => [link, endpoint.mac]),
      ),
    ),
  )

/** Without what comes and goes by itself. */
const asText = ({ index, name, alias, address, master, group, mtu, settings, up }: LinkInfo): string =>
  JSON.stringify([index, name, alias, address, master, group, mtu, settings, up])

/** Names of those among the links of some groups that are not as they were, have gone or have come. */
export function changedLinks(
  before: readonly LinkInfo[],
  now: readonly LinkInfo[],
  groups: readonly number[],
): string[] {
  if (before === now) return []
  const told = (links: readonly LinkInfo[]) =>
    new Map(links.flatMap((link) => (groups.includes(link.group) ? [[asText(link), link.name]] : [])))
  const [was, is] = [told(before), told(now)]
  return [
    ...new Set([
      ...[...was].flatMap(([text, name]) => (is.has(text) ? [] : [name])),
      ...[...is].flatMap(([text, name]) => (was.has(text) ? [] : [name])),
    ]),
  ]
}
