import type { Host } from '../host.js'
import type { Occupied } from '../ipam/default-subnet.js'
import type { IpFamily } from '../ipam/ip.js'
import { parseSubnet } from '../ipam/subnet.js'

/** What routes and addresses of the host cover already. */
export async function occupied(host: Host, families: readonly IpFamily[]): Promise<Occupied[]> {
  const found: Occupied[] = []
  for (const family of families) {
    const question = { ipv6: family === 6 }
    for (const { destination } of await host.ask('routes', question)) {
      const subnet = destination === 'default' ? undefined : parseSubnet(destination)
      if (subnet) found.push({ subnet, what: `the host has the route ${destination}` })
    }
    for (const { address, prefix } of await host.ask('addresses', question)) {
      const subnet = parseSubnet(`${address}/${prefix}`)
      if (subnet) found.push({ subnet, what: `the host has the address ${address}/${prefix}` })
    }
  }
  return found
}
