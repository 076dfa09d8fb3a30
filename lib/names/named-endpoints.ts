import { DEFAULT_NETWORK, FAMILIES } from '../store/network-spec.js'
import { hostnameOf, type SandboxRecord } from '../store/records.js'
import type { NamedEndpoint } from './directory.js'
import { setsNdots, upstreamsOf, type ResolvConf } from './resolv-conf.js'

/**
 * What a sandbox is called on the user-defined networks that it is on.
 *
 * @param host - The host's nameservers, as they are when somebody asks.
 */
export function namedEndpoints(record: SandboxRecord, host: () => ResolvConf): NamedEndpoint[] {
  const { name, id, endpoints, names = {}, removing } = record
  if (removing) return []
  const isolated = endpoints.every(({ internal }) => internal)
  return endpoints
    .filter(({ network }) => network !== DEFAULT_NETWORK)
    .map(({ network, addresses, asked }) => ({
      network,
      sandbox: name,
      shortId: id.slice(0, 12),
      hostname: hostnameOf(record),
      aliases: asked.aliases ?? [],
      addresses: FAMILIES.flatMap((family) => addresses[family]?.address ?? []),
      get upstreams() {
        return isolated ? [] : upstreamsOf(host(), names)
      },
      get forwardsSingleNames() {
        return !setsNdots(host(), names)
      },
    }))
}
