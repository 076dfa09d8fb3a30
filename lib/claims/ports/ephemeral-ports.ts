import type { Host } from '../../kernel/host.js'

/** The kernel's range for ports that nobody has named. */
export interface EphemeralPorts {
  first: number
  last: number
  /** Ports that the administrator keeps out of it (`net.ipv4.ip_local_reserved_ports`), in the range or not. */
  reserved: ReadonlySet<number>
}

/** Reads the range as it is now. @throws {SlipwayError} `KERNEL` */
export async function readEphemeralPorts(host: Host): Promise<EphemeralPorts> {
  const [first = 32768, last = 60999] = (await host.ask('sysctl', { name: 'net.ipv4.ip_local_port_range' }))
    .split(/\s+/)
    .map(Number)
  const text = await host.ask('sysctl', { name: 'net.ipv4.ip_local_reserved_ports' })
  const reserved = new Set<number>()
  for (const part of text.split(',').filter(Boolean)) {
    const [from = 0, to = from] = part.split('-').map(Number)
    for (let port = from; port <= to; port++) reserved.add(port)
  }
  return { first, last, reserved }
}
