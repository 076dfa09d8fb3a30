import { byKey } from '../../base/by-key.js'
import type { StoredEndpoint } from '../../store/endpoint.js'
import { activePorts } from '../../drivers/gateway.js'
import { familyOf } from '../../base/addresses/ip.js'
import { PREDEFINED } from '../../drivers/predefined.js'
import { predefinedId } from '../../store/predefined.js'
import { DEFAULT_NETWORK, FAMILIES } from '../../store/network-spec.js'
import { printContainer, printHostPort, type PortMapping } from '../../base/port-mapping.js'
import { hostnameOf, type SandboxRecord } from '../../store/records.js'
import type { Sharing } from '../../work/sharing.js'

/** The JSON of `docker inspect`'s NetworkSettings, with docker's own names and order. */
export interface NetworkSettings extends DefaultEndpoint {
  /** Docker keeps it for what it was once. */
  Bridge: ''
  /** 64 hex digits. */
  SandboxID: string
  /** Path of the namespace. */
  SandboxKey: string
  /**
   * By port inside and protocol: `80/tcp`. Null where it is published and leads nowhere, as another network leads to
   * the world (a macvlan network, say), and the sandbox is on one that would publish it.
   */
  Ports: Record<string, PortBinding[] | null>
  /** Always so, as with docker. */
  HairpinMode: false
  /** Always so, as with docker. */
  LinkLocalIPv6Address: ''
  /** Always so, as with docker. */
  LinkLocalIPv6PrefixLen: 0
  /** Always so, as with docker. */
  SecondaryIPAddresses: null
  /** Always so, as with docker. */
  SecondaryIPv6Addresses: null
  /** By name of the network. */
  Networks: Record<string, EndpointSettings>
  /**
   * Docker has no such field. With network `container:…` alone: whose network it is; not alive, it has gone, and but
   * loopback all is gone with it.
   */
  SharedNetwork?: SharedNetwork
}

/** A host port that leads to a sandbox. */
export interface PortBinding {
  /** `0.0.0.0` and `::` for every address of the host. */
  HostIp: string
  /** In digits; empty where no port of the host is taken, `*` for a whole address. */
  HostPort: string
}

/** Whose network a sandbox has that was created with `container:…`. */
export interface SharedNetwork {
  /** 64 hex digits. */
  ID: string
  /** Of that sandbox. */
  Name: string
  /** Whether that sandbox is there still. */
  Alive: boolean
}

/** The addresses that were asked for. */
export interface EndpointIpam {
  /** Left out where any will do. */
  IPv4Address?: string
  /** Left out where any will do. */
  IPv6Address?: string
}

/** Of the endpoint on the network `bridge`, as dockers before 29 have it here, too. */
interface DefaultEndpoint {
  /** 64 hex digits; empty where there is none. */
  EndpointID: string
  /** Of IPv4; empty without. */
  Gateway: string
  /** Without prefix; empty without. */
  GlobalIPv6Address: string
  /** Bits; 0 without. */
  GlobalIPv6PrefixLen: number
  /** Of IPv4, without prefix; empty without. */
  IPAddress: string
  /** Bits; 0 without. */
  IPPrefixLen: number
  /** Empty without. */
  IPv6Gateway: string
  /** `02:42:ac:11:00:02`; empty without. */
  MacAddress: string
}

/** A network that a sandbox is on. */
export interface EndpointSettings extends DefaultEndpoint {
  /** Null where none were asked for. */
  IPAMConfig: EndpointIpam | null
  /** Docker: of its old links. Slipway has none. */
  Links: null
  /** Further names on that network, as they were asked for. */
  Aliases: readonly string[] | null
  /** Where its interface was given a name: that, as `com.docker.network.endpoint.ifname`. */
  DriverOpts: Readonly<Record<string, string>> | null
  /** The highest has the default route. */
  GwPriority: number
  /** 64 hex digits. */
  NetworkID: string
  /** What other sandboxes on the network find it by; null where names are not answered. */
  DNSNames: readonly string[] | null
}

