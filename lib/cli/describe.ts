import type { NetworkSettings } from '../api/sandboxes/inspect.js'
import type { Sandbox } from '../api/sandboxes/sandbox.js'
import { elapsed } from '../base/elapsed.js'
import type { Labels } from '../base/labels.js'
import { bracket, printMapping, type PortMapping } from '../base/port-mapping.js'

/** A sandbox as JSON: the same in every command that prints one. Names are those of `docker inspect`. */
export interface Description {
  Id: string
  Name: string
  Created: string
  /** Paths; empty until somebody has asked for the files. */
  ResolvConfPath: string
  HostnamePath: string
  HostsPath: string
  HostConfig: {
    NetworkMode: string
    Dns: readonly string[]
    DnsOptions: readonly string[]
    DnsSearch: readonly string[]
    ExtraHosts: readonly string[]
  }
  Config: { Hostname: string; Domainname: string; Labels: Labels }
  NetworkSettings: NetworkSettings
}

export function describe(sandbox: Sandbox): Description {
  const { names, writtenFiles: files } = sandbox
  return {
    Id: sandbox.id,
    Name: sandbox.name,
    Created: sandbox.created,
    ResolvConfPath: files?.resolvConf ?? '',
    HostnamePath: files?.hostname ?? '',
    HostsPath: files?.hosts ?? '',
    HostConfig: {
      NetworkMode: sandbox.network,
      Dns: names.dns ?? [],
      DnsOptions: names.dnsOptions ?? [],
      DnsSearch: names.dnsSearch ?? [],
      ExtraHosts: names.addHost ?? [],
    },
    Config: { Hostname: sandbox.hostname, Domainname: names.domainname ?? '', Labels: sandbox.labels },
    NetworkSettings: sandbox.inspect(),
  }
}

/** As `docker ps` prints it, neighbouring ports as a range: `0.0.0.0:9000-9002->90-92/tcp`. */
export function portsColumn(ports: readonly PortMapping[]): string {
  const ranges: { first: PortMapping; length: number }[] = []
  for (const mapping of [...ports].sort(inOrder)) {
    const last = ranges.at(-1)
    if (last && continues(last.first, last.length, mapping)) last.length++
    else ranges.push({ first: mapping, length: 1 })
  }
  return ranges
    .map(({ first, length }) => {
      if (length === 1) return printMapping(first)
      const range = (port: number) => `${port}-${port + length - 1}`
      return `${bracket(first.hostIp)}:${range(first.hostPort)}->${range(first.containerPort)}/${first.protocol}`
    })
    .join(', ')
}

const inOrder = (a: PortMapping, b: PortMapping) =>
  a.protocol.localeCompare(b.protocol) ||
  a.hostIp.localeCompare(b.hostIp) ||
  a.containerPort - b.containerPort ||
  a.hostPort - b.hostPort

const continues = (first: PortMapping, length: number, next: PortMapping) =>
  next.protocol === first.protocol &&
  next.hostIp === first.hostIp &&
  next.containerPort === first.containerPort + length &&
  next.hostPort === first.hostPort + length

/** As docker tells time: `3 minutes ago`. */
export const ago = (iso: string, now?: number): string => `${elapsed(iso, now)} ago`
