import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { ip, run } from '../../build-bench/peers/tools.js'

/**
 * The host that both sides find: the same addresses, files and name, in namespaces of its own. The addresses are those
 * that RFC 5737 and RFC 3849 keep for documentation.
 */

export const HOST_NAME = 'box'
/** Another host, on the other end of the uplink. */
export const NEIGHBOUR = { name: 'neighbour', netns: '/run/netns/neighbour' } as const

const RESOLV_CONF = `# The network's own resolvers.
nameserver 127.0.0.53
nameserver 192.0.2.53
nameserver 2001:db8::53
search corp.example lan.example
options edns0 timeout:2
`
const HOSTS = `127.0.0.1\tlocalhost
192.0.2.2\t${HOST_NAME}
`

/** @throws {Error} outside of the namespaces that main.ts starts a side in: this would change the machine. */
export function prepareHost(): void {
  // A sysfs that was mounted in a new network namespace shows that one.
  const links = readdirSync('/sys/class/net').filter((name) => name !== 'lo')
  if (links.length > 0 || hostname() !== HOST_NAME)
    throw new Error('A side runs in namespaces of its own only. Start it by: npm run compare:docker')
  ip('netns', 'add', NEIGHBOUR.name)
  const neighbour = (...args: string[]) => ip('-n', NEIGHBOUR.name, ...args)
  ip('link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', NEIGHBOUR.name)
  ip('link', 'set', 'uplink', 'up')
  for (const link of ['lo', 'eth0']) neighbour('link', 'set', link, 'up')
  neighbour('address', 'add', '192.0.2.9/24', 'dev', 'eth0')
  neighbour('address', 'add', '2001:db8::9/64', 'dev', 'eth0', 'nodad')
  for (const subnet of ['10.0.0.0/8', '172.16.0.0/12']) neighbour('route', 'add', subnet, 'via', '192.0.2.2')
  neighbour('route', 'add', 'fd00::/8', 'via', '2001:db8::2')
  for (const address of ['192.0.2.2/24', '192.0.2.5/24']) ip('address', 'add', address, 'dev', 'uplink')
  for (const address of ['2001:db8::2/64', '2001:db8::5/64']) ip('address', 'add', address, 'dev', 'uplink', 'nodad')
  ip('route', 'add', 'default', 'via', '192.0.2.1')
  mkdirSync('/run/etc')
  for (const [name, text] of [
    ['resolv.conf', RESOLV_CONF],
    ['hosts', HOSTS],
  ] as const) {
    writeFileSync(`/run/etc/${name}`, text)
    run('mount', ['--bind', `/run/etc/${name}`, `/etc/${name}`])
  }
}
