import { activePorts } from '../../drivers/gateway.js'
import { mapOf, publishedKey } from '../../policy/elements.js'
import { SlipwayError } from '../../base/errors.js'
import type { LinkStatistics } from '../../kernel/native.js'
import type { PortMapping } from '../../base/port-mapping.js'
import type { Namespace } from '../../plan/operation.js'
import { namespaceGone } from '../../claims/refusals.js'
import { opensNamespace } from '../../store/namespace.js'
import type { SandboxRecord } from '../../store/records.js'
import type { Context } from '../../work/context.js'

/** What has gone through one interface of a sandbox, seen from inside. */
export interface InterfaceStats extends LinkStatistics {
  /** Name of the network. */
  network: string
  /** Name inside the sandbox: `eth0`. */
  interface: string
}

/** How often a published port has been used. */
export interface PortStats extends PortMapping {
  /** Connections through it since it was published; of UDP, conversations. In routed networks none are counted. */
  connections: number
}

/** What a sandbox has sent, received and answered. */
export interface SandboxStats {
  /** One for each endpoint. */
  interfaces: InterfaceStats[]
  /** One for each published port. */
  ports: PortStats[]
}

/** The kernel counts: nothing runs in this process meanwhile. */
export async function readStats(
  { host }: Context,
  { path, endpoints, ports }: SandboxRecord,
  namespace: Namespace | undefined,
): Promise<SandboxStats> {
  if (endpoints.length > 0 && namespace && !opensNamespace(path, namespace))
    throw new SlipwayError('NOT_FOUND', namespaceGone(path))
  const links = endpoints.length === 0 ? [] : await host.find('links', { netns: path, statistics: true })
  if (!links) throw new SlipwayError('NOT_FOUND', namespaceGone(path))
  const interfaces = endpoints.flatMap((endpoint): InterfaceStats[] => {
    const statistics = links.find((one) => one.name === endpoint.interface)?.statistics
    return statistics ? [{ network: endpoint.network, interface: endpoint.interface, ...statistics }] : []
  })
  const used: PortStats[] = []
  for (const mapping of activePorts(endpoints, ports)) {
    const element = await host.find('element', { ...mapOf(mapping), key: publishedKey(mapping) })
    used.push({ ...mapping, connections: element?.packets ?? 0 })
  }
  return { interfaces, ports: used }
}
