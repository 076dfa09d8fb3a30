import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions } from 'slipway'
import { inUse, refuses, UGLY_TEXTS, type Case } from '../helpers/bad-input.js'
import { onSegment, SEGMENT } from '../helpers/segment.js'
import { ip } from '../helpers/world.js'

/** Networks and sandboxes on a segment that cannot be: a clear error, and nothing is changed. */

const { serial } = test
const code = 'INVALID_ARGUMENT'

async function withSegment(t: ExecutionContext) {
  const { world, slipway, create } = await inUse(t)
  const network =
    (options: Readonly<Record<string, string>>, rest: Partial<CreateNetworkOptions> = {}) =>
    () =>
      slipway.networks.create({ ...SEGMENT, name: 'new', ...rest, options: { parent: 'uplink', ...options } })
  return { world, slipway, create, network }
}

for (const driver of ['macvlan', 'ipvlan'] as const) {
  serial(`options of ${driver}`, async (t) => {
    const { world, network } = await withSegment(t)
    const other = driver === 'macvlan' ? 'ipvlan' : 'macvlan'
    const option = (name: string, value: string) => network({ [name]: value }, { driver })
    const texts = UGLY_TEXTS.filter((value) => typeof value === 'string')
    const mtu = 'com.docker.network.driver.mtu'
    const prefix = 'com.docker.network.container_iface_prefix'
    await refuses(
      t,
      world,
      ...['', 'bridged', 'BRIDGE', 'l4', ...texts].map((value): Case => [
        option(`${driver}_mode`, value),
        code,
        `${driver}_mode`,
        driver === 'macvlan' ? 'bridge, private, vepa, passthru' : 'l2, l3, l3s',
      ]),
      ...(driver === 'ipvlan'
        ? ['', 'none', 'passthru'].map((value): Case => [option('ipvlan_flag', value), code, 'bridge, private, vepa'])
        : []),
      ...['', '0', '67', '65536', '1500.5', '-1', '0x600', ' 1500', '1e3'].map((value): Case => [
        option(mtu, value),
        code,
        mtu,
        'from 68 to 65535',
      ]),
      [option(mtu, '1501'), code, mtu, '1501', 'uplink', '1500'],
      [option(mtu, '1279'), code, mtu, '1280', 'IPv6'],
      ...['', '0x', 'a b', 'lo', 'abcdefghijklm', 'a/b'].map((value): Case => [option(prefix, value), code, prefix]),
      ...['', 'yes', '2', 'TRue'].map((value): Case => [
        option('host_shim', value),
        code,
        'host_shim',
        'true or false',
      ]),
      ...['lo', '', '.', '..', 'a/b', 'a b', 'x'.repeat(16)].map((parent): Case => [
        option('parent', parent),
        code,
        'parent',
      ]),
      ...[`${other}_mode`, 'com.docker.network.bridge.name', 'Parent', '__proto__', 'constructor', 'gw_mode'].map(
        (name): Case => [
          network(JSON.parse(`{ "${name}": "l2" }`) as Record<string, string>, { driver }),
          code,
          name,
          'There are parent',
        ],
      ),
      ...['nothere', 'up.link.50', 'nothere.50', 'nothere.0', 'uplink.x'].map((parent): Case => [
        option('parent', parent),
        'NOT_FOUND',
        parent,
        'ip link shows',
      ]),
      ...['uplink.0', 'uplink.4095', 'uplink.050', 'uplink.'].map((parent): Case => [
        option('parent', parent),
        code,
        `${parent} names no VLAN of uplink`,
        'uplink.50 is VLAN 50',
      ]),
    )
  })
}

