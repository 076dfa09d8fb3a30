import { invalid } from '../../base/errors.js'
import { printRequest } from '../../base/port-mapping.js'
import type { Protocol } from '../../base/protocol.js'
import type { Fields } from '../http/fields.js'

/** What `docker run -p` has asked for. */
export const PORT_MAP = 'com.docker.network.portmap'

/** By number of IP's header. */
const PROTOCOLS: Readonly<Record<number, Protocol>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' }

/**
 * As they are typed behind `-p`: refusals name them so.
 *
 * @throws {HttpError} @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export const readPortMap = (list: readonly Fields[]): string[] => list.map(readBinding)

function readBinding(binding: Fields): string {
  const number = binding.whole('Proto') ?? 0
  const protocol = PROTOCOLS[number]
  if (!protocol) throw invalid(`A port of the protocol ${number} cannot be published. There are tcp, udp and sctp.`)
  const hostIp = binding.text('HostIP')
  const first = binding.whole('HostPort') ?? 0
  const last = binding.whole('HostPortEnd') ?? 0
  return printRequest({
    protocol,
    containerPort: binding.whole('Port') ?? 0,
    ...(hostIp === '' ? {} : { hostIp }),
    ...(first === 0 ? {} : { hostPort: last > first ? ([first, last] as const) : first }),
  })
}
