import { parseSubnet } from '../../base/addresses/subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import { invalid, show } from '../../base/errors.js'
import { nameCheck } from '../../base/name.js'
import { nearest } from '../../base/nearest.js'
import type { NetworkOptions } from '../../networks/create-options.js'
import { Fields } from '../http/fields.js'
import { CniError } from './cni-error.js'
import type { CniDns } from './result.js'
import { rangesOf, subnetsOf } from './ranges.js'
import { VERSIONS, type CniVersion } from './versions.js'

/** What a runtime writes to a plugin, as far as every command reads it. */
export interface CniConfig {
  version: CniVersion
  /** Of the network. */
  name: string
  /** All of it. */
  fields: Fields
  /** Name of the plugin that gives addresses in our place. */
  delegate: string | undefined
}

const OURS = ['driver', 'options', 'internal', 'mtu', 'ipMasq', 'isDefaultGateway', 'ipam', 'dns']
/** Of the protocol. */
const ITS = [
  'cniVersion',
  'cniVersions',
  'name',
  'type',
  'args',
  'runtimeConfig',
  'prevResult',
  'capabilities',
  'disableCheck',
  'disableGC',
  'loadOnlyInlinedPlugins',
]
const OF_IPAM = ['type', 'subnet', 'gateway', 'ipRange', 'rangeStart', 'rangeEnd', 'ranges', 'routes']

/** @throws {HttpError} @throws {CniError} 1, 6, 7 */
export function readConfig(input: Buffer): CniConfig {
  const fields = Fields.parse(input)
  if (fields.names().length === 0)
    throw new CniError('UNREADABLE', 'There is no configuration on stdin. A runtime writes it there, as JSON.')
  const version = readVersion(fields.text('cniVersion'))
  const name = fields.text('name')
  if (nameCheck(name) !== undefined)
    throw new CniError(
      'INVALID_CONFIGURATION',
      `name must be the network's, ${nameCheck(name) ?? ''}, and is ${show(name)}.`,
    )
  const type = fields.object('ipam')?.text('type') ?? ''
  return { version, name, fields, delegate: type === '' || type === 'slipway' ? undefined : type }
}

function readVersion(text: string): CniVersion {
  const found = VERSIONS.find((one) => one === text)
  if (found) return found
  throw new CniError(
    'INCOMPATIBLE_VERSION',
    `The configuration ${text === '' ? 'has no cniVersion' : `is of CNI ${text}`}. There are ${VERSIONS.join(', ')}.`,
  )
}

/**
 * The network that the configuration describes, but for the subnets where another plugin gives addresses.
 *
 * @throws {HttpError} @throws {SlipwayError} @throws {CniError} 2 for a field that means nothing here.
 */
export function networkOf({ name, fields, delegate }: CniConfig): NetworkOptions {
  refuseUnknown(fields, [...OURS, ...ITS], '')
  const ipam = fields.object('ipam')
  if (ipam && delegate === undefined) refuseUnknown(ipam, OF_IPAM, 'ipam.')
  const runtime = fields.object('runtimeConfig')
  const subnets = ipam && delegate === undefined ? subnetsOf(ipam) : []
  if (runtime) subnets.push(...rangesOf(runtime, 'ipRanges', 'runtimeConfig.ipRanges'))
  const { mtu, ipMasq } = { mtu: fields.whole('mtu'), ipMasq: fields.flag('ipMasq') }
  const driver = fields.text('driver')
  return {
    name,
    ...(driver === '' ? {} : { driver }),
    ...withSubnets(subnets),
    internal: fields.flag('internal') ?? false,
    options: {
      ...Object.fromEntries(fields.object('options')?.entries() ?? []),
      ...(mtu === undefined || mtu === 0 ? {} : { mtu }),
      ...(ipMasq === undefined ? {} : { ipMasq }),
    },
  } as NetworkOptions
}

/** With IPv4 only where the configuration has subnets of IPv4, or none at all. */
export function withSubnets(subnets: readonly SubnetRequest[]): Pick<NetworkOptions, 'subnets' | 'ipv4'> {
  if (subnets.length === 0) return {}
  const isIpv4 = subnets.some(({ subnet }) => parseSubnet(subnet)?.family === 4)
  return { subnets, ...(isIpv4 ? {} : { ipv4: false }) }
}

/** What the configuration says of names. */
export const dnsOf = ({ fields }: CniConfig): CniDns => readDns(fields.object('dns'), 'nameservers', 'search')

/** @param servers - What nameservers are called there. @param searches - The same of domains. */
export function readDns(dns: Fields | undefined, servers: string, searches: string): CniDns {
  const domain = dns?.text('domain') ?? ''
  const lists = { nameservers: dns?.texts(servers), search: dns?.texts(searches), options: dns?.texts('options') }
  return {
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list && list.length > 0)),
    ...(domain === '' ? {} : { domain }),
  }
}

function refuseUnknown(fields: Fields, known: readonly string[], within: string): void {
  for (const [name, value] of fields.entries()) {
    if (known.some((one) => one.toLowerCase() === name.toLowerCase()) || name.startsWith('cni.dev/')) continue
    const near = nearest(name, known)
    throw new CniError(
      'UNSUPPORTED_FIELD',
      `There is no ${within}${name} (it is ${show(value)}).${near === undefined ? '' : ` Did you mean ${near}?`}`,
    )
  }
}

const EVERYWHERE = ['0.0.0.0/0', '::/0']

/**
 * Whether routes have the default one, which is the only one that there may be.
 *
 * @param where - What has them, for messages.
 * @throws {HttpError} @throws {SlipwayError} @throws {CniError} 2
 */
export function hasDefaultRoute(of: Fields, where: string): boolean {
  const routes = of.objects('routes').map((route) => route.text('dst'))
  const other = routes.find((dst) => !EVERYWHERE.includes(dst))
  if (other === '') throw invalid(`${where}: a route has no dst.`)
  if (other !== undefined)
    throw new CniError(
      'UNSUPPORTED_FIELD',
      `${where} has a route to ${show(other)}. There is the default route alone; a router is a sandbox with forwarding.`,
    )
  return routes.length > 0
}

/** Whether there is to be a default route: unless routes are given, and it is none of them. */
export function wantsDefaultRoute({ fields, delegate }: CniConfig): boolean {
  const ipam = fields.object('ipam')
  if (delegate !== undefined || !ipam) return true
  return hasDefaultRoute(ipam, 'ipam.routes') || !ipam.names().includes('routes') || isDefaultGateway(fields)
}

export const isDefaultGateway = (fields: Fields): boolean => fields.flag('isDefaultGateway') ?? false
