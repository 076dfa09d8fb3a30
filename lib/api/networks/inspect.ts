import { byKey } from '../../base/by-key.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import type { SandboxRecord } from '../../store/records.js'

/** The JSON of `docker network inspect`, with docker's own names and order. */
export interface NetworkInspect {
  Name: string
  Id: string
  Created: string
  Scope: 'local'
  Driver: string
  EnableIPv4: boolean
  EnableIPv6: boolean
  IPAM: { Driver: 'default'; Options: Record<string, string> | null; Config: IpamConfig[] | null }
  Internal: boolean
  Attachable: false
  Ingress: false
  ConfigFrom: { Network: '' }
  ConfigOnly: false
  /** By id of the sandbox. */
  Containers: Record<
    string,
    { Name: string; EndpointID: string; MacAddress: string; IPv4Address: string; IPv6Address: string }
  >
  Options: Record<string, string>
  Labels: Record<string, string>
}

export interface IpamConfig {
  Subnet: string
  IPRange?: string
  Gateway?: string
  AuxiliaryAddresses?: Readonly<Record<string, string>>
}

/** What of a network is shown. */
export interface NetworkFacts {
  name: string
  id: string
  created: string
  driver: string
  ipv4: boolean
  ipv6: boolean
  /** Made by somebody, and not on every host. */
  userDefined: boolean
  config: IpamConfig[] | null
  internal: boolean
  /** Name of its bridge, where it has one. */
  bridge: string | undefined
  options: Readonly<Record<string, string>>
  labels: Readonly<Record<string, string>>
}

/** @param members - The sandboxes that are on it. */
export function inspectNetwork(facts: NetworkFacts, members: readonly SandboxRecord[]): NetworkInspect {
  return {
    Name: facts.name,
    Id: facts.id,
    Created: facts.created,
    Scope: 'local',
    Driver: facts.driver,
    EnableIPv4: facts.ipv4,
    EnableIPv6: facts.ipv6,
    IPAM: { Driver: 'default', Options: facts.userDefined ? {} : null, Config: facts.config },
    Internal: facts.internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: byKey(Object.fromEntries(members.map((record) => [record.id, member(record, facts.name)]))),
    Options: byKey(facts.options),
    Labels: byKey(facts.labels),
  }
}

function member({ name, id, endpoints }: SandboxRecord, network: string): NetworkInspect['Containers'][string] {
  const endpoint = endpoints.find((one) => one.network === network)
  const text = (family: 4 | 6) => {
    const found = endpoint?.addresses[family]
    return found ? `${found.address}/${found.prefix}` : ''
  }
  return {
    Name: name,
    EndpointID: endpoint?.id ?? id,
    MacAddress: endpoint?.mac ?? '',
    IPv4Address: text(4),
    IPv6Address: text(6),
  }
}

/** As docker shows it: what was asked for where it was, what was chosen where it was not. */
export function ipamConfig(
  subnets: readonly NetworkSubnet[],
  asked: readonly SubnetRequest[] | undefined,
): IpamConfig[] {
  const isGiven = ({ family }: NetworkSubnet) =>
    asked?.some(({ subnet }) => subnet.includes(':') === (family === 6)) ?? false
  const chosen = subnets
    .filter((subnet) => !isGiven(subnet))
    .map(({ subnet, gateway }) => ({ Subnet: subnet, ...(gateway === undefined ? {} : { Gateway: gateway }) }))
  const given = (asked ?? []).map((request, index): IpamConfig => {
    const { subnet, gateway, ipRange, auxAddresses } = request
    const complete = subnets.filter(isGiven)[index]
    // "Any of this size" has become one.
    const open = /^(?:0\.0\.0\.0|::)\//.test(subnet)
    return {
      Subnet: open ? (complete?.subnet ?? subnet) : subnet,
      ...(ipRange === undefined ? {} : { IPRange: ipRange }),
      ...(gateway === undefined
        ? open && complete?.gateway !== undefined
          ? { Gateway: complete.gateway }
          : {}
        : { Gateway: gateway }),
      ...(auxAddresses && Object.keys(auxAddresses).length > 0 ? { AuxiliaryAddresses: auxAddresses } : {}),
    }
  })
  return [...given, ...chosen]
}
