import test from 'ava'
import { inUse, NO_TEXTS, refuses, UGLY_TEXTS, type Case } from '../helpers/bad-input.js'
import { execIn, ipJson } from '../helpers/world.js'

/** Bad input gets a clear error and changes nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

const code = 'INVALID_ARGUMENT'
const LONG = 'x'.repeat(100_000)

serial('what connect and disconnect take', async (t) => {
  const { world, slipway } = await inUse(t)
  const web = await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '172.20.0.0/24', auxAddresses: { router: '172.20.0.9' } }, { subnet: 'fd00:20::/64' }],
  })
  const plain = await slipway.networks.create({ name: 'plain', subnets: [{ subnet: '10.1.0.0/29' }] })
  const app = await world.create(slipway, 'app')
  const there = await world.create(slipway, 'there', { network: 'web', ip: '172.20.0.7', ip6: 'fd00:20::7' })
  const gone = await (await world.open()).sandboxes.create({ name: world.name('gone') })
  const connect =
    (options: object, network = 'web') =>
    () =>
      app.connect(network, options)
  const values = (name: string, list: readonly unknown[]) =>
    list.map((value): Case => [connect({ [name]: value }), code, 'connect', name])
  const names = [...NO_TEXTS, ...UGLY_TEXTS, '../sandboxes/app', '../networks/web', LONG] as string[]
  const texts = [...NO_TEXTS, ...UGLY_TEXTS, LONG]
  await refuses(
    t,
    world,
    ...names.flatMap((name): Case[] => [
      [() => app.connect(name), code, 'connect', "network's name"],
      [() => app.disconnect(name), code, 'disconnect', "network's name"],
    ]),
    ...[null, 1, 'a', ['a'], new Map(), Promise.resolve({})].flatMap((options): Case[] => [
      [() => app.connect('web', options as never), code, 'connect', 'object of options'],
      [() => app.disconnect('web', options as never), code, 'disconnect', 'object of options'],
    ]),
    ...['name', 'network', 'publish', 'hostname', 'constructor'].map((name): Case => [
      connect({ [name]: 'a' }),
      code,
      `"${name}"`,
      'gwPriority',
    ]),
    [connect(JSON.parse('{ "__proto__": { "ip": "172.20.0.5" } }') as object), code, '"__proto__"'],
    ...texts
      .filter((value: unknown) => value !== true)
      .map((force): Case => [
        () => app.disconnect('bridge', { force: force as never }),
        code,
        'force',
        'true or false',
      ]),
    ...values('ip', [...texts, '172.20.0', '172.20.0.5/24', 'fd00:20::5']),
    ...values('ip6', [
      ...texts,
      '172.20.0.5',
      'fe80::5',
      'ff02::1',
      '::ffff:172.20.0.5',
      'fd00:20::5/64',
      'fd00:20::5%eth0',
    ]),
    ...values('mac', [
      ...texts,
      '01:00:5e:00:00:01',
      'ff:ff:ff:ff:ff:ff',
      '00:00:00:00:00:00',
      '02-42-ac-14-00-05',
      '02:42:ac:14:00',
    ]),
    ...values('aliases', [
      ...texts.filter((value: unknown) => !Array.isArray(value)),
      [1],
      ['a', ''],
      ['a b'],
      ['-a'],
      ['a-'],
      ['a\nb'],
      [LONG],
      [['a']],
      [null],
    ]),
    ...values('gwPriority', [
      ...texts.filter((value: unknown) => !Number.isInteger(value)),
      '1',
      1.5,
      NaN,
      Infinity,
      2 ** 31,
      -(2 ** 31),
    ]),
    ...values('defaultRoute', [...texts.filter((value: unknown) => value !== true), 'false', 0]),
    [connect({ ip: '10.0.0.1' }), code, 'ip 10.0.0.1', 'outside', '172.20.0.0/24'],
    [connect({ ip6: 'fd00:21::5' }), code, 'ip6 fd00:21::5', 'outside', 'fd00:20::/64'],
    ...['172.20.0.0', '172.20.0.1', '172.20.0.255'].map((ip): Case => [connect({ ip }), code, `ip ${ip}`]),
    ...['fd00:20::', 'fd00:20::1'].map((ip6): Case => [connect({ ip6 }), code, `ip6 ${ip6}`]),
    [connect({ ip: '172.20.0.9' }), code, 'router', 'auxiliary'],
    [connect({ ip: '172.20.0.7' }), 'ADDRESS_IN_USE', there.name],
    [connect({ ip6: 'fd00:20:0::7' }), 'ADDRESS_IN_USE', there.name, 'fd00:20::7'],
    [connect({ ip6: 'fd00:20::5' }, 'plain'), code, 'ip6', 'plain', 'no IPv6'],
    [
      connect({ mac: ipJson(world.host, 'link', 'show', web.bridge ?? '')[0]?.['address'] as string }),
      code,
      'mac',
      'bridge',
    ],
    [connect({ aliases: ['a'] }, 'bridge'), code, 'aliases', 'network "bridge"'],
    [connect({}, 'bridge'), 'CONFLICT', app.name, 'on the network bridge already'],
    [connect({}, 'nope'), 'NOT_FOUND', '"nope"', 'slipway network ls'],
    [connect({}, 'host'), code, '"host"', 'from the start'],
    [connect({}, 'none'), code, '"none"'],
    [() => there.connect('web'), 'CONFLICT', there.name, 'web already'],
    [() => there.connect(web.id), 'CONFLICT', 'web already'],
    [() => app.disconnect('web'), 'NOT_FOUND', app.name, 'not on the network web', 'bridge'],
    [() => app.disconnect(web.id.slice(0, 12)), 'NOT_FOUND', 'bridge'],
    [() => app.disconnect('nope'), 'NOT_FOUND', 'nope'],
    [() => app.disconnect('host'), code, '"host"'],
  )
  await app.disconnect('web', { force: true })
  await gone.remove()
  t.deepEqual(execIn(world.host, 'ip', '-br', 'link', 'show', 'master', plain.bridge ?? ''), '')
})

serial('sandboxes that no network can be joined to', async (t) => {
  const { world, slipway } = await inUse(t)
  await slipway.networks.create({ name: 'web' })
  const app = await world.create(slipway, 'app')
  const host = await world.create(slipway, 'host', { network: 'host' })
  const none = await world.create(slipway, 'none', { network: 'none' })
  const side = await world.create(slipway, 'side', { network: `container:${app.name}` })
  await refuses(
    t,
    world,
    ...(
      [
        [host, "the host's network"],
        [none, 'no network'],
        [side, 'shares the network of another sandbox'],
      ] as const
    ).flatMap(([sandbox, why]): Case[] => [
      [() => sandbox.connect('web'), code, 'connect', sandbox.name, why],
      [() => sandbox.disconnect('bridge'), code, 'disconnect', sandbox.name, why],
      [() => sandbox.publish('8080:80'), code, 'publish', sandbox.name],
    ]),
  )
})

serial('what does not go with a mode', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const app = await world.create(slipway, 'app')
  const host = await world.create(slipway, 'h', { network: 'host' })
  const side = await world.create(slipway, 'side', { network: `container:${app.name}` })
  const given = {
    publish: ['80'],
    ip: '172.17.0.9',
    ip6: 'fd00::9',
    mac: '02:42:ac:11:00:09',
    aliases: ['a'],
    gwPriority: 1,
    defaultRoute: false,
    netns: '/proc/self/ns/net',
    hostname: 'a',
    domainname: 'a.example',
    dns: ['192.0.2.53'],
    dnsSearch: ['example.org'],
    dnsOptions: ['ndots:2'],
    addHost: ['a:192.0.2.1'],
  }
  const endpoint = ['publish', 'ip', 'ip6', 'mac', 'aliases', 'gwPriority', 'defaultRoute'] as const
  const names = ['hostname', 'domainname', 'dns', 'dnsSearch', 'dnsOptions', 'addHost'] as const
  const refused = (network: string, options: readonly (keyof typeof given)[]) =>
    options.map((option): Case => [
      create({ network, [option]: given[option] }),
      code,
      option,
      `network "${network}"`,
      'Leave',
    ])
  await refuses(
    t,
    world,
    ...refused('host', [...endpoint, 'netns']),
    ...refused('none', endpoint),
    ...refused(`container:${app.name}`, [...endpoint, ...names, 'netns']),
    [create({ network: `container:${side.name}` }), code, side.name, 'has joined another itself'],
    ...['container:', 'container:.', `container:${LONG}`, 'container:a b', 'container:../a'].map((network): Case => [
      create({ network }),
      code,
      'network',
      'container:',
    ]),
    [create({ network: 'container:nobody' }), 'NOT_FOUND', '"nobody"'],
    [create({ netns: '/run/netns/nowhere' }), 'NOT_FOUND', '/run/netns/nowhere', 'ip netns add'],
    [create({ netns: '/run/netns' }), code, 'netns', 'no network namespace'],
    [create({ netns: '/proc/self/ns/mnt' }), code, 'netns', 'no network namespace'],
    [create({ netns: world.host.path }), code, 'netns', "the host's own"],
    [create({ netns: `/${LONG}` }), code, 'netns'],
  )
  await world.create(slipway, 'at-host', { network: `container:${host.name}` })
})

serial('names of sandboxes, and their files', async (t) => {
  const { world, create } = await inUse(t)
  const texts = [...NO_TEXTS, ...UGLY_TEXTS, LONG]
  const values = (name: string, list: readonly unknown[]) =>
    list.map((value): Case => [create({ [name]: value }), code, 'sandboxes.create', name])
  const lists = (name: string, list: readonly unknown[]) =>
    values(name, [
      ...texts.filter((value: unknown) => !Array.isArray(value)),
      ...list.map((item) => [item]),
      ...NO_TEXTS.map((item) => [item]),
    ])
  await refuses(
    t,
    world,
    ...values('hostname', [...texts, '-a', 'a-', 'a..b', '.a', 'a'.repeat(65), 'a'.repeat(64)]),
    ...values('domainname', [...texts, '-a', 'a..b', `${'a.'.repeat(127)}a`]),
    ...lists('addHost', [
      '',
      'a',
      'a:',
      ':192.0.2.1',
      'a:192.0.2',
      'a:192.0.2.1:1',
      'a b:192.0.2.1',
      'a:fe80::1%eth0',
      'a\n:192.0.2.1',
      'a:192.0.2.1\n',
      'a:gateway',
      `${LONG}:192.0.2.1`,
    ]),
    ...lists('dns', [
      '',
      'a',
      '192.0.2',
      '192.0.2.53:53',
      '192.0.2.53 ',
      'fe80::1%eth0',
      '192.0.2.53\nnameserver 192.0.2.54',
    ]),
    ...lists('dnsSearch', ['', 'a b', 'a..b', 'a\nb', LONG]),
    ...lists('dnsOptions', ['', 'ndots 2', 'ndots:', 'ndots:x', 'a\nb', LONG]),
    ...lists('aliases', ['', 'a b', '-a', LONG]),
    ...values('gwPriority', ['1', 1.5, NaN, 2 ** 31]),
    ...values('ip6', [...texts, 'fe80::1', '172.17.0.9']),
    [create({ ip6: 'fd00::9' }), code, 'ip6 fd00::9', 'network bridge', 'no IPv6'],
    ...[[], ['a'], new Map(), Promise.resolve({}), () => ({})].map((options): Case => [
      create(options as never),
      code,
      'object of options',
    ]),
  )
})
