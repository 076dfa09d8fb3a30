import type { Protocol } from './protocol.js'

/** What a mapping is for: one protocol, or everything that comes to a host address. */
export type PortProtocol = Protocol | 'all'

/** First and last. */
export type PortRange = readonly [first: number, last: number]

/** A published port, or a whole host address that leads to a sandbox (protocol `all`). */
export interface PortMapping {
  /** `tcp`, `udp`, `sctp`; `all` for a whole host address. */
  protocol: PortProtocol
  /** 0 for a whole address: every port leads to the same one inside. */
  containerPort: number
  /** `0.0.0.0` for every IPv4 address of the host, `::` for every IPv6 one. IPv6 is canonical (RFC 5952). */
  hostIp: string
  /** 0 for a whole address, and in routed networks, where no port of the host is taken. */
  hostPort: number
  /** Who may connect, as canonical networks that do not overlap: `10.0.0.0/8`, `192.0.2.7/32`. Left out: everybody. */
  allow?: readonly string[]
}

/** A port to publish. */
export interface PortRequest {
  /** `tcp`, `udp`, `sctp`; `all` for a whole host address. */
  protocol: PortProtocol
  /** 0 with protocol `all`. */
  containerPort: number
  /**
   * Default: every host address, or what the network or the option `ip` has as default. Always there with protocol
   * `all`.
   */
  hostIp?: string
  /** A port, or a range of which any free one is taken. Default: a free one of the kernel's ephemeral range. */
  hostPort?: number | PortRange
  /** Networks or addresses of those who may connect. Default: everybody. */
  allow?: readonly string[]
}

/** Addresses stand in brackets before a port where they have colons themselves. */
export const bracket = (address: string): string => (address.includes(':') ? `[${address}]` : address)

/** `0.0.0.0:8080`, `[::]:8080`; `192.0.2.5:*` for a whole address, `0.0.0.0:` where no port of the host is taken. */
export const printHost = (mapping: PortMapping): string => `${bracket(mapping.hostIp)}:${printHostPort(mapping)}`

/** The port of {@link printHost}, as docker's JSON has it, too. */
export const printHostPort = ({ protocol, hostPort }: Pick<PortMapping, 'protocol' | 'hostPort'>): string =>
  protocol === 'all' ? '*' : hostPort === 0 ? '' : String(hostPort)

/** `80/tcp`; `*` for everything. */
export const printContainer = ({ protocol, containerPort }: Pick<PortMapping, 'protocol' | 'containerPort'>): string =>
  protocol === 'all' ? '*' : `${containerPort}/${protocol}`

/** As docker writes it: `0.0.0.0:8080->80/tcp`. */
export const printMapping = (mapping: PortMapping): string => `${printHost(mapping)}->${printContainer(mapping)}`

/** The text that is read as this request: `8080:80/tcp`. */
export function printRequest(request: PortRequest): string {
  const { protocol, containerPort, hostIp, hostPort, allow = [] } = request
  if (protocol === 'all') return `${bracket(hostIp ?? '')}:*`
  const address = hostIp === undefined ? '' : `${bracket(hostIp)}:`
  const port = typeof hostPort === 'object' ? hostPort.join('-') : (hostPort ?? '')
  const host = address === '' && port === '' ? '' : `${address}${port}:`
  return [`${host}${containerPort}/${protocol}`, ...allow.map((network) => `allow=${network}`)].join(',')
}

/** The lines of `docker port`, in its order: `80/tcp -> 0.0.0.0:8080`, `80/tcp -> [::]:8080`. */
export const dockerPort = (mappings: readonly PortMapping[]): string[] =>
  naturally(mappings.map((mapping) => `${printContainer(mapping)} -> ${printHost(mapping)}`))

/** Sorted as docker does: numbers inside the texts by their value. */
export function naturally(texts: readonly string[]): string[] {
  const keyed = texts.map((text) => ({ text, key: text.match(/\d+|\D/g) ?? [] }))
  return keyed.sort((a, b) => compare(a.key, b.key)).map(({ text }) => text)
}

function compare(a: readonly string[], b: readonly string[]): number {
  for (const [index, left] of a.entries()) {
    const right = b[index]
    if (right === undefined) return 1
    if (left === right) continue
    const difference = Number(left) - Number(right)
    return Number.isNaN(difference) || difference === 0 ? (left < right ? -1 : 1) : difference
  }
  return a.length - b.length
}

/** A port on a host address; port 0 and protocol `all` are the address as a whole. */
export interface HostPort {
  protocol: PortProtocol
  hostIp: string
  hostPort: number
}
