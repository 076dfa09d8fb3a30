import { createHash } from 'node:crypto'
import type { SandboxRecord } from '../state/records.js'

/** The JSON of `docker inspect`'s NetworkSettings, with docker's own names. */
export interface NetworkSettings {
  SandboxID: string
  SandboxKey: string
  Ports: Record<string, { HostIp: string; HostPort: string }[]>
  Networks: Record<string, EndpointSettings>
}

export interface EndpointSettings {
  IPAMConfig: null
  Links: null
  Aliases: null
  DriverOpts: null
  GwPriority: number
  NetworkID: string
  EndpointID: string
  Gateway: string
  IPAddress: string
  MacAddress: string
  IPPrefixLen: number
  IPv6Gateway: string
  GlobalIPv6Address: string
  GlobalIPv6PrefixLen: number
  DNSNames: null
}

/** @param host - Identity of the host's namespace: a network's id is made from it. */
export function networkSettings(record: SandboxRecord, host: number): NetworkSettings {
  const ports: NetworkSettings['Ports'] = {}
  for (const { containerPort, protocol, hostIp, hostPort } of record.ports) {
    ;(ports[`${containerPort}/${protocol}`] ??= []).push({ HostIp: hostIp, HostPort: String(hostPort) })
  }
  return {
    SandboxID: record.id,
    SandboxKey: record.path,
    Ports: ports,
    Networks: { [record.network]: endpointSettings(record, networkId(host, record.network)) },
  }
}

/** 64 hex digits that name a network of this host, the same for every process. */
export const networkId = (host: number, network: string): string => createHash('sha256').update(`${host} ${network}`).digest('hex')

function endpointSettings({ endpoint }: SandboxRecord, NetworkID: string): EndpointSettings {
  return {
    IPAMConfig: null,
    Links: null,
    Aliases: null,
    DriverOpts: null,
    GwPriority: 0,
    NetworkID,
    EndpointID: endpoint?.id ?? '',
    Gateway: endpoint?.gateway ?? '',
    IPAddress: endpoint?.address ?? '',
    MacAddress: endpoint?.mac ?? '',
    IPPrefixLen: endpoint?.prefix ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: null,
  }
}
