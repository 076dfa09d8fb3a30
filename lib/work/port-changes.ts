import { stackNamed } from '../drivers/index.js'
import { publishPorts, unpublishPorts } from '../drivers/plans/publish.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { gatewayEndpoint, mappedPorts } from '../drivers/gateway.js'
import { forwardedPorts } from '../drivers/forwarded-ports.js'
import { waiting } from '../base/call.js'
import { invalid, SlipwayError } from '../base/errors.js'
import type { IpFamily } from '../base/addresses/ip.js'
import { FAMILIES } from '../store/network-spec.js'
import type { ForwardedPort } from '../plan/operation.js'
import type { DefaultHostIps } from '../claims/ports/expand.js'
import { printMapping, printRequest, type PortMapping, type PortRequest } from '../base/port-mapping.js'
import { matching } from '../claims/ports/matching.js'
import { PortGuesses } from '../claims/ports/port-guesses.js'
import { ownerComment } from '../store/owner.js'
import type { SandboxRecord } from '../store/records.js'
import type { Changes, RecordUpdate } from './changes.js'
import type { Context } from './context.js'
import { inheritPorts } from './inherit-ports.js'
import { claimPublished } from './publish.js'

/** Ports that come and go on a sandbox that stays. */

/** @returns The mappings, with the host ports that were chosen. */
export async function publishOn(
  context: Context,
  changes: Changes,
  requests: readonly PortRequest[],
): Promise<readonly PortMapping[]> {
  const guesses = new PortGuesses()
  let mappings: readonly PortMapping[] = []
  await changes.make(async (record) => {
    const update = await publishUpdate(context, record, requests, guesses)
    mappings = update.mappings
    return update
  }, context.call)
  return mappings
}

export async function unpublishFrom(
  context: Context,
  changes: Changes,
  requests: readonly PortRequest[],
): Promise<void> {
  let left: readonly ForwardedPort[] = []
  await changes.make((record) => {
    const update = unpublishUpdate(context, record, requests)
    left = update.left
    return update
  }, context.call)
  context.removals.forget(left)
}

/** More ports. @throws {SlipwayError} `INVALID_ARGUMENT`, `PORT_IN_USE`, `EXHAUSTED` */
async function publishUpdate(
  context: Context,
  record: SandboxRecord,
  requests: readonly PortRequest[],
  guesses: PortGuesses,
): Promise<RecordUpdate & { mappings: PortMapping[] }> {
  requireOwnNetwork(record)
  const { endpoints, ports, path, name, id } = record
  const inheriting = inheritPorts(context)
  if (inheriting)
    await waiting(context.call, context.turns.after(inheriting), 'host ports of processes that have ended')
  const mappings = await claimPublished(
    context,
    requests,
    name,
    endpoints,
    await hostIpsOf(context, endpoints),
    guesses,
  )
  const held = mappedPorts(endpoints, mappings)
  if (held.length > 0) context.holders.join()
  return {
    mappings,
    next: { ...record, ports: [...ports, ...mappings] },
    plan: (change, namespace) =>
      publishPorts({ path, namespace, endpoints, ports, owner: ownerComment(name, id), record: change }, mappings),
    settle: () => held.forEach((mapping) => context.ports.settle(mapping)),
    release: () => held.forEach((mapping) => context.ports.release(mapping)),
    tried: { guesses: { ports: guesses, randomMac: false } },
  }
}

/** Fewer ports. @returns Also those that have led to it. @throws {SlipwayError} `NOT_FOUND` */
function unpublishUpdate(
  context: Context,
  record: SandboxRecord,
  requests: readonly PortRequest[],
): RecordUpdate & { left: ForwardedPort[] } {
  const { endpoints, ports, path, name, id } = record
  const gone = [...new Set(requests.flatMap((request) => published(record, request)))]
  const held = mappedPorts(endpoints, gone)
  return {
    left: forwardedPorts(endpoints, gone),
    next: { ...record, ports: ports.filter((mapping) => !gone.includes(mapping)) },
    plan: (change) => unpublishPorts({ path, endpoints, ports, owner: ownerComment(name, id), record: change }, gone),
    settle: () => held.forEach((mapping) => context.ports.release(mapping)),
    release: () => undefined,
    foreign: context.holders.foreign(held),
  }
}

function published({ name, ports }: SandboxRecord, request: PortRequest): PortMapping[] {
  const found = matching(ports, request)
  if (found.length > 0) return found
  const { allow: _, ...asked } = request
  throw new SlipwayError(
    'NOT_FOUND',
    `The sandbox ${name} does not publish ${printRequest(asked)}. It publishes ${ports.map(printMapping).join(', ') || 'nothing'}.`,
  )
}

function requireOwnNetwork({ network, name, endpoints }: SandboxRecord): void {
  if (endpoints.length > 0) return
  const why = stackNamed(network)?.driver.unpublishable ?? 'it has no address of its own'
  throw invalid(`publish does not go with network "${network}" of sandbox ${name}: ${why}.`)
}

/** Of each family, those of the network that leads to the world: the two may be different ones. */
async function hostIpsOf({ networks }: Context, endpoints: readonly StoredEndpoint[]): Promise<DefaultHostIps> {
  const hostIps: Partial<Record<IpFamily, string>> = {}
  for (const family of FAMILIES) {
    const leading = gatewayEndpoint(endpoints, family)
    const address = leading && (await networks.ready(leading.network)).spec.hostIps[family]
    if (address !== undefined) hostIps[family] = address
  }
  return hostIps
}
