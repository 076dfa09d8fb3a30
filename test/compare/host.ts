import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { ip, run } from './tools.js'

/**
 * The host that both sides find: the same addresses, files and name, in namespaces of its own. The addresses are those
 * that RFC 5737 and RFC 3849 keep for documentation.
 */

export const HOST_NAME = 'box'

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
  if (links.length > 0 || hostname() !== HOST_NAME) throw new Error('A side runs in namespaces of its own only. Start it by: npm run compare:docker')
  ip('link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'outside')
  for (const link of ['uplink', 'outside']) ip('link', 'set', link, 'up')
  for (const address of ['192.0.2.2/24', '192.0.2.5/24']) ip('address', 'add', address, 'dev', 'uplink')
  for (const address of ['2001:db8::2/64', '2001:db8::5/64']) ip('address', 'add', address, 'dev', 'uplink', 'nodad')
  ip('route', 'add', 'default', 'via', '192.0.2.1')
  mkdirSync('/run/etc')
  for (const [name, text] of [['resolv.conf', RESOLV_CONF], ['hosts', HOSTS]] as const) {
    writeFileSync(`/run/etc/${name}`, text)
    run('mount', ['--bind', `/run/etc/${name}`, `/etc/${name}`])
  }
}