/** @param host - Identity of the host's namespace: ids of networks that every host has are made from it. */
export function networkSettings(record: SandboxRecord, host: number, sharing?: Sharing): NetworkSettings {
  const first = addressing(record.endpoints.find(({ network }) => network === DEFAULT_NETWORK))
  const networks: Record<string, EndpointSettings> = {}
  for (const endpoint of record.endpoints) networks[endpoint.network] = endpointSettings(record, endpoint)
  if (record.endpoints.length === 0 && !sharing && record.network in PREDEFINED)
    networks[record.network] = withoutEndpoint(record, predefinedId(host, record.network))
  return {
    Bridge: '',
    SandboxID: record.id,
    SandboxKey: record.path,
    Ports: portBindings(record),
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    ...first,
    Networks: byKey(networks),
    ...(sharing ? { SharedNetwork: { ID: sharing.id, Name: sharing.name, Alive: sharing.alive } } : {}),
  }
}

function portBindings({ endpoints, ports }: SandboxRecord): NetworkSettings['Ports'] {
  const bindings: NetworkSettings['Ports'] = {}
  const active = activePorts(endpoints, ports)
  if (active.length < ports.length && endpoints.some(canPublish))
    for (const mapping of ports) if (mapping.protocol !== 'all') bindings[printContainer(mapping)] = null
  // Where one family is routed, its port is without a number.
  const routed = active.some(({ protocol, hostPort }) => protocol !== 'all' && hostPort === 0)
  for (const mapping of [...active].sort(routed ? byFamily : byPort)) {
    ;(bindings[printContainer(mapping)] ??= []).push({ HostIp: mapping.hostIp, HostPort: printHostPort(mapping) })
  }
  return byKey(bindings)
}

const canPublish = ({ addresses }: StoredEndpoint): boolean =>
  FAMILIES.some((family) => addresses[family]?.mode !== undefined)

/** Docker's orders. */
const byPort = (a: PortMapping, b: PortMapping) => a.hostPort - b.hostPort || familyOf(a.hostIp) - familyOf(b.hostIp)
const byFamily = (a: PortMapping, b: PortMapping) => familyOf(a.hostIp) - familyOf(b.hostIp) || a.hostPort - b.hostPort

function endpointSettings(record: SandboxRecord, endpoint: StoredEndpoint): EndpointSettings {
  const { ip, ip6, aliases, gwPriority, interface: name } = endpoint.asked
  const config = {
    ...(ip === undefined ? {} : { IPv4Address: ip }),
    ...(ip6 === undefined ? {} : { IPv6Address: ip6 }),
  }
  return {
    IPAMConfig: Object.keys(config).length > 0 ? config : null,
    Links: null,
    Aliases: aliases ?? null,
    DriverOpts: name === undefined ? null : { 'com.docker.network.endpoint.ifname': name },
    GwPriority: gwPriority ?? 0,
    NetworkID: endpoint.networkId,
    ...addressing(endpoint),
    DNSNames: endpoint.network === DEFAULT_NETWORK ? null : dnsNames(record, endpoint),
  }
}

/** What other sandboxes of a user-defined network find this one by. */
export function dnsNames(record: SandboxRecord, { asked }: StoredEndpoint): string[] {
  const hostname = hostnameOf(record)
  return [...new Set([record.name, ...(asked.aliases ?? []), record.id.slice(0, 12), hostname])]
}

function addressing(endpoint: StoredEndpoint | undefined): DefaultEndpoint {
  const { 4: ipv4, 6: ipv6 } = endpoint?.addresses ?? {}
  return {
    EndpointID: endpoint?.id ?? '',
    Gateway: ipv4?.gateway ?? '',
    GlobalIPv6Address: ipv6?.address ?? '',
    GlobalIPv6PrefixLen: ipv6?.prefix ?? 0,
    IPAddress: ipv4?.address ?? '',
    IPPrefixLen: ipv4?.prefix ?? 0,
    IPv6Gateway: ipv6?.gateway ?? '',
    MacAddress: endpoint?.mac ?? '',
  }
}

/** In the host's network, or in none, there is no endpoint of the kernel's; its id is the sandbox's. */
const withoutEndpoint = (record: SandboxRecord, NetworkID: string): EndpointSettings => ({
  IPAMConfig: null,
  Links: null,
  Aliases: null,
  DriverOpts: null,
  GwPriority: 0,
  NetworkID,
  ...addressing(undefined),
  EndpointID: record.id,
  DNSNames: null,
})
