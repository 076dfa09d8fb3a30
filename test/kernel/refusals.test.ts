import { mkdirSync, rmdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { attempt, inUse, nothingIsLeft, NO_TEXTS, refuses, UGLY_TEXTS, type Case } from '../helpers/bad-input.js'
import { ip } from '../helpers/world.js'

/** Bad input gets a clear error and changes nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

serial('a network that there is not', async (t) => {
  const { world, create } = await inUse(t)
  await refuses(
    t,
    world,
    [create({ network: 'web' }), 'NOT_FOUND', '"web"', 'bridge, host and none'],
    [create({ network: 'Bridge' }), 'NOT_FOUND', '"Bridge"'],
    [create({ network: 'container:a' }), 'NOT_FOUND', '"a"'],
    [create({ network: 'host', publish: ['80'] }), 'INVALID_ARGUMENT', 'publish', 'host'],
    [create({ network: 'none', publish: ['80'] }), 'INVALID_ARGUMENT', 'publish', 'none'],
    [create({ network: 'none', ip: '172.17.0.9' }), 'INVALID_ARGUMENT', 'ip', 'none'],
    [create({ network: 'host', mac: '02:42:ac:11:00:09' }), 'INVALID_ARGUMENT', 'mac', 'host'],
  )
})

serial('options that there are not', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const unknown = (options: object) => create(options)
  const open = (options: object) => () => world.open(options)
  const ownProto = JSON.parse('{ "__proto__": 1 }') as object
  await refuses(
    t,
    world,
    [unknown({ port: 80 }), 'INVALID_ARGUMENT', '"port"', 'publish'],
    [unknown({ constructor: 1 }), 'INVALID_ARGUMENT', '"constructor"'],
    [unknown({ hasOwnProperty: 1 }), 'INVALID_ARGUMENT', '"hasOwnProperty"'],
    [unknown(ownProto), 'INVALID_ARGUMENT', '"__proto__"'],
    [unknown({ ['x'.repeat(100_000)]: 1 }), 'INVALID_ARGUMENT', 'no option'],
    [unknown({ aliases: ['a'] }), 'INVALID_ARGUMENT', 'aliases', 'network "bridge"'],
    [open({ port: 80 }), 'INVALID_ARGUMENT', '"port"', 'stateDir'],
    ...[null, 1, 'a', true].flatMap((options): Case[] => [
      [() => slipway.sandboxes.create(options as never), 'INVALID_ARGUMENT', 'object of options'],
      [() => slipway.sandboxes.explain(options as never), 'INVALID_ARGUMENT', 'object of options'],
    ]),
  )
})

serial('values of another type, and texts with what no name or address holds', async (t) => {
  const { world, slipway } = await inUse(t)
  const sandbox = await world.create(slipway, 'a')
  const bad = [...NO_TEXTS, ...UGLY_TEXTS]
  const code = 'INVALID_ARGUMENT'
  const texts = (name: string, call: (options: object) => Promise<unknown>, values: readonly unknown[]) =>
    values.map((value): Case => [() => call({ [name]: value }), code, name])
  const create = (options: object) => slipway.sandboxes.create(options)
  await refuses(
    t,
    world,
    ...['name', 'network', 'ip', 'mac', 'publish'].flatMap((name) =>
      texts(name, create, name === 'publish' ? bad.filter((value) => !Array.isArray(value)) : bad),
    ),
    ...[
      'netns',
      'stateDir',
      'bridgeName',
      'bip',
      'fixedCidr',
      'defaultGateway',
      'ip',
      'mtu',
      'icc',
      'ipMasq',
      'defaultAddressPools',
    ].flatMap((name) =>
      texts(
        name,
        (options) => world.open(options),
        bad.filter(
          (value) =>
            typeof value !== (name === 'mtu' ? 'number' : ['icc', 'ipMasq'].includes(name) ? 'boolean' : 'undefined'),
        ),
      ),
    ),
    ...bad.flatMap((value): Case[] => [
      [() => create({ publish: [value] }), code, 'publish'],
      [() => create({ publish: [`8080:${typeof value === 'string' ? value : ''}`] }), code, 'publish'],
      [() => create({ publish: [{ protocol: value, hostIp: '0.0.0.0', containerPort: 80 }] }), code, 'publish'],
      [() => create({ publish: [{ protocol: 'tcp', hostIp: value, containerPort: 80 }] }), code, 'publish'],
      [() => sandbox.publish(value), code, 'publish'],
      [() => sandbox.unpublish(value), code, 'publish'],
    ]),
    ...[...(bad as unknown[]).filter((value) => value !== 1), 80.5, -1, 65536, NaN, Infinity, '80'].flatMap(
      (value): Case[] => [
        [() => create({ publish: [{ protocol: 'tcp', hostIp: '0.0.0.0', containerPort: value }] }), code, 'publish'],
        // As in docker, host port 0 is a free one.
        ...(value === 0
          ? []
          : [
              [
                () => create({ publish: [{ protocol: 'tcp', hostIp: '0.0.0.0', containerPort: 80, hostPort: value }] }),
                code,
                'publish',
              ] satisfies Case,
            ]),
      ],
    ),
    [() => create({ publish: [{ protocol: 'tcp', hostIp: '0.0.0.0', containerPort: 80, port: 80 }] }), code, 'publish'],
    ...NO_TEXTS.map((value): Case => [() => slipway.sandboxes.get(value), code, 'name or an id']),
    ...UGLY_TEXTS.map((value): Case => [() => slipway.sandboxes.get(value), 'NOT_FOUND']),
  )
})

serial('an address outside the subnet, reserved, or taken', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const holder = await world.create(slipway, 'holder', { ip: '172.17.0.9' })
  await attempt(t, world, { create: [{ name: world.name('theirs'), ip: '172.17.0.10' }] })
  const malformed = [
    '172.17.0',
    '172.17.0.2/16',
    '0172.17.0.2',
    ' 172.17.0.2',
    '172.17.0.2 ',
    '0xac.17.0.2',
    '2886795266',
    'fe80::1',
    '::ffff:172.17.0.2',
    '172.17.0.256',
  ]
  await refuses(
    t,
    world,
    ...['10.1.1.1', '172.16.255.255', '172.18.0.0', '0.0.0.0', '255.255.255.255', '127.0.0.1'].map((ip): Case => [
      create({ ip }),
      'INVALID_ARGUMENT',
      ip,
      'outside',
      '172.17.0.0/16',
    ]),
    ...['172.17.0.0', '172.17.0.1', '172.17.255.255'].map((ip): Case => [create({ ip }), 'INVALID_ARGUMENT', ip]),
    ...malformed.map((ip): Case => [create({ ip }), 'INVALID_ARGUMENT', 'IPv4 address']),
    [create({ ip: '172.17.0.9' }), 'ADDRESS_IN_USE', holder.name, '172.17.0.9'],
    [create({ ip: '172.17.0.10' }), 'ADDRESS_IN_USE', world.name('theirs'), '172.17.0.10'],
    ...[
      '02:42:ac:11:00',
      '02-42-ac-11-00-02',
      '01:00:5e:00:00:01',
      'ff:ff:ff:ff:ff:ff',
      '00:00:00:00:00:00',
      '0242.ac11.0002',
    ].map((mac): Case => [create({ mac }), 'INVALID_ARGUMENT', 'unicast MAC']),
  )
})

serial('a name that is in use, or is none', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const name = world.name('a')
  await slipway.sandboxes.create({ name })
  await attempt(t, world, { create: [{ name: world.name('theirs'), network: 'none' }] })
  await refuses(
    t,
    world,
    [create({ name }), 'CONFLICT', name, 'in use', 'slipway rm'],
    [create({ name, network: 'none' }), 'CONFLICT', name],
    [create({ name, network: 'host' }), 'CONFLICT', name],
    [create({ name: world.name('theirs') }), 'CONFLICT', world.name('theirs')],
    ...['.', '..', '.a', '-a', '_a', 'a/b', '/a', 'a/', '../a', 'a:b', 'a*', 'é', 'x'.repeat(101)].map((name): Case => [
      create({ name }),
      'INVALID_ARGUMENT',
      'name',
      'the name of a file',
    ]),
  )
  const twins = await Promise.allSettled([
    create({ name: world.name('twin') })(),
    create({ name: world.name('twin') })(),
  ])
  t.deepEqual(twins.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

serial('something in the way at /run/netns/NAME', async (t) => {
  const { world, create } = await inUse(t)
  const name = world.name('taken')
  const path = `/run/netns/${name}`
  const refused: Case[] = (['bridge', 'none'] as const).map((network) => [
    create({ name, network }),
    'CONFLICT',
    path,
    'not a sandbox',
    'ip netns delete',
  ])
  for (const [put, take] of [
    [() => writeFileSync(path, ''), () => unlinkSync(path)],
    [() => symlinkSync('/nowhere', path), () => unlinkSync(path)],
    [() => mkdirSync(path), () => rmdirSync(path)],
    [() => ip('netns', 'add', name), () => ip('netns', 'delete', name)],
  ] as const) {
    put()
    await refuses(t, world, ...refused)
    take()
  }
})

serial('a sandbox that there is not, or not any more', async (t) => {
  const { world, slipway } = await inUse(t)
  const gone = await world.create(slipway, 'gone', { publish: ['8080:80'] })
  const stranger = await (await world.open()).sandboxes.get(gone.name)
  await gone.remove()
  await nothingIsLeft(world)
  const isGone = (call: () => Promise<unknown>): Case => [call, 'NOT_FOUND', gone.name, 'was removed']
  await refuses(
    t,
    world,
    ...['nobody', gone.name, gone.id, 'abcdef'].map((name): Case => [
      () => slipway.sandboxes.get(name),
      'NOT_FOUND',
      `no sandbox "${name}"`,
    ]),
    ...[gone, stranger].flatMap((sandbox) => [
      isGone(() => sandbox.publish('8081:80')),
      isGone(() => sandbox.publish('8081:80/udp', '80')),
      isGone(() => sandbox.unpublish('8080:80')),
      isGone(() => sandbox.refresh()),
      isGone(async () => sandbox.enter(() => 1)),
      isGone(async () => sandbox.spawn('true')),
    ]),
    isGone(() => stranger.remove()),
  )
  // Another of the same name is another.
  const next = await world.create(slipway, 'gone')
  await refuses(
    t,
    world,
    isGone(() => stranger.publish('8081:80')),
    isGone(() => stranger.remove()),
    isGone(() => gone.publish('8081:80')),
  )
  t.deepEqual(next.ports, [])
})
