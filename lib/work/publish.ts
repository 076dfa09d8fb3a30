import { endpointsOf } from '../drivers/index.js'
import { gatewayAddress, publishableFamilies } from '../drivers/gateway.js'
import type { StoredEndpoint } from '../store/endpoint.js'
import { invalid, show } from '../base/errors.js'
import { familyOf, type IpFamily } from '../base/addresses/ip.js'
import { checkRequest } from '../claims/ports/check-request.js'
import { claimPorts, type PortContext, type PublishScope } from '../claims/ports/claim-ports.js'
import { expand, type DefaultHostIps } from '../claims/ports/expand.js'
import { EVERY } from '../base/addresses/every.js'
import { printHost, printRequest, type PortMapping, type PortRequest } from '../base/port-mapping.js'
import { parsePublish } from '../claims/ports/parse-publish.js'
import type { PortGuesses } from '../claims/ports/port-guesses.js'
import { PortTable } from '../claims/ports/port-table.js'
import type { Context } from './context.js'

/** Reads port mappings, as texts or objects. @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readRequests(publish: readonly (string | PortRequest)[]): PortRequest[] {
  const requests: PortRequest[] = []
  for (const item of publish) {
    if (typeof item === 'object' && item !== null) requests.push(checkRequest(item))
    else requests.push(...parsePublish(item))
  }
  if (requests.length > 1) refuseTwice(requests.map((request) => ({ ...request, hostIp: request.hostIp ?? EVERY[4] })))
  return requests
}

/**
 * Until it is known which host ports may be chosen: read once, for all who want some. `undefined` where it is known, or
 * nothing is to be chosen from.
 */
export function choosing(
  { dynamicPorts }: Pick<Context, 'dynamicPorts'>,
  requests: readonly PortRequest[],
): Promise<void> | undefined {
  return dynamicPorts.ephemeral || requests.every(({ hostPort }) => hostPort !== undefined)
    ? undefined
    : dynamicPorts.read()
}

/** The same host port twice, as far as it is named. */
function refuseTwice(requests: Iterable<PortRequest & { hostIp: string }>): void {
  const seen = new PortTable()
  for (const { protocol, containerPort, hostIp, hostPort: port } of requests) {
    const hostPort = protocol === 'all' ? 0 : port
    if (typeof hostPort !== 'number') continue
    const mapping: PortMapping = { protocol, containerPort, hostIp, hostPort }
    if (seen.take(mapping, ''))
      throw invalid(
        `publish names ${protocol === 'all' ? printHost(mapping) : `the host port ${printHost(mapping)}/${protocol}`} twice.`,
      )
  }
}

/**
 * Takes the host ports of requests in this process's table, choosing those that are not given. At once where nothing
 * has to be asked, which is so of ports that are named.
 *
 * @param hostIps - Host addresses where none is named: of the networks that lead to the world.
 * @throws {SlipwayError} `INVALID_ARGUMENT` for ports that lead nowhere, and for the same host port twice;
 * `PORT_IN_USE`, `EXHAUSTED`. Nothing is taken then.
 */
export function claimPublished(
  context: PortContext,
  requests: readonly PortRequest[],
  owner: string,
  endpoints: readonly StoredEndpoint[],
  hostIps: DefaultHostIps,
  guesses: PortGuesses,
): PortMapping[] | Promise<PortMapping[]> {
  const [first] = requests
  if (!first) return []
  const families = publishableFamilies(endpoints)
  if (families.length === 0) {
    const why = endpoints.map((endpoint) => endpointsOf(endpoint).unpublishable).find((reason) => reason !== undefined)
    if (why !== undefined)
      throw invalid(
        `publish ${show(printRequest(first))}: ${why}. Leave publish out, or connect the sandbox to a bridge network, too, that leads to the world.`,
      )
    throw invalid(
      `publish ${show(printRequest(first))}: the sandbox is on no network that leads to the world, so nothing can come in. Leave publish out, or connect it to a network that is not internal.`,
    )
  }
  const routed = families.filter((family) => gatewayAddress(endpoints, family)?.mode === 'routed')
  const scope: PublishScope = {
    families: routed.length === 0 ? families : families.filter((family) => !routed.includes(family)),
    hostIps,
  }
  const direct = routed.length === 0 ? [] : requests.flatMap((request) => directMappings(request, routed))
  const mapped =
    routed.length === 0
      ? requests
      : requests.filter(({ hostIp }) =>
          hostIp === undefined ? scope.families.length > 0 : !routed.includes(familyOf(hostIp)),
        )
  if (mapped.length > 1)
    refuseTwice(
      mapped.flatMap((request) =>
        expand(request, scope.families, hostIps).map(({ hostIp }) => ({ ...request, hostIp })),
      ),
    )
  const claimed = claimPorts(context, mapped, owner, scope, guesses)
  if (direct.length === 0) return claimed
  return claimed instanceof Promise ? claimed.then((taken) => [...taken, ...direct]) : [...claimed, ...direct]
}

/** In a routed network the sandbox's own port is opened, and no port of the host is taken. */
function directMappings(request: PortRequest, routed: readonly IpFamily[]): PortMapping[] {
  const { protocol, containerPort, hostIp, allow } = request
  const families = hostIp === undefined ? routed : routed.filter((family) => family === familyOf(hostIp))
  if (families.length === 0) return []
  const what = protocol === 'all' ? 'a whole host address' : allow ? 'allow' : undefined
  if (what) {
    throw invalid(
      `publish ${show(printRequest(request))}: ${what} does not go with a network whose gateway mode is routed: connections come straight to the sandbox's address there. Leave it out; who may connect is for your rules to say, in the chain "user".`,
    )
  }
  return families.map((family) => ({ protocol, containerPort, hostIp: EVERY[family], hostPort: 0 }))
}
