import { gatewayEndpoint, mappedPorts, publishableFamilies } from '../drivers/gateway.js'
import type { BridgeEndpoint } from '../drivers/endpoint.js'
import { invalid, show } from '../errors.js'
import { familyOf, type IpFamily } from '../ipam/ip.js'
import { checkRequest } from '../ports/check-request.js'
import { claimPorts, type PublishScope } from '../ports/claim-ports.js'
import { expand, type DefaultHostIps } from '../ports/expand.js'
import { EVERY } from '../ports/host-address.js'
import { printHost, printRequest, type PortMapping, type PortRequest } from '../ports/mapping.js'
import { parsePublish } from '../ports/parse-publish.js'
import type { PortGuesses } from '../ports/port-guesses.js'
import { PortTable } from '../ports/port-table.js'
import type { Context } from './context.js'

/** Reads port mappings, as texts or objects. @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readRequests(publish: readonly (string | PortRequest)[]): PortRequest[] {
  const requests = publish.flatMap((item) => (typeof item === 'object' && item !== null ? [checkRequest(item)] : parsePublish(item)))
  if (requests.length > 1) refuseTwice(requests.map((request) => ({ ...request, hostIp: request.hostIp ?? EVERY[4] })))
  return requests
}

/** The same host port twice, as far as it is named. */
function refuseTwice(requests: Iterable<PortRequest & { hostIp: string }>): void {
  const seen = new PortTable()
  for (const { protocol, containerPort, hostIp, hostPort: port } of requests) {
    const hostPort = protocol === 'all' ? 0 : port
    if (typeof hostPort !== 'number') continue
    const mapping: PortMapping = { protocol, containerPort, hostIp, hostPort }
    if (seen.take(mapping, '')) throw invalid(`publish names ${protocol === 'all' ? printHost(mapping) : `the host port ${printHost(mapping)}/${protocol}`} twice.`)
  }
}

/** Where a sandbox's ports can be published, by the networks that lead to the world. */
export interface PublishPlace {
  /** Through addresses of the host. */
  mapped: PublishScope
  /** At its own addresses: the network is routed. */
  routed: readonly IpFamily[]
}

/** @param hostIps - Host addresses where none is named, of the network that leads to the world. */
export function publishPlace(endpoints: readonly BridgeEndpoint[], hostIps: (network: string) => DefaultHostIps): PublishPlace {
  const families = publishableFamilies(endpoints)
  const isRouted = (family: IpFamily) => gatewayEndpoint(endpoints, family)?.addresses[family]?.mode === 'routed'
  const mapped = families.filter((family) => !isRouted(family))
  const defaults: Partial<Record<IpFamily, string>> = {}
  for (const family of mapped) {
    const address = hostIps(gatewayEndpoint(endpoints, family)?.network ?? '')[family]
    if (address !== undefined) defaults[family] = address
  }
  return { mapped: { families: mapped, hostIps: defaults }, routed: families.filter(isRouted) }
}

/** @throws {SlipwayError} `INVALID_ARGUMENT` for ports that lead nowhere, and for the same host port twice. */
export function checkPublish(requests: readonly PortRequest[], place: PublishPlace): void {
  const [first] = requests
  if (!first) return
  const { mapped, routed } = place
  if (mapped.families.length + routed.length === 0) {
    throw invalid(`publish ${show(printRequest(first))}: the sandbox is on no network that leads to the world, so nothing can come in. Leave publish out, or connect it to a network that is not internal.`)
  }
  const expanded = forHostPorts(requests, place).flatMap((request) => expand(request, mapped.families, mapped.hostIps).map(({ hostIp }) => ({ ...request, hostIp })))
  if (requests.length > 1) refuseTwice(expanded)
}

/** Those that take a port of the host. */
const forHostPorts = (requests: readonly PortRequest[], { mapped, routed }: PublishPlace): readonly PortRequest[] =>
  routed.length === 0 ? requests : requests.filter(({ hostIp }) => (hostIp === undefined ? mapped.families.length > 0 : !routed.includes(familyOf(hostIp))))

/** Takes host ports in this process's table, choosing those that are not given. At once where nothing has to be asked. */
export function claimPublished(context: Context, requests: readonly PortRequest[], owner: string, place: PublishPlace, guesses: PortGuesses): PortMapping[] | Promise<PortMapping[]> {
  if (requests.length === 0) return []
  const direct = place.routed.length === 0 ? [] : requests.flatMap((request) => routedMappings(request, place.routed))
  const claimed = claimPorts(context, forHostPorts(requests, place), owner, place.mapped, guesses)
  if (direct.length === 0) return claimed
  return claimed instanceof Promise ? claimed.then((mapped) => [...mapped, ...direct]) : [...claimed, ...direct]
}

/** In a routed network the sandbox's own port is opened, and no port of the host is taken. */
const routedMappings = ({ protocol, containerPort, hostIp, allow }: PortRequest, families: readonly IpFamily[]): PortMapping[] =>
  families
    .filter((family) => protocol !== 'all' && (hostIp === undefined || familyOf(hostIp) === family))
    .map((family) => ({ protocol, containerPort, hostIp: EVERY[family], hostPort: 0, ...(allow ? { allow } : {}) }))

/** The mappings that are known in this process's table. */
export const heldMappings = (endpoints: readonly BridgeEndpoint[], ports: readonly PortMapping[]): PortMapping[] => [...mappedPorts(endpoints, ports)]
