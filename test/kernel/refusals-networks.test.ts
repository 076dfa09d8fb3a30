import { join } from 'node:path'
import test from 'ava'
import { NO_TEXTS, refuses, UGLY_TEXTS, withNetworks, type Case } from '../helpers/bad-input.js'
import { ip, World } from '../helpers/world.js'

/** Bad input gets a clear error and changes nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

const code = 'INVALID_ARGUMENT'
const LONG = 'x'.repeat(100_000)
const bridge = (option: string) => `com.docker.network.bridge.${option}`

serial('options of a network that are of another type, or none', async (t) => {
  const { world, slipway, network } = await withNetworks(t)
  const others = [...NO_TEXTS, ...UGLY_TEXTS] as unknown[]
  const texts = others.filter((value) => typeof value === 'string')
  const objects = others.filter((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  const wrong = (name: string, right: (value: unknown) => boolean) =>
    others.filter((value) => !right(value)).map((value): Case => [network({ [name]: value }), code, name])
  await refuses(
    t,
    world,
    ...wrong('name', () => false),
    ...wrong('driver', (value) => typeof value === 'string'),
    ...wrong('subnets', (value) => Array.isArray(value)),
    ...['ipv4', 'ipv6', 'internal'].flatMap((name) => wrong(name, (value) => typeof value === 'boolean')),
    ...['labels', 'options'].flatMap((name) => wrong(name, (value) => objects.includes(value))),
    ...['labels', 'options'].flatMap((name) =>
      NO_TEXTS.map((value): Case => [network({ [name]: { a: value } }), code, name]),
    ),
    ...texts.map((driver): Case => [network({ driver }), 'UNSUPPORTED', 'driver', '"bridge"']),
    [network({ driver: 'overlay' }), 'UNSUPPORTED', '"overlay"'],
    ...['host', 'null', 'none'].map((driver): Case => [network({ driver }), code, driver, 'by its name']),
    [network({ subnet: '172.20.0.0/16' }), code, '"subnet"', 'subnets'],
    [network({ constructor: 1 }), code, '"constructor"'],
    [network(JSON.parse('{ "__proto__": 1 }') as object), code, '"__proto__"'],
    [network({ [LONG]: 1 }), code, 'no option'],
    ...[null, 1, 'a', true, [], ['a'], new Map([['name', 'a']]), Promise.resolve({ name: 'a' })].map(
      (options): Case => [() => slipway.networks.create(options as never), code, 'object of options'],
    ),
    [() => slipway.networks.create({} as never), code, 'name'],
    [network({ name: undefined }), code, 'name'],
    [network({ ipv4: false }), code, 'ipv4', 'ipv6'],
  )
})

serial('names of networks', async (t) => {
  const { world, slipway, network } = await withNetworks(t)
  const web = await slipway.networks.create({ name: 'web' })
  await refuses(
    t,
    world,
    ...['bridge', 'host', 'none'].map((name): Case => [network({ name }), 'CONFLICT', `"${name}"`, 'every host']),
    ...['container:a', '.', '..', '.a', '-a', '_a', 'a/b', '../a', 'a:b', 'é', 'x'.repeat(101), LONG].map(
      (name): Case => [network({ name }), code, 'name', 'at most 100'],
    ),
    [network({}), 'CONFLICT', '"web"', 'slipway network rm web'],
    [network({ subnets: [{ subnet: '10.1.0.0/24' }] }), 'CONFLICT', '"web"'],
    ...['nobody', 'abcdef', `${web.id}0`, '../sandboxes/first', LONG, 'a\0b', 'container:web'].map((name): Case => [
      () => slipway.networks.get(name),
      'NOT_FOUND',
      'no network',
    ]),
    ...[...NO_TEXTS, ''].map((name): Case => [() => slipway.networks.get(name), code, 'a name or an id']),
    ...['bridge', 'host', 'none'].map((name): Case => [
      async () => (await slipway.networks.get(name)).remove(),
      code,
      `"${name}"`,
      'cannot be removed',
    ]),
  )
})

serial('addresses and subnets that are to be kept for later', async (t) => {
  const { world, slipway } = await withNetworks(t)
  const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.30.0.0/29' }] })
  const app = await world.create(slipway, 'app', { network: 'web' })
  const address =
    (...given: unknown[]) =>
    () =>
      web.reserveAddress(...(given as [4]))
  await refuses(
    t,
    world,
    ...[5, '4', null, undefined].map((family): Case => [address(family), code, 'reserveAddress', '4 or 6']),
    ...['', 'web', 'fd00::2', '172.30.0.2/29', 4, null].map((text): Case => [
      address(4, text),
      code,
      'reserveAddress(4) takes an address of IPv4',
    ]),
    [address(6), code, 'has no IPv6'],
    [address(4, '10.0.0.1'), code, 'outside the subnet'],
    [address(4, '172.30.0.1'), code, 'gateway'],
    [address(4, '172.30.0.2'), 'ADDRESS_IN_USE', '172.30.0.2', app.name],
    ...[null, 1, ['a'], new Map()].map((options): Case => [
      () => slipway.networks.reserve(options as never),
      code,
      'networks.reserve takes an object',
    ]),
    [() => slipway.networks.reserve({ subnets: [{ subnet: '172.30.0.0/16' }] }), 'CONFLICT', 'the network web'],
    [() => slipway.networks.reserve({ pace: 1 } as never), code, '"pace"'],
  )
  const { subnets, release } = await slipway.networks.reserve()
  const [first] = subnets
  const other = await slipway.networks.create({ name: 'other' })
  t.notDeepEqual(other.subnets, [first?.subnet])
  release()
  const third = await slipway.networks.create({ name: 'third' })
  t.deepEqual(third.subnets, [first?.subnet ?? ''])
})

serial('a name that leaves no room for the state directory in the alias of its bridge', async (t) => {
  const world = new World(t)
  const stateDir = join(world.stateDir, 'd'.repeat(180 - world.stateDir.length))
  const slipway = await world.open({ stateDir })
  const create = (length: number) => slipway.networks.create({ name: 'n'.repeat(length) })
  await create(255 - 29 - 181)
  await refuses(t, world, [() => create(255 - 29 - 181 + 1), code, 'name', 'too long by 1 ', stateDir])
})

serial('ids that several networks begin with', async (t) => {
  const { world, slipway, create } = await withNetworks(t)
  const [sandbox] = [await world.create(slipway, 'a')]
  // Of seventeen ids, two begin with the same digit.
  const ids = (
    await Promise.all(
      Array.from({ length: 17 }, (_, index) =>
        slipway.networks.create({ name: `n${index}`, subnets: [{ subnet: `10.9.${index}.0/24` }] }),
      ),
    )
  ).map(({ id }) => id)
  const digit = ids.map((id) => id[0] ?? '').find((first, index, all) => all.indexOf(first) !== index) ?? ''
  await refuses(
    t,
    world,
    [() => slipway.networks.get(digit), 'CONFLICT', 'Several networks', digit],
    [create({ network: digit }), 'CONFLICT', 'Several networks', digit],
    [() => sandbox.connect(digit), 'CONFLICT', 'Several networks', digit],
  )
})

serial("the bridge driver's options", async (t) => {
  const { world, slipway, option, network } = await withNetworks(t)
  const flags = ['enable_icc', 'enable_ip_masquerade', 'inhibit_ipv4'].map(bridge)
  const wrong = (name: string, values: readonly unknown[], ...words: string[]) =>
    values.map((value): Case => [option(name, value), code, 'options', name, ...words])
  const texts = [...NO_TEXTS, ...UGLY_TEXTS, LONG]
  const v6 = { ipv6: true }
  await refuses(
    t,
    world,
    ...['nonsense', 'com.docker.network.bridge', 'constructor', '__proto__', LONG].map((name): Case => [
      network({ options: JSON.parse(JSON.stringify({ [name]: 'a' })) as object }),
      code,
      'no option',
      bridge('name'),
    ]),
    [network({ options: JSON.parse('{ "__proto__": "a" }') as object }), code, '"__proto__"'],
    ...flags.flatMap((name) => wrong(name, [...UGLY_TEXTS, 'maybe', 'yes', '2', 'tRUE', ' true'], 'true or false')),
    ...['gateway_mode_ipv4', 'gateway_mode_ipv6']
      .map(bridge)
      .flatMap((name) => wrong(name, [...UGLY_TEXTS, 'NAT', 'bridged'], 'nat-unprotected')),
    ...[bridge('gateway_mode_ipv4'), bridge('gateway_mode_ipv6')].map((name): Case => [
      option(name, 'isolated', v6),
      code,
      name,
      'internal: true',
    ]),
    ...wrong(bridge('name'), [...texts, 'br%d', 'all', 'default', 'sixteen-letters-', '.', '-a'], ''),
    [option(bridge('name'), 'docker0'), 'CONFLICT', 'interface docker0', bridge('name')],
    [option(bridge('name'), 'uplink'), 'CONFLICT', 'interface uplink'],
    [option(bridge('name'), 'lo'), 'CONFLICT', 'interface lo'],
    ...['com.docker.network.driver.mtu'].flatMap((name) =>
      wrong(name, [...UGLY_TEXTS, '67', '65536', '-1', '1500.5', '1e3', '0x5dc', '99999999999'], '68 to 65535'),
    ),
    [option('com.docker.network.driver.mtu', '1279', v6), code, 'com.docker.network.driver.mtu', '1280', 'IPv6'],
    ...wrong('com.docker.network.container_iface_prefix', [...texts, 'lo', '0eth', 'thirteen-long'], ''),
    ...[bridge('host_binding_ipv4'), 'com.docker.network.host_ipv4'].flatMap((name) =>
      wrong(name, [...texts, '192.0.2', '192.0.2.1/24', '2001:db8::1', '224.0.0.1', '255.255.255.255'], ''),
    ),
    ...[bridge('host_binding_ipv6'), 'com.docker.network.host_ipv6'].flatMap((name) =>
      wrong(name, [...texts, '192.0.2.1', '::1', 'fe80::1', 'fe80::1%lo', 'ff02::1', '::ffff:192.0.2.1'], ''),
    ),
    [option('com.docker.network.host_ipv4', '0.0.0.0'), code, 'com.docker.network.host_ipv4'],
    [
      option('com.docker.network.host_ipv4', '198.51.100.1'),
      code,
      'com.docker.network.host_ipv4',
      '198.51.100.1',
      'no address of this host',
    ],
    [
      option('com.docker.network.host_ipv6', '2001:db8::77', v6),
      code,
      'com.docker.network.host_ipv6',
      '2001:db8::77',
      'no address of this host',
    ],
    ...wrong(
      bridge('trusted_host_interfaces'),
      [...UGLY_TEXTS, ':', 'eth0:', ':eth0', 'eth0,eth1', 'eth0:sixteen-letters-'],
      '',
    ),
    [
      option(bridge('trusted_host_interfaces'), 'uplink', { internal: true }),
      code,
      bridge('trusted_host_interfaces'),
      'internal',
    ],
    [
      network({
        options: { [bridge('inhibit_ipv4')]: 'true', [bridge('gateway_mode_ipv4')]: 'isolated' },
        internal: true,
      }),
      code,
      bridge('inhibit_ipv4'),
      'isolated',
    ],
  )
  // An interface may come later, as those of tunnels do.
  await slipway.networks.create({ name: 'trusting', options: { [bridge('trusted_host_interfaces')]: 'tun0' } })
})

serial('a network that is in use', async (t) => {
  const { world, slipway } = await withNetworks(t)
  const web = await slipway.networks.create({ name: 'web' })
  const a = await world.create(slipway, 'a', { network: 'web' })
  const b = await world.create(slipway, 'b')
  await b.connect('web')
  await refuses(
    t,
    world,
    [() => web.remove(), 'CONFLICT', 'web', a.name, b.name, 'slipway network disconnect web'],
    [async () => (await slipway.networks.get(web.id)).remove(), 'CONFLICT', a.name],
  )
  t.deepEqual(await slipway.networks.prune(), [])
  await a.remove()
  await b.disconnect('web')
  ip(
    '-n',
    world.host.name,
    'link',
    'add',
    'stranger0',
    'master',
    web.bridge ?? '',
    'type',
    'veth',
    'peer',
    'name',
    'stranger1',
  )
  await refuses(t, world, [() => web.remove(), 'CONFLICT', 'stranger0', 'ip link set stranger0 nomaster'])
  ip('-n', world.host.name, 'link', 'delete', 'stranger0')
  await web.remove()
  const late = await (await world.open()).networks.create({ name: 'web' })
  await refuses(t, world, [async () => (await slipway.networks.get(web.id)).remove(), 'NOT_FOUND', web.id])
  await late.remove()
  await refuses(t, world, [() => world.create(slipway, 'c', { network: 'web' }), 'NOT_FOUND', '"web"'])
})

serial('filters', async (t) => {
  const { world, slipway } = await withNetworks(t)
  await slipway.networks.create({ name: 'web' })
  const list = (filters: object) => () => slipway.networks.list(filters)
  const prune = (filters: object) => () => slipway.networks.prune(filters)
  const noTexts = NO_TEXTS.filter((value: unknown) => !Array.isArray(value))
  const notATime = [
    'yesterday',
    'day 1',
    '24d',
    'h',
    '-1h',
    '1.5h',
    '24h ',
    '2026-13-01',
    '2026-01-32T00:00:00Z',
    '',
    LONG,
    new Date(NaN),
    1,
    true,
    null,
    {},
    ['24h'],
  ]
  await refuses(
    t,
    world,
    ...['driver', 'id', 'name', 'label'].flatMap((name) =>
      [...noTexts, '', [''], [1], [['a']], ['a', null]].map((value): Case => [
        list({ [name]: value }),
        code,
        'networks.list',
        name,
      ]),
    ),
    ...[...NO_TEXTS, ...UGLY_TEXTS, 'Custom', 'all'].map((type): Case => [
      list({ type }),
      code,
      'networks.list',
      'type',
      '"custom" or "builtin"',
    ]),
    ...[...NO_TEXTS.filter((value: unknown) => value !== true), 'true'].map((dangling): Case => [
      list({ dangling }),
      code,
      'networks.list',
      'dangling',
      'true or false',
    ]),
    [list({ constructor: 'a' }), code, '"constructor"'],
    ...[null, 1, 'a', []].map((filters): Case => [list(filters as never), code, 'networks.list', 'object of options']),
    ...[...noTexts, '', [1]].map((label): Case => [prune({ label }), code, 'networks.prune', 'label']),
    ...notATime.map((until): Case => [prune({ until }), code, 'networks.prune', 'until', "'24h'"]),
    [prune({ name: 'web' }), code, '"name"', 'until'],
    ...[null, 1, 'a', []].map((filters): Case => [
      prune(filters as never),
      code,
      'networks.prune',
      'object of options',
    ]),
  )
})
