import { rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { Slipway, SlipwayError, type OpenOptions } from '#lib/index.js'
import { attempt, inUse, NO_TEXTS, refuses, UGLY_TEXTS, type Case } from '../helpers/bad-input.js'
import { isAsBefore, readFiles, snapshot } from '../helpers/snapshot.js'
import { execIn, ip, ipJson, World } from '../helpers/world.js'

/** Bad input gets a clear error and changes nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

serial('an interface of that name that is not ours', async (t) => {
  for (const [kind = '', ...rest] of [['bridge'], ['veth', 'peer', 'name', 'other']]) {
    const world = new World(t)
    ip('-n', world.host.name, 'link', 'add', 'docker0', 'type', kind, ...rest)
    const slipway = await world.open()
    await refuses(t, world, [
      () => slipway.sandboxes.create(),
      'CONFLICT',
      'docker0',
      kind,
      "not Slipway's",
      'bridgeName',
      'ip link delete docker0',
    ])
  }
  const world = new World(t)
  const slipway = await world.open({ bridgeName: 'uplink' })
  await refuses(t, world, [() => slipway.sandboxes.create(), 'CONFLICT', 'uplink'])
})

serial('a subnet that collides with a route or an address of the host', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'route', 'add', '10.20.0.0/16', 'dev', 'uplink')
  const opened = async (options: OpenOptions) => {
    const slipway = await world.open(options)
    return () => slipway.sandboxes.create()
  }
  const [inRoute, overRoute, inAddress] = await Promise.all(
    ['10.20.5.1/24', '10.0.0.1/8', '192.0.2.129/25'].map((bip) => opened({ bip })),
  )
  const noPool = await opened({
    defaultAddressPools: [
      { base: '10.20.0.0/16', size: 24 },
      { base: '192.0.2.0/24', size: 28 },
    ],
  })
  const lost = await opened({ bip: '172.30.0.1/24', fixedCidr: '172.30.1.0/24' })
  const away = await opened({ bip: '172.30.0.1/24', defaultGateway: '172.30.1.1' })
  const tooSmall = await opened({ defaultAddressPools: [{ base: '172.30.0.0/24', size: 16 }] })
  const network = await opened({ bip: '172.30.0.0/24' })
  const broadcast = await opened({ bip: '172.30.0.255/24' })
  await refuses(
    t,
    world,
    [inRoute as () => Promise<unknown>, 'CONFLICT', '10.20.5.0/24', 'route 10.20.0.0/16', 'bip'],
    [overRoute as () => Promise<unknown>, 'CONFLICT', '10.0.0.0/8', 'route 10.20.0.0/16'],
    [inAddress as () => Promise<unknown>, 'CONFLICT', '192.0.2.128/25', '192.0.2'],
    [noPool, 'EXHAUSTED', '10.20.0.0/16', 'bip', 'defaultAddressPools'],
    [lost, 'INVALID_ARGUMENT', 'fixedCidr', '172.30.0.0/24'],
    [away, 'INVALID_ARGUMENT', 'defaultGateway', '172.30.0.0/24'],
    [tooSmall, 'INVALID_ARGUMENT', 'defaultAddressPools', 'from 24 to 30'],
    [network, 'INVALID_ARGUMENT', 'bip', '172.30.0.0'],
    [broadcast, 'INVALID_ARGUMENT', 'bip', '172.30.0.255'],
  )
})

serial("open: a namespace that is none, a state directory that is none, another version's ruleset", async (t) => {
  const { world } = await inUse(t)
  const file = join(world.stateDir, 'file')
  writeFileSync(file, '')
  const open = (options: OpenOptions) => () => world.open(options)
  await refuses(
    t,
    world,
    [open({ netns: '/run/netns/nowhere' }), 'NOT_FOUND', '/run/netns/nowhere', 'ip netns add'],
    [open({ netns: file }), 'INVALID_ARGUMENT', file, 'no network namespace'],
    [open({ netns: '/run/netns' }), 'INVALID_ARGUMENT', 'no network namespace'],
    [open({ netns: '/proc/self/ns/mnt' }), 'INVALID_ARGUMENT', 'no network namespace'],
    [open({ stateDir: file }), 'INVALID_ARGUMENT', 'stateDir', 'ENOTDIR'],
    [open({ mtu: 67 }), 'INVALID_ARGUMENT', 'mtu', '68 to 65535'],
    [open({ mtu: 65536 }), 'INVALID_ARGUMENT', 'mtu'],
    [open({ mtu: 1500.5 }), 'INVALID_ARGUMENT', 'mtu'],
    ...['br%d', 'all', 'default', 'sixteen-letters-', '.', '..'].map((bridgeName): Case => [
      open({ bridgeName }),
      'INVALID_ARGUMENT',
      'bridgeName',
    ]),
    ...[[], [{}], [{ base: '172.17.0.0', size: 16 }], [{ base: '172.17.0.0/16', size: '24' }]].map((pools): Case => [
      open({ defaultAddressPools: pools as never }),
      'INVALID_ARGUMENT',
      'defaultAddressPools',
    ]),
  )

  const slipway = await world.open()
  const sandbox = await world.create(slipway, 'a', { network: 'none' })
  const [record] = Object.keys(readFiles(world.stateDir)).filter((path) => path.endsWith(`${sandbox.name}.json`)) as [
    string,
  ]
  for (const text of ['', '{', 'null', '{ "version": 1 }']) {
    const stray = join(dirname(record), 'stray.json')
    writeFileSync(stray, text)
    await refuses(t, world, [() => slipway.sandboxes.create({ name: 'stray' }), 'CONFLICT', stray, 'or remove it'])
    rmSync(stray)
  }
  await sandbox.remove()

  execIn(world.host, 'nft', 'delete table inet slipway; add table inet slipway { comment "slipway ruleset 0"; }')
  await refuses(t, world, [open({}), 'CONFLICT', '"slipway ruleset 0"', 'nft delete table inet slipway'])
})

serial('a missing capability: which, and how to get it', async (t) => {
  const { world } = await inUse(t)
  const drop = (capabilities: string) => ['setpriv', `--bounding-set=${capabilities}`, `--inh-caps=${capabilities}`]
  const refused = (under: string[]) => async () => {
    const [outcome] = await attempt(t, world, { under })
    throw new SlipwayError(outcome?.code ?? 'KERNEL', outcome?.message ?? 'it went well')
  }
  await refuses(
    t,
    world,
    [refused(drop('-net_admin')), 'PERMISSION', 'lacks CAP_NET_ADMIN.', 'setcap', 'docker run'],
    [refused(drop('-sys_admin')), 'PERMISSION', 'lacks CAP_SYS_ADMIN.'],
    [refused(drop('-all')), 'PERMISSION', 'lacks CAP_NET_ADMIN and CAP_SYS_ADMIN.'],
    // All capabilities, in a user namespace that does not own the network namespace.
    [refused(['unshare', '--user', '--map-root-user']), 'PERMISSION', 'CAP_NET_ADMIN', 'user namespace'],
  )
})

serial('a kernel without nf_tables', async (t) => {
  const world = new World(t)
  // That of nf_tables is the first socket of JavaScript's thread: it is refused as by a kernel that has no such
  // protocol.
  const under = [
    'strace',
    '-f',
    '-qqq',
    '-o',
    '/dev/null',
    '-e',
    'trace=socket',
    '-e',
    'signal=none',
    '-e',
    'inject=socket:error=EPROTONOSUPPORT:when=1',
  ]
  const before = snapshot(world)
  const [outcome] = await attempt(t, world, { under })
  t.is(outcome?.code, 'UNSUPPORTED')
  t.regex(outcome?.message ?? '', /no nf_tables.*modprobe nf_tables.*CONFIG_NF_TABLES/)
  await isAsBefore(t, world, before)
})

serial('options of open that are of another type, malformed or out of range', async (t) => {
  const { world } = await inUse(t)
  const open = (options: object) => () => world.open(options)
  const texts = [...NO_TEXTS, ...UGLY_TEXTS, 'x'.repeat(100_000)]
  const values = (name: string, list: readonly unknown[]) =>
    list.map((value): Case => [open({ [name]: value }), 'INVALID_ARGUMENT', 'Slipway.open', name])
  const lists = (name: string, list: readonly unknown[]) =>
    values(name, [
      ...texts.filter((value: unknown) => !Array.isArray(value)),
      ...[...NO_TEXTS, ...list].map((item) => [item]),
    ])
  await refuses(
    t,
    world,
    ...values('ipv6', [...texts.filter((value: unknown) => value !== true), 'true']),
    ...values('bip6', [...texts, 'fd00::1', 'fd00::1/129', '172.17.0.1/16', 'fe80::1%eth0/64', '::ffff:10.0.0.1/104']),
    ...values('fixedCidrV6', [...texts, 'fd00::', '172.17.0.0/16', 'fd00::/129']),
    ...values('bip', [...texts, '172.17.0.1', '172.17.0.1/33', 'fd00::1/64', '172.17.0.1/016']),
    ...values('defaultGatewayV6', [...texts, 'fd00::1/64', '172.17.0.1', 'fe80::1%eth0']),
    ...values('defaultGateway', [...texts, 'fd00::1', '172.17.0.1/16']),
    ...values('ip', [
      ...texts,
      '192.0.2',
      '192.0.2.1/24',
      '224.0.0.1',
      '255.255.255.255',
      '::1',
      'fe80::1',
      'ff02::1',
      '::ffff:192.0.2.1',
    ]),
    ...lists('dns', ['', '192.0.2', 'a', '192.0.2.53:53', 'fe80::1%eth0']),
    ...lists('dnsSearch', ['', 'a b', 'a\nb', 'a..b']),
    ...lists('dnsOptions', ['', 'ndots 2', 'a\nb']),
    ...values('mtu', [
      ...texts.filter((value: unknown) => typeof value !== 'number'),
      '1500',
      NaN,
      Infinity,
      -1,
      0,
      67,
      65536,
      1500.5,
    ]),
    ...[{ ipv6: true }, { bip6: 'fd00:1::1/64' }, { fixedCidrV6: 'fd00:1::/64' }].map((options): Case => [
      open({ ...options, mtu: 1279 }),
      'INVALID_ARGUMENT',
      'mtu 1279',
      'IPv6',
      '1280',
    ]),
    ...[null, 1, 'a', [], new Map(), Promise.resolve({})].map((options): Case => [
      () => Slipway.open(options as never),
      'INVALID_ARGUMENT',
      'Slipway.open',
      'object of options',
    ]),
    ...lists('defaultAddressPools', [
      { base: '172.17.0.0/16' },
      { size: 16 },
      { base: '172.17.0.0/16', size: 16.5 },
      { base: 'a', size: 16 },
    ]),
  )
})

serial('options of open that do not go together', async (t) => {
  const world = new World(t)
  const opened = async (options: OpenOptions) => {
    const slipway = await world.open({ bridgeName: 'late0', ...options })
    return () => slipway.sandboxes.create()
  }
  const cases: [OpenOptions, ...string[]][] = [
    [{ ipv6: false, bip6: 'fd00:1::1/64' }, 'bip6', 'no IPv6'],
    [{ ipv6: false, fixedCidrV6: 'fd00:1::/64' }, 'fixedCidrV6', 'no IPv6'],
    [{ defaultGatewayV6: 'fd00:1::9' }, 'defaultGatewayV6', 'no IPv6'],
    [{ bip6: 'fd00:1::1/64', fixedCidrV6: 'fd00:2::/80' }, 'fixedCidrV6', 'outside'],
    [{ bip6: 'fd00:1::/64' }, 'bip6', 'anycast'],
    [{ bip6: 'fd00:1::1/64', defaultGatewayV6: 'fd00:2::1' }, 'defaultGatewayV6', 'outside'],
    [{ bip6: 'fe80::1/64' }, 'bip6', 'link-local'],
    [{ bip: '127.0.0.1/8' }, 'bip', 'loopback'],
    [{ bip: '172.30.0.1/32' }, 'bip', 'too small'],
    [{ fixedCidr: '172.30.0.0/24', bip: '172.31.0.1/16' }, 'fixedCidr', 'outside'],
  ]
  const calls = await Promise.all(
    cases.map(async ([options, ...words]): Promise<Case> => [await opened(options), 'INVALID_ARGUMENT', ...words]),
  )
  await refuses(t, world, ...calls)
  // As wide as IPv4 takes: the kernel has no IPv6 on such a bridge.
  const narrow = await (await world.open({ mtu: 576 })).sandboxes.create({ name: world.name('narrow') })
  t.is(ipJson({ name: narrow.name, path: narrow.path }, 'link', 'show', 'eth0')[0]?.['mtu'], 576)
})
