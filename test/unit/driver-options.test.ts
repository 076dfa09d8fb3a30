import test from 'ava'
import { readDriverOptions } from '#lib/drivers/bridge/options.js'

const hostIps = (given: Record<string, string>, ip?: string) =>
  readDriverOptions(
    Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`com.docker.network.bridge.host_binding_${name}`, value]),
    ),
    { ip },
  ).hostIps

test('ports go to every address of the host, or to the one that is named and to no other, in no other family either', (t) => {
  t.deepEqual(hostIps({}), { 4: '0.0.0.0', 6: '::' })
  t.deepEqual(hostIps({ ipv4: '127.0.0.1' }), { 4: '127.0.0.1' })
  t.deepEqual(hostIps({ ipv6: '2001:DB8::5' }), { 6: '2001:db8::5' })
  t.deepEqual(hostIps({ ipv4: '127.0.0.1', ipv6: '2001:db8::5' }), { 4: '127.0.0.1', 6: '2001:db8::5' })
  t.deepEqual(hostIps({ ipv4: '127.0.0.1', ipv6: '::' }), { 4: '127.0.0.1', 6: '::' })
  t.deepEqual(hostIps({ ipv4: '0.0.0.0' }), { 4: '0.0.0.0', 6: '::' })
})

test('what a network says takes the place of what open() says', (t) => {
  t.deepEqual(hostIps({}, '192.0.2.5'), { 4: '192.0.2.5' })
  t.deepEqual(hostIps({ ipv4: '127.0.0.1' }, '192.0.2.5'), { 4: '127.0.0.1' })
  t.deepEqual(hostIps({ ipv6: 'fd00::1' }, '192.0.2.5'), { 6: 'fd00::1' })
})
