import { invalid, show, SlipwayError } from '../errors.js'
import { checkOptions, checks, type Check, type Settings } from '../options.js'
import { checkRequest } from '../ports/check-request.js'
import type { PublishScope } from '../ports/claim-ports.js'
import { expand } from '../ports/expand.js'
import { printHost, printRequest, type PortMapping, type PortRequest } from '../ports/mapping.js'
import { parsePublish } from '../ports/parse-publish.js'
import { PortTable } from '../ports/port-table.js'

/** Options of `sandboxes.create`. Names are those of `docker run`'s flags. */
export interface CreateOptions {
  /** Letters, digits, `_`, `.` and `-`, at most 100. Default: the first twelve digits of the id. */
  name?: string
  /** `bridge`, `host` or `none`. Default: `bridge`. */
  network?: string
  /**
   * Ports to publish, in the grammar of `docker run -p` or as objects: `'8080:80'`, `'127.0.0.1:8080:80/tcp'`, `'80'` for
   * a free host port, `'8000-8010:80'` for a free one of these, `'9000-9010:90-100/udp'` one to one.
   */
  publish?: readonly (string | PortRequest)[]
  /** IPv4 address inside the network's subnet. Default: the next free one. */
  ip?: string
  /** MAC address. Default: 02:42 and the IPv4 address. */
  mac?: string
}

export interface CreateRequest {
  name: string | undefined
  network: 'bridge' | 'host' | 'none'
  publish: PortRequest[]
  ip: string | undefined
  mac: string | undefined
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/

/** Checks a sandbox's name: docker's rule, and what /run/netns can hold. */
export const nameCheck: Check = (value) =>
  typeof value === 'string' && NAME.test(value)
    ? undefined
    : 'a name of at most 100 letters, digits, "_", "." and "-" that begins with a letter or digit (it becomes a file in /run/netns)'

const macCheck: Check = (value) =>
  typeof value === 'string' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(value) && (parseInt(value.slice(0, 2), 16) & 1) === 0 && /[^0:]/.test(value)
    ? undefined
    : "a unicast MAC address, as in '02:42:ac:11:00:02'"

const CHECKS: Record<keyof CreateOptions, Check> = {
  name: nameCheck,
  network: checks.text,
  publish: (value) => (Array.isArray(value) ? undefined : "a list, as in ['8080:80']"),
  ip: checks.ipv4,
  mac: macCheck,
}

const LATER = ['ip6', 'aliases', 'hostname', 'dns', 'dnsSearch', 'dnsOptions', 'addHost', 'netns']

const MODES = ['bridge', 'host', 'none'] as const

/** The options as they are now. What is no object is left for {@link readCreateOptions} to refuse. */
export function copyOptions(options: CreateOptions): CreateOptions {
  if (typeof options !== 'object' || options === null) return options
  return Array.isArray(options.publish) ? { ...options, publish: [...options.publish] } : { ...options }
}

/** @throws {SlipwayError} `INVALID_ARGUMENT`, `UNSUPPORTED` */
export function readCreateOptions(options: CreateOptions, settings: Settings): CreateRequest {
  checkOptions('sandboxes.create', options, CHECKS, LATER)
  const network = readMode(options.network ?? 'bridge')
  const publish = readPublish(options.publish ?? [], settings)
  for (const name of ['publish', 'ip', 'mac'] as const) {
    const given = name === 'publish' ? publish.length > 0 : options[name] !== undefined
    if (network !== 'bridge' && given) {
      const why = network === 'host' ? "it shares the host's network, where its ports are the host's already" : 'it has no network'
      throw invalid(`${name} does not go with network "${network}": ${why}. Leave ${name} out, or use network "bridge".`)
    }
  }
  return { name: options.name, network, publish, ip: options.ip, mac: options.mac?.toLowerCase() }
}

function readMode(network: string): CreateRequest['network'] {
  const mode = MODES.find((known) => known === network)
  if (mode) return mode
  if (network.startsWith('container:')) throw new SlipwayError('UNSUPPORTED', `network ${show(network)}: joining another sandbox is not supported yet.`)
  throw invalid(`network ${show(network)} is not known. There are ${MODES.join(', ')}.`)
}

/** Where the ports of a sandbox can be published. */
export const publishScope = ({ ip }: Settings): PublishScope => ({ families: [4], hostIps: { 4: ip } })

/** Reads port mappings, as texts or objects. @throws {SlipwayError} `INVALID_ARGUMENT` */
export const readRequests = (publish: readonly (string | PortRequest)[]): PortRequest[] =>
  publish.flatMap((item) => (typeof item === 'object' && item !== null ? [checkRequest(item)] : parsePublish(item)))

/** Reads port mappings, all of one call, and refuses those that lead nowhere or name the same host port twice. */
export function readPublish(publish: readonly (string | PortRequest)[], settings: Settings): PortRequest[] {
  const requests = readRequests(publish)
  const { families, hostIps } = publishScope(settings)
  const seen = new PortTable()
  for (const request of requests) {
    if (request.protocol === 'all' || request.allow) {
      throw new SlipwayError('UNSUPPORTED', `publish ${show(printRequest(request))}: ${request.allow ? 'allow' : 'a whole host address'} is not supported yet.`)
    }
    const { protocol, containerPort, hostPort } = request
    for (const { hostIp } of expand(request, families, hostIps)) {
      if (typeof hostPort !== 'number' || requests.length === 1) continue
      const mapping: PortMapping = { protocol, containerPort, hostIp, hostPort }
      if (seen.take(mapping, '')) throw invalid(`publish names the host port ${printHost(mapping)}/${protocol} twice.`)
    }
  }
  return requests
}
