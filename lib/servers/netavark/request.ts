import { isIpv6 } from '../../base/addresses/address.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import { invalid } from '../../base/errors.js'
import { Fields } from '../http/fields.js'
import { portsOf } from './ports.js'

/** A network of podman's, as netavark gives it to a plugin (API 1.0.0). */
export interface PodmanNetwork {
  name: string
  id: string
  /** None where podman leaves the choice to the plugin. */
  subnets: SubnetRequest[]
  ipv6: boolean
  internal: boolean
  /** Whether containers find each other by name. */
  dns: boolean
  options: Record<string, string>
}

/** A container that is to be connected to a network, or was. */
export interface PodmanContainer {
  id: string
  name: string
  network: PodmanNetwork
  /** What its interface is to be called, or is. */
  interface: string
  ip?: string
  ip6?: string
  mac?: string
  aliases: string[]
  /** As `publish` takes them. */
  ports: string[]
}

/** @throws {HttpError} @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readNetwork(fields: Fields): PodmanNetwork {
  const name = needed(fields, 'name')
  const ipam = fields.object('ipam_options')?.text('driver') ?? ''
  if (ipam !== '' && ipam !== 'host-local')
    throw invalid(`The network ${name}: Slipway gives addresses itself. Leave --ipam-driver ${ipam} out.`)
  if (fields.texts('network_dns_servers').length > 0)
    throw invalid(
      `The network ${name}: Slipway forwards to the host's nameservers. Leave --dns out, or give it to containers.`,
    )
  return {
    name,
    id: fields.text('id'),
    subnets: fields.objects('subnets').map(subnetOf),
    ipv6: fields.flag('ipv6_enabled') ?? false,
    internal: fields.flag('internal') ?? false,
    dns: fields.flag('dns_enabled') ?? false,
    options: fields.pairs('options'),
  }
}

/** @throws {HttpError} @throws {SlipwayError} `INVALID_ARGUMENT` */
export function readContainer(fields: Fields): PodmanContainer {
  const network = readNetwork(fields.object('network') ?? missing('network'))
  const own = fields.object('network_options') ?? new Fields({})
  const [unknown] = Object.keys(own.pairs('options'))
  if (unknown !== undefined)
    throw invalid(`There is no option ${unknown} of a container on a network of Slipway's. Leave it out.`)
  const addresses = own.texts('static_ips')
  const [ip, ...moreIp] = addresses.filter((one) => !isIpv6(one))
  const [ip6, ...moreIp6] = addresses.filter(isIpv6)
  const more = [...moreIp, ...moreIp6]
  if (more.length > 0)
    throw invalid(`A container has one address of each IP version on a network. Leave ${more.join(' and ')} out.`)
  const mac = own.text('static_mac')
  return {
    id: needed(fields, 'container_id'),
    name: needed(fields, 'container_name'),
    network,
    interface: needed(own, 'interface_name'),
    ...(ip === undefined ? {} : { ip }),
    ...(ip6 === undefined ? {} : { ip6 }),
    ...(mac === '' ? {} : { mac }),
    aliases: own.texts('aliases'),
    ports: fields.objects('port_mappings').flatMap(portsOf),
  }
}

function subnetOf(fields: Fields): SubnetRequest {
  const gateway = fields.text('gateway')
  if (fields.object('lease_range'))
    throw invalid('Podman gives the addresses of a range (--ip-range) itself, and Slipway of its own. Leave it out.')
  return { subnet: needed(fields, 'subnet'), ...(gateway === '' ? {} : { gateway }) }
}

const needed = (fields: Fields, name: string): string => fields.text(name) || missing(name)

function missing(name: string): never {
  throw invalid(`There is no ${name} in what is on stdin. netavark writes it there.`)
}
