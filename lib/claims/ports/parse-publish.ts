import { invalid, show } from '../../base/errors.js'
import { isIPv4, isIPv6 } from '../../base/addresses/is-address.js'
import type { Protocol } from '../../base/protocol.js'
import { readAllow, readHostAddress, type Wrong } from './host-address.js'
import { isEvery } from '../../base/addresses/every.js'
import { bracket, type PortRange, type PortRequest } from '../../base/port-mapping.js'

/** What every refusal of a mapping ends with. */
export const GRAMMAR =
  `'80', '8080:80', '127.0.0.1::80' or '[2001:db8::1]:8080:80', with ranges as in '9000-9010:90-100' or '8000-8010:80', ` +
  `then '/udp' or '/sctp' and ',allow=10.0.0.0/8' where meant; '192.0.2.5:*' is a whole host address`

/**
 * What is written nearly always: `8080:80`, `8080:80/udp`. It is on the way of every sandbox, and the whole grammar
 * takes as long as a system call.
 */
const PLAIN = /^([1-9]\d{0,4}):([1-9]\d{0,4})(?:\/(tcp|udp|sctp))?$/

const LAST_PORT = 65535

export const PROTOCOLS: readonly string[] = ['tcp', 'udp', 'sctp'] satisfies Protocol[]

/**
 * Reads one `-p` specification: `[hostIp:][hostPort[-end]:]containerPort[-end][/tcp|udp|sctp][,allow=CIDR]...`, or
 * `hostIp:*` for a whole host address. As docker does, an address, host port or protocol that is empty is one that is
 * left out, host port 0 is a free one, and a range of host ports for one container port is any free one of these.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function parsePublish(text: string): PortRequest[] {
  if (typeof text !== 'string') throw invalid(`publish takes texts, not ${show(text)}. A port mapping is ${GRAMMAR}.`)
  return readPlain(text) ?? readAny(text)
}

function readPlain(text: string): PortRequest[] | undefined {
  const found = PLAIN.exec(text)
  if (!found) return undefined
  const hostPort = Number(found[1])
  const containerPort = Number(found[2])
  const request: PortRequest = { protocol: (found[3] ?? 'tcp') as Protocol, containerPort, hostPort }
  return hostPort <= LAST_PORT && containerPort <= LAST_PORT ? [request] : undefined
}

function readAny(text: string): PortRequest[] {
  const wrong: Wrong = (why) => invalid(`publish ${show(text)}: ${why}. A port mapping is ${GRAMMAR}.`)
  const [spec = '', ...conditions] = text.split(',')
  const [mapping = '', protocolText, ...surplus] = spec.split('/')
  if (surplus.length > 0) throw wrong('it has more than one "/"')
  const { address, host, container } = splitMapping(mapping, wrong)
  const hostIp = address === '' ? undefined : readHostAddress(address, wrong)
  const allow =
    conditions.length === 0
      ? undefined
      : readAllow(
          conditions.map((condition) => readCondition(condition, wrong)),
          wrong,
        )
  if (container === '*') return [wholeAddress({ hostIp, host, protocolText, allow }, wrong)]

  const protocol = readProtocol(protocolText, wrong)
  const containerPorts = readRange(container, 'container port', wrong)
  const hostPorts = host === '' || /^0{1,5}$/.test(host) ? undefined : readRange(host, 'host port', wrong)
  return requests({ protocol, hostIp, containerPorts, hostPorts, allow }, wrong)
}

/** The parts of `[address:][host:]container`; what is left out is empty. */
function splitMapping(mapping: string, wrong: Wrong): { address: string; host: string; container: string } {
  const [, bracketed, behind] = /^\[([^\]]*)\]:(.*)$/s.exec(mapping) ?? []
  if (bracketed !== undefined && behind !== undefined) {
    if (!bracketed.includes(':')) throw wrong('brackets hold an IPv6 address')
    const parts = behind.split(':')
    if (parts.length === 1 && behind !== '*')
      throw wrong("behind an address stand two parts, as in '[2001:db8::1]::80' for a free host port")
    if (parts.length > 2) throw wrong('it has too many colons')
    const [container = '', host = ''] = parts.reverse()
    return { address: bracketed, host, container }
  }
  if (/[[\]]/.test(mapping))
    throw wrong('brackets stand around an IPv6 address, at the beginning and with a colon behind them')

  const parts = mapping.split(':')
  if (parts.length > 3) {
    const before = parts.slice(0, -2).join(':')
    throw wrong(
      isIPv6(before)
        ? `an IPv6 address stands in brackets, as in '[${before}]:${parts.slice(-2).join(':')}'`
        : 'it has too many colons',
    )
  }
  const [container = '', host = '', address = ''] = parts.reverse()
  if (container === '*' && address === '') return { address: host, host: '', container }
  if (address === '' && isIPv4(host))
    throw wrong("behind an address stand two parts, as in '127.0.0.1::80' for a free host port")
  return { address, host, container }
}

