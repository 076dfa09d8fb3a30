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
  refuseRoutes(ipam, delegate)
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

/** A default route there is in any case. */
function refuseRoutes(ipam: Fields | undefined, delegate: string | undefined): void {
  for (const route of delegate === undefined ? (ipam?.objects('routes') ?? []) : []) {
    const dst = route.text('dst')
    if (!EVERYWHERE.includes(dst)) throw noSuchRoute('ipam.routes', dst)
  }
}

export const noSuchRoute = (where: string, dst: string): Error =>
  dst === ''
    ? invalid(`${where}: a route has no dst.`)
    : new CniError(
        'UNSUPPORTED_FIELD',
        `${where} has a route to ${show(dst)}. There is the default route alone; a router is a sandbox with forwarding.`,
      )

export const isDefaultRoute = (dst: string): boolean => EVERYWHERE.includes(dst)
