import type { IpFamily } from '../base/addresses/ip.js'
import type { Host } from '../kernel/host.js'

/** Links of a host that a default route leads through. */
export async function uplinksOf(host: Host, family: IpFamily): Promise<string[]> {
  const through = new Set<number>()
  for (const { destination, index } of await host.ask('routes', { ipv6: family === 6 }))
    if (destination === 'default' && index > 0) through.add(index)
  if (through.size === 0) return []
  return (await host.ask('links', {})).flatMap(({ index, name }) => (through.has(index) ? [name] : []))
}