function readProtocol(text: string | undefined, wrong: Wrong): Protocol {
  const protocol = text === undefined || text === '' ? 'tcp' : text.toLowerCase()
  if (!PROTOCOLS.includes(protocol))
    throw wrong(`${show(text)} is no protocol that can be published (${PROTOCOLS.join(', ')})`)
  return protocol as Protocol
}

function readCondition(text: string, wrong: Wrong): string {
  if (!text.startsWith('allow='))
    throw wrong(
      `${show(text)} behind a comma is nothing that is known; there stands who may connect, as in ',allow=10.0.0.0/8'`,
    )
  return text.slice('allow='.length)
}

function readRange(text: string, what: string, wrong: Wrong): PortRange {
  const [first, last = first, ...rest] = text.split('-').map((part) => (/^\d{1,5}$/.test(part) ? Number(part) : NaN))
  if (first === undefined || last === undefined || rest.length > 0 || Number.isNaN(first + last))
    throw wrong(`${what} ${show(text)} is no number or range`)
  if (last < first) throw wrong(`${what} range ${text} runs backwards`)
  if (first < 1 || last > LAST_PORT) throw wrong(`${what} ${text} is outside 1-${LAST_PORT}`)
  return [first, last]
}

interface Parts {
  protocol: Protocol
  hostIp: string | undefined
  containerPorts: PortRange
  hostPorts: PortRange | undefined
  allow: string[] | undefined
}

function requests({ protocol, hostIp, containerPorts, hostPorts, allow }: Parts, wrong: Wrong): PortRequest[] {
  const [first, last] = containerPorts
  const [hostFirst, hostLast] = hostPorts ?? containerPorts
  const isChoice = first === last && hostFirst < hostLast
  if (!isChoice && hostLast - hostFirst !== last - first)
    throw wrong(
      `the ranges differ in length: ${hostLast - hostFirst + 1} host ports for ${last - first + 1} container ports`,
    )
  const requests: PortRequest[] = []
  for (let containerPort = first; containerPort <= last; containerPort++) {
    const request: PortRequest = { protocol, containerPort }
    if (hostIp !== undefined) request.hostIp = hostIp
    if (hostPorts) request.hostPort = isChoice ? hostPorts : hostFirst + containerPort - first
    if (allow) request.allow = allow
    requests.push(request)
  }
  return requests
}

function wholeAddress(
  {
    hostIp,
    host,
    protocolText,
    allow,
  }: { hostIp: string | undefined; host: string; protocolText: string | undefined; allow: string[] | undefined },
  wrong: Wrong,
): PortRequest {
  if (host !== '')
    throw wrong(`"*" leads every port of an address to the same one inside, so no host port goes with it`)
  if (protocolText !== undefined) throw wrong('"*" stands for every protocol, so none goes with it')
  if (allow) throw wrong(ALLOW_OF_WHOLE)
  return { protocol: 'all', containerPort: 0, hostIp: wholeHostIp(hostIp, wrong), hostPort: 0 }
}

// A port of every address that leads elsewhere has an allow-list of its own, and the rules know one for each packet.
export const ALLOW_OF_WHOLE =
  "allow goes with a port, not with a whole host address: publish its ports one by one, as in '192.0.2.5:80:80,allow=10.0.0.0/8'"

/** A host address that may be one sandbox's as a whole. */
export function wholeHostIp(hostIp: string | undefined, wrong: Wrong): string {
  if (hostIp === undefined || isEvery(hostIp))
    throw wrong("a whole host address is one address: name it, as in '192.0.2.5:*'")
  if (hostIp.startsWith('127.'))
    throw wrong(`${bracket(hostIp)} is the host's own loopback: its programs would no longer reach each other on it`)
  return hostIp
}
