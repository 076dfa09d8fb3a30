import { isIpv6 } from '../../base/addresses/address.js'
import type { EndpointOptions } from '../../api/sandboxes/endpoint-options.js'
import { invalid, show } from '../../base/errors.js'
import type { PortRequest } from '../../base/port-mapping.js'
import type { Protocol } from '../../base/protocol.js'
import type { Fields } from '../http/fields.js'
import { CniError } from './cni-error.js'
import { readDns, type CniConfig } from './config.js'
import type { CniEnvironment } from './environment.js'
import type { CniDns } from './result.js'

/** What is asked for one container on a network. */
export interface Attachment {
  endpoint: EndpointOptions
  publish: readonly PortRequest[]
  /** Of the runtime, in place of the configuration's. */
  dns: CniDns
}

/** Capabilities that a runtime fills in. */
const CAPABILITIES = ['portMappings', 'ips', 'ipRanges', 'mac', 'dns', 'aliases']

/**
 * What a runtime fills in comes before what is in `args`, and that before CNI_ARGS, as CNI's conventions say.
 *
 * @throws {HttpError} @throws {SlipwayError} @throws {CniError} 2
 */
export function readAttachment({ fields }: CniConfig, { ifname, args }: CniEnvironment): Attachment {
  const runtime = fields.object('runtimeConfig')
  const further = fields.object('args')?.object('cni')
  const other = runtime?.entries().find(([name]) => !CAPABILITIES.includes(name))
  if (other)
    throw new CniError(
      'UNSUPPORTED_FIELD',
      `There is no runtimeConfig.${other[0]} here (it is ${show(other[1])}). Leave ${other[0]} out of the plugin's capabilities.`,
    )
  const [ips = []] = [runtime?.texts('ips'), further?.texts('ips'), args.get('IP')?.split(',')].filter(isGiven)
  const [mac = ''] = [runtime?.text('mac'), further?.text('mac'), args.get('MAC')].filter(isGiven)
  const aliases = runtime?.texts('aliases') ?? []
  return {
    endpoint: {
      ...addressesOf(ips),
      ...(mac === '' ? {} : { mac }),
      ...(aliases.length === 0 ? {} : { aliases }),
      interface: ifname,
    },
    publish: portsOf(runtime),
    dns: readDns(runtime?.object('dns'), 'servers', 'searches'),
  }
}

/** @throws {HttpError} @throws {SlipwayError} */
export const portsOf = (runtime: Fields | undefined): PortRequest[] =>
  (runtime?.objects('portMappings') ?? []).map((one, at): PortRequest => {
    const [hostPort, hostIp] = [one.whole('hostPort') ?? 0, one.text('hostIP')]
    if (hostPort === 0) throw invalid(`runtimeConfig.portMappings[${at}] has no hostPort.`)
    return {
      protocol: (one.text('protocol').toLowerCase() || 'tcp') as Protocol,
      containerPort: one.whole('containerPort') ?? 0,
      hostPort,
      ...(hostIp === '' ? {} : { hostIp }),
    }
  })

/** Each with or without a prefix, which is the subnet's in any case. */
function addressesOf(ips: readonly string[]): EndpointOptions {
  const plain = ips.map((one) => one.trim().split('/')[0] ?? '')
  const [ip, ...moreIp] = plain.filter((one) => !isIpv6(one))
  const [ip6, ...moreIp6] = plain.filter(isIpv6)
  const more = [...moreIp, ...moreIp6]
  if (more.length > 0)
    throw invalid(`A container has one address of each IP version on a network. Leave ${more.join(' and ')} out.`)
  return { ...(ip === undefined ? {} : { ip }), ...(ip6 === undefined ? {} : { ip6 }) }
}

const isGiven = <T extends string | readonly string[]>(value: T | undefined): value is T =>
  value !== undefined && value.length > 0
