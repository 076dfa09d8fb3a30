import type { Sandbox, Slipway } from 'slipway'
import { kernelState, readFiles } from '../helpers/snapshot.js'
import { execIn, type World } from '../helpers/world.js'

/**
 * All that the kernel and the folder of records have, a line for each thing, with names instead of what differs from
 * one sandbox to the next: its ids, MAC addresses, IP addresses. So what is there after a kill is compared with what
 * there is after a call that nobody has disturbed.
 */
export type Look = Record<string, string[]>

/** What is not the same twice. */
const VOLATILE: readonly (readonly [RegExp, string])[] = [
  [/"(ifindex|link_index|link_netnsid|port_no|port_id|iflink)":[^,}]*,?/g, ''],
  [/"(namespace|maker|busy)":\{[^}]*\},?/g, ''],
  [/"created":"[^"]*",?/g, ''],
  // Of a port of a bridge, and the MAC address of the host's end of a veth, which the kernel draws by lot.
  [/"(id|no|designated_port)":("0x\w+"|\d+),?/g, ''],
  [/("ifname":"[^"]*veth.*?)"address":"[^"]*",/g, '$1'],
]

export async function look(world: World, slipway: Slipway): Promise<Look> {
  const sandboxes = await slipway.sandboxes.list()
  const networks = (await slipway.networks.list()).filter(({ userDefined }) => userDefined)
  const found: Look = {
    ...kernelState(world.host),
    namespaces: world.namespaces(),
    files: Object.entries(readFiles(world.stateDir)).map(([path, text]) => `${path}: ${text}`),
  }
  for (const sandbox of sandboxes) found[`in ${sandbox.name}`] = inside(sandbox)
  const names = new Map<string, string>()
  for (const { name, id, bridge } of networks) {
    const mac = found['links']?.join('\n').match(new RegExp(`"ifname":"${bridge}".*?"address":"([^"]*)"`))?.[1]
    for (const [text, what] of [
      [id, 'id'],
      [id.slice(0, 12), 'id'],
      [bridge, 'bridge'],
      [mac, 'mac'],
    ] as const)
      if (text) names.set(text, `<${name} ${what}>`)
  }
  for (const { name, id, endpoints } of sandboxes) {
    names.set(id, `<${name} id>`).set(id.slice(0, 12), `<${name} id>`)
    for (const endpoint of endpoints) {
      const of = `${name} on ${endpoint.network}`
      names.set(endpoint.id, `<${of} id>`).set(endpoint.hostInterface ?? '', `<${of} link>`)
      names.set(endpoint.mac, `<${of} mac>`)
      for (const address of endpoint.addresses)
        names.set(address.split('/')[0] ?? '', `<${of} ${address.includes(':') ? 6 : 4}>`)
      if (endpoint.mac) names.set(linkLocal(endpoint.mac), `<${of} link-local>`)
    }
  }
  names.delete('')
  const replace = (line: string) =>
    VOLATILE.reduce((text, [pattern, by]) => text.replace(pattern, by), line).replace(
      /[0-9a-z][0-9a-z.:-]*[0-9a-z]/gi,
      (word) => names.get(word) ?? word,
    )
  return Object.fromEntries(Object.entries(found).map(([section, lines]) => [section, lines.map(replace).sort()]))
}

function inside(sandbox: Sandbox): string[] {
  const script = ['ip -j address', 'ip -j route show table all', 'ip -j -6 route show table all'].join('; echo; ')
  return execIn(sandbox, 'sh', '-ec', script)
    .split('\n')
    .filter(Boolean)
    .flatMap((text) => JSON.parse(text) as Record<string, unknown>[])
    .filter(({ type }) => type !== 'multicast')
    .map(({ flags, ...rest }) => JSON.stringify({ ...rest, up: String(flags).includes('UP') }))
}

/** As IPv6 makes it of a MAC address. */
function linkLocal(mac: string): string {
  const bytes = mac.split(':').map((byte) => parseInt(byte, 16))
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes
  const groups = [((a ^ 2) << 8) | b, (c << 8) | 0xff, 0xfe00 | d, (e << 8) | f]
  return `fe80::${groups.map((group) => group.toString(16)).join(':')}`
}
