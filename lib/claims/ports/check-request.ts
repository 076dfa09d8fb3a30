import { invalid, show } from '../../base/errors.js'
import type { Protocol } from '../../base/protocol.js'
import { readAllow, readHostAddress, type Wrong } from './host-address.js'
import type { PortRange, PortRequest } from '../../base/port-mapping.js'
import { ALLOW_OF_WHOLE, PROTOCOLS, wholeHostIp } from './parse-publish.js'

const RIGHT =
  `As an object, a port mapping is { protocol: 'tcp', containerPort: 80, hostIp: '127.0.0.1', hostPort: 8080, allow: ['10.0.0.0/8'] }; without hostIp, ` +
  `it is for every host address; hostPort may be a range [8000, 8010] of which a free one is taken, or left out; ` +
  `{ protocol: 'all', containerPort: 0, hostIp: '192.0.2.5' } is a whole host address`

const FIELDS = ['protocol', 'containerPort', 'hostIp', 'hostPort', 'allow']

/**
 * Checks a mapping given as an object, and brings it to the form in which a text would have been read.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function checkRequest(request: PortRequest): PortRequest {
  const wrong: Wrong = (why) => invalid(`publish ${show(request)}: ${why}. ${RIGHT}.`)
  const unknown = Object.keys(request).find((field) => !FIELDS.includes(field))
  if (unknown !== undefined) throw wrong(`there is no field ${show(unknown)}`)
  const { protocol, containerPort, hostIp, hostPort, allow } = request
  if (hostIp !== undefined && typeof hostIp !== 'string')
    throw wrong(`hostIp must be an IP address, and is ${show(hostIp)}`)
  const address = hostIp === undefined ? undefined : readHostAddress(hostIp, wrong)
  if (protocol === 'all') {
    if (containerPort !== 0 || (hostPort !== undefined && hostPort !== 0))
      throw wrong('with protocol all, which is every port, containerPort is 0 and hostPort is left out')
    if (allow !== undefined) throw wrong(ALLOW_OF_WHOLE)
    return { protocol, containerPort, hostIp: wholeHostIp(address, wrong), hostPort: 0 }
  }
  if (!PROTOCOLS.includes(protocol))
    throw wrong(`protocol must be one of ${PROTOCOLS.join(', ')} or all, and ${is(protocol)}`)
  if (!isPort(containerPort)) throw wrong(`containerPort must be a number from 1 to 65535, and ${is(containerPort)}`)
  const port = readHostPort(hostPort, wrong)
  return {
    protocol: protocol satisfies Protocol,
    containerPort,
    ...(address === undefined ? {} : { hostIp: address }),
    ...(port === undefined ? {} : { hostPort: port }),
    ...(allow === undefined ? {} : { allow: checkAllow(allow, wrong) }),
  }
}

/** As in docker, 0 is a free one. */
function readHostPort(value: PortRequest['hostPort'], wrong: Wrong): number | PortRange | undefined {
  if (value === undefined || value === 0) return undefined
  if (isPort(value)) return value
  const [first, last, ...rest] = Array.isArray(value) ? (value as unknown[]) : []
  if (!isPort(first) || !isPort(last) || rest.length > 0)
    throw wrong(`hostPort must be a number from 1 to 65535 or a range of these, and is ${show(value)}`)
  if (last < first) throw wrong(`hostPort range ${first}-${last} runs backwards`)
  return first === last ? first : [first, last]
}

function checkAllow(allow: unknown, wrong: Wrong): string[] {
  if (!Array.isArray(allow) || allow.length === 0)
    throw wrong(`allow must be a list of networks, and is ${show(allow)}; left out, everybody may connect`)
  return readAllow(allow, wrong)
}

const is = (value: unknown): string => (value === undefined ? 'is left out' : `is ${show(value)}`)

const isPort = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 65535
