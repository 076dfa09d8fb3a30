import { elapsed } from '../../../base/elapsed.js'
import type { NetworkSettings } from '../../../api/sandboxes/inspect.js'
import { isPredefined } from '../../../drivers/predefined.js'
import { isOlder } from '../versions.js'
import type { Container } from './container.js'

/** The zero of Go's time. */
const NO_TIME = '0001-01-01T00:00:00Z'

/** What a container is in `GET /containers/json`. */
export const containerSummary = (container: Container) => ({
  Id: container.id,
  Names: [`/${container.name}`],
  Image: '',
  ImageID: '',
  Command: '',
  Created: Math.floor(Date.parse(container.created) / 1000),
  Ports: portsOf(container),
  Labels: container.labels,
  State: container.state,
  Status: statusOf(container),
  HostConfig: { NetworkMode: container.network },
  NetworkSettings: { Networks: withoutNames(container) },
  Mounts: [],
})

/** In a list, dockerd says nothing of names. */
const withoutNames = ({ settings: { Networks } }: Container) =>
  Object.fromEntries(
    Object.entries(Networks).map(([name, endpoint]) => [name, { ...endpoint, Aliases: null, DNSNames: null }]),
  )

/** A port in a list: without the last two where it leads nowhere. */
export interface PortSummary {
  PrivatePort: number
  Type: string
  IP?: string
  PublicPort?: number
}

export function portsOf({ settings: { Ports } }: Container): PortSummary[] {
  return Object.entries(Ports).flatMap(([key, bindings]): PortSummary[] => {
    const [port, Type = 'tcp'] = key.split('/')
    const inside = { PrivatePort: Number(port), Type }
    return (bindings ?? [{ HostIp: '', HostPort: '' }]).map(({ HostIp, HostPort }) =>
      HostPort === '' ? inside : { IP: HostIp, ...inside, PublicPort: Number(HostPort) },
    )
  })
}

function statusOf({ state, created, finished }: Container): string {
  if (state === 'created') return 'Created'
  return finished === undefined ? `Up ${elapsed(created)}` : `Exited (0) ${elapsed(finished)} ago`
}

/**
 * What a container is in `GET /containers/{id}/json`. What is about programs, images and files is empty, as Docker's
 * clients read it into structs.
 */
export function containerInspect(container: Container, apiVersion: string) {
  const { id, name, created, state, finished, labels, network, hostname, domainname, names, settings } = container
  const exposed = Object.keys(settings.Ports).map((port) => [port, {}])
  return {
    Id: id,
    Created: created,
    Path: '',
    Args: [],
    State: {
      Status: state,
      Running: state === 'running',
      Paused: false,
      Restarting: false,
      OOMKilled: false,
      Dead: false,
      Pid: 0,
      ExitCode: 0,
      Error: '',
      StartedAt: state === 'created' ? NO_TIME : created,
      FinishedAt: finished ?? NO_TIME,
    },
    Image: '',
    ResolvConfPath: '',
    HostnamePath: '',
    HostsPath: '',
    LogPath: '',
    Name: `/${name}`,
    RestartCount: 0,
    Driver: '',
    Platform: 'linux',
    HostConfig: {
      NetworkMode: network,
      PortBindings: settings.Ports,
      PublishAllPorts: false,
      RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      Dns: names.dns ?? [],
      DnsOptions: names.dnsOptions ?? [],
      DnsSearch: names.dnsSearch ?? [],
      ExtraHosts: names.addHost ?? null,
    },
    Mounts: [],
    Config: {
      Hostname: hostname,
      Domainname: domainname,
      ...(exposed.length > 0 ? { ExposedPorts: Object.fromEntries(exposed) as Record<string, object> } : {}),
      Env: null,
      Cmd: null,
      Entrypoint: null,
      Image: '',
      Labels: labels,
    },
    NetworkSettings: isOlder(apiVersion, '1.45') ? withOwnNames(container) : settings,
  }
}

/** Before 1.45, what a container is called of its own is among its aliases, on networks that people have made. */
function withOwnNames({ id, hostname, settings }: Container): NetworkSettings {
  const Networks = Object.entries(settings.Networks).map(([name, endpoint]) => {
    const Aliases = [...new Set([...(endpoint.Aliases ?? []), id.slice(0, 12), hostname])]
    return [name, isPredefined(name) ? endpoint : { ...endpoint, Aliases }] as const
  })
  return { ...settings, Networks: Object.fromEntries(Networks) }
}
