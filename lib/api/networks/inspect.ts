import { byKey } from '../../base/by-key.js'
import type { NetworkSubnet } from '../../base/addresses/network-subnet.js'
import type { SubnetRequest } from '../../base/addresses/subnet-request.js'
import type { SandboxRecord } from '../../store/records.js'

/** The JSON of `docker network inspect`, with docker's own names and order. */
export interface NetworkInspect {
  /** As it was created. */
  Name: string
  /** 64 hex digits. */
  Id: string
  /** ISO 8601; empty for networks that every host has. */
  Created: string
  /** Of this host alone. */
  Scope: 'local'
  /** `bridge`, `macvlan`, `ipvlan`, `host` or `null`. */
  Driver: string
  /** Whether its sandboxes get IPv4 addresses. */
  EnableIPv4: boolean
  /** Whether its sandboxes get IPv6 addresses. */
  EnableIPv6: boolean
  /** Its subnets. */
  IPAM: NetworkIpam
  /** No way out or in, but for the host itself. */
  Internal: boolean
  /** Of docker's swarm. */
  Attachable: false
  /** Of docker's swarm. */
  Ingress: false
  /** Docker: a network that only holds the configuration of others. Slipway has none. */
  ConfigFrom: {
    /** Always empty. */
    Network: ''
  }
  /** As `ConfigFrom`. */
  ConfigOnly: false
  /** By id of the sandbox. */
  Containers: Record<string, NetworkMember>
  /** The driver's, by docker's names. */
  Options: Record<string, string>
  /** As they were given. */
  Labels: Record<string, string>
}

/** Where the addresses of a network come from. */
export interface NetworkIpam {
  /** Slipway's own, which docker calls so, too. */
  Driver: 'default'
  /** Empty; null for networks that every host has. */
  Options: Record<string, string> | null
  /** A part for each subnet, IPv4 first; null where the network has none. */
  Config: IpamConfig[] | null
}

/** A sandbox on a network, as `docker network inspect` shows it. */
export interface NetworkMember {
  /** Of the sandbox. */
  Name: string
  /** 64 hex digits. */
  EndpointID: string
  /** `02:42:ac:11:00:02` */
  MacAddress: string
  /** With prefix: `172.17.0.2/16`; empty without. */
  IPv4Address: string
  /** With prefix; empty without. */
  IPv6Address: string
}

/** A subnet of a network. */
export interface IpamConfig {
  /** With prefix: `172.20.0.0/16`. */
  Subnet: string
  /** Part of the subnet that automatic addresses come from; left out where it is all of it. */
  IPRange?: string
  /** Left out where the network has none. */
  Gateway?: string
  /** Addresses by name that no sandbox gets; left out where there are none. */
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