serial('what does not go together', async (t) => {
  const { world, slipway, create, network } = await withSegment(t)
  const gateway = { subnets: [{ subnet: '10.4.0.0/24', gateway: '10.4.0.1' }], ipv6: false }
  const ipvlan = 'ipvlan'
  await refuses(
    t,
    world,
    ...(['l3', 'l3s'] as const).flatMap((mode): Case[] => [
      [network({ ipvlan_mode: mode }, { driver: ipvlan, ...gateway }), code, 'gateway', mode, 'use mode l2'],
      [network({ ipvlan_mode: mode, host_shim: 'true' }, { driver: ipvlan }), code, 'host_shim', mode, 'mode l2'],
    ]),
    ...['private', 'vepa', 'passthru'].map((mode): Case => [
      network({ macvlan_mode: mode, host_shim: 'true' }),
      code,
      'host_shim',
      mode,
      'mode bridge',
    ]),
    [network({ host_shim: 'true' }, { internal: true }), code, 'host_shim', 'internal'],
    // The host would have the only address there is.
    [
      network({ host_shim: 'true' }, { subnets: [{ subnet: '10.4.0.0/24', ipRange: '10.4.0.9/32' }], ipv6: false }),
      'EXHAUSTED',
      'host_shim',
      'the host takes 10.4.0.9',
      '10.4.0.9/32 for a sandbox',
    ],
    [
      network(
        { host_shim: 'true' },
        { subnets: [{ subnet: '10.4.0.0/24' }, { subnet: 'fd04::/64', ipRange: 'fd04::9/128' }] },
      ),
      'EXHAUSTED',
      'the host takes fd04::9',
    ],
  )
  // There is room in another subnet.
  const small = [{ subnet: '10.4.0.0/24', ipRange: '10.4.0.9/32' }, { subnet: '10.5.0.0/24' }]
  const roomy = await onSegment(slipway, { subnets: small, ipv6: false, options: { host_shim: 'true' } })
  await roomy.remove()
  await onSegment(slipway)
  const apart = { subnets: [{ subnet: '10.4.0.0/24' }], ipv6: false }
  await refuses(
    t,
    world,
    [network({}, { driver: ipvlan, ...apart }), 'CONFLICT', 'uplink', 'lan', 'macvlan', 'one kind only', 'VLAN'],
    [network({ macvlan_mode: 'passthru' }, apart), 'CONFLICT', 'uplink', 'lan', 'passthru'],
    // A published port is on the host, which has no part in the segment.
    [
      create({ name: world.name('app'), network: 'lan', publish: ['80'] }),
      code,
      'publish',
      'macvlan',
      'bridge network',
    ],
    [create({ name: world.name('app'), network: 'lan', ip: '192.0.3.1' }), code, '192.0.3.1'],
    [create({ name: world.name('app'), network: 'lan', ip: '192.0.2.0' }), code, '192.0.2.0'],
    [create({ name: world.name('app'), network: 'lan', mac: '01:00:5e:00:00:01' }), code, 'mac'],
  )
})

serial('a MAC where all endpoints have that of their parent', async (t) => {
  const { world, slipway, create } = await withSegment(t)
  const mac = '02:42:00:00:00:77'
  await onSegment(slipway, { options: { macvlan_mode: 'passthru' } })
  await refuses(t, world, [
    create({ name: world.name('app'), network: 'lan', mac }),
    code,
    mac,
    'passthru',
    'Leave mac out',
  ])
  await (await slipway.networks.get('lan')).remove()
  // Only its links need a kernel that knows them.
  await onSegment(slipway, { driver: 'ipvlan' })
  await refuses(
    t,
    world,
    [create({ name: world.name('app'), network: 'lan', mac }), code, mac, 'MAC of their parent', 'macvlan'],
    [
      () => onSegment(slipway, { name: 'more', driver: 'ipvlan', subnets: [{ subnet: '10.4.0.0/24' }], ipv6: false }),
      'CONFLICT',
      'uplink',
      'lan',
      'several subnets',
    ],
    [
      () => onSegment(slipway, { name: 'more', subnets: [{ subnet: '10.4.0.0/24' }], ipv6: false }),
      'CONFLICT',
      'ipvlan',
      'one kind only',
    ],
  )
})

serial('a parent that is a port of a bridge', async (t) => {
  const { world, slipway, create } = await withSegment(t)
  ip('-n', world.host.name, 'link', 'add', 'theirs', 'type', 'bridge')
  await onSegment(slipway)
  ip('-n', world.host.name, 'link', 'set', 'uplink', 'master', 'theirs')
  await refuses(
    t,
    world,
    [create({ name: world.name('app'), network: 'lan' }), 'CONFLICT', 'uplink', 'port of a bridge', 'another parent'],
    [() => onSegment(slipway, { name: 'more' }), 'CONFLICT', 'uplink', 'port of the bridge theirs', 'theirs itself'],
  )
})
