import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmdirSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { SlipwayError, type CreateOptions, type OpenOptions, type Slipway, type SlipwayErrorCode } from 'slipway'
import { runChild, type How } from '../env/run-child.js'
import { isAsBefore, readFiles, snapshot } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, World } from '../helpers/world.js'

/** Bad input gets a clear error and changes nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

type Case = [work: () => Promise<unknown>, code: SlipwayErrorCode, ...words: (string | RegExp)[]]

/** Asserts the error of each, that it says these words and not too many, and that all is as it was before. */
async function refuses(t: ExecutionContext, world: World, ...cases: Case[]): Promise<void> {
  const before = snapshot(world)
  for (const [work, code, ...words] of cases) {
    const error = await t.throwsAsync(work, { instanceOf: SlipwayError, code }, `${work}`)
    const message = error?.message ?? ''
    for (const word of words) t.true(typeof word === 'string' ? message.includes(word) : word.test(message), `"${message}" does not say ${word}`)
    t.true(message.length < 900, `${message.length} characters`)
    t.notRegex(message, /undefined|\[object|[\0-\x09\x0b-\x1f]/)
  }
  await isAsBefore(t, world, before)
}

/** A host that is in use already: bridge, ruleset and every kind of socket are there. */
async function inUse(t: ExecutionContext, options: OpenOptions = {}): Promise<{ world: World; slipway: Slipway; create: (options: CreateOptions) => () => Promise<unknown> }> {
  const world = new World(t)
  const slipway = await world.open(options)
  await (await world.create(slipway, 'first', { publish: ['8080:80/udp'] })).remove()
  await linksAreGone(world)
  return { world, slipway, create: (options) => () => slipway.sandboxes.create(options) }
}

/** The kernel takes links down behind our back. */
const linksAreGone = (world: World) => eventually(() => ipJson(world.host, 'link', 'show', 'master', 'docker0').length === 0)

// What another language or a careless cast might pass for a text.
const NO_TEXTS = [0, 1, 10n, true, null, {}, [], ['a'], Symbol('a'), () => 'a', new Date(0), Object.create(null)] as never[]
const UGLY_TEXTS = ['', ' ', 'a b', 'a\0b', 'a\nb', 'a\x1fb', 'a\x7fb', 'a"b', "a'b", 'a`b', 'a;b', 'a$b', 'a\\b', 'a/b', '../a', 'ä', 'x'.repeat(1_000_000)]

serial('a network that there is not', async (t) => {
  const { world, create } = await inUse(t)
  await refuses(
    t, world,
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
  const unknown = (options: object) => create(options as CreateOptions)
  const open = (options: object) => () => world.open(options)
  const ownProto = JSON.parse('{ "__proto__": 1 }') as object
  await refuses(
    t, world,
    [unknown({ port: 80 }), 'INVALID_ARGUMENT', '"port"', 'publish'],
    [unknown({ constructor: 1 }), 'INVALID_ARGUMENT', '"constructor"'],
    [unknown({ hasOwnProperty: 1 }), 'INVALID_ARGUMENT', '"hasOwnProperty"'],
    [unknown(ownProto), 'INVALID_ARGUMENT', '"__proto__"'],
    [unknown({ ['x'.repeat(100_000)]: 1 }), 'INVALID_ARGUMENT', 'no option'],
    [unknown({ aliases: ['a'] }), 'INVALID_ARGUMENT', 'aliases', 'network "bridge"'],
    [open({ port: 80 }), 'INVALID_ARGUMENT', '"port"', 'stateDir'],
    [open({ pool: { size: 1 } }), 'UNSUPPORTED', 'pool', 'not supported yet'],
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
    t, world,
    ...['name', 'network', 'ip', 'mac', 'publish'].flatMap((name) => texts(name, create, name === 'publish' ? bad.filter((value) => !Array.isArray(value)) : bad)),
    ...['netns', 'stateDir', 'bridgeName', 'bip', 'fixedCidr', 'defaultGateway', 'ip', 'mtu', 'icc', 'ipMasq', 'defaultAddressPools'].flatMap((name) =>
      texts(name, (options) => world.open(options), bad.filter((value) => typeof value !== (name === 'mtu' ? 'number' : ['icc', 'ipMasq'].includes(name) ? 'boolean' : 'undefined')))),
    ...bad.flatMap((value): Case[] => [
      [() => create({ publish: [value] }), code, 'publish'],
      [() => create({ publish: [`8080:${String(typeof value === 'string' ? value : '')}`] }), code, 'publish'],
      [() => create({ publish: [{ protocol: value, hostIp: '0.0.0.0', containerPort: 80 }] }), code, 'publish'],
      [() => create({ publish: [{ protocol: 'tcp', hostIp: value, containerPort: 80 }] }), code, 'publish'],
      [() => sandbox.publish(value), code, 'publish'],
      [() => sandbox.unpublish(value), code, 'publish'],
    ]),
    ...[...(bad as unknown[]).filter((value) => value !== 1), 80.5, -1, 65536, NaN, Infinity, '80'].flatMap((value): Case[] => [
      [() => create({ publish: [{ protocol: 'tcp', hostIp: '0.0.0.0', containerPort: value }] }), code, 'publish'],
      // As in docker, host port 0 is a free one.
      ...(value === 0 ? [] : [[() => create({ publish: [{ protocol: 'tcp', hostIp: '0.0.0.0', containerPort: 80, hostPort: value }] }), code, 'publish'] satisfies Case]),
    ]),
    [() => create({ publish: [{ protocol: 'tcp', hostIp: '0.0.0.0', containerPort: 80, port: 80 }] }), code, 'publish'],
    ...NO_TEXTS.map((value): Case => [() => slipway.sandboxes.get(value), code, 'name or an id']),
    ...UGLY_TEXTS.map((value): Case => [() => slipway.sandboxes.get(value), 'NOT_FOUND']),
  )
})

serial('a port that is malformed or out of range', async (t) => {
  const { world, create } = await inUse(t)
  const malformed = ['', ':', '::', 'abc', '80:', '-80', '80-', '80-81-82', '1.2.3:80:80', '256.0.0.1:80:80', '01.2.3.4:80:80', '1.1.1.1:8080:80:80', '80/icmp',
    '80/tcp/udp', '/tcp', '80 ', ' 80', '8O', '８０', '1e3:80', '+80', '0x50:80', '80.0', '[::1]:80:80', '[2001:db8::1]:80', '2001:db8::1:80:80', '127.0.0.1:80', '127.0.0.1:*', '*', 'a:b:c', '80\n', '80\0']
  const outOfRange = ['0', '80:0', '65536', '65536:80', '8080:65536', '99999:80', '65535-65536:1-2', '0-1:1-2']
  const twice = [['8080:80', '8080:81'], ['8080:80', '127.0.0.1:8080:80'], ['127.0.0.1:8080:80', '8080:80'], ['9000-9010:1-11', '9010:80']]
  await refuses(
    t, world,
    ...[...malformed, ...outOfRange].map((text): Case => [create({ publish: [text] }), 'INVALID_ARGUMENT', 'publish', "'8080:80'"]),
    ...outOfRange.map((text): Case => [create({ publish: [text] }), 'INVALID_ARGUMENT', '1-65535']),
    [create({ publish: ['9000-9010:90-99'] }), 'INVALID_ARGUMENT', '11 host ports for 10 container ports'],
    [create({ publish: ['9010-9000:1-11'] }), 'INVALID_ARGUMENT', 'backwards'],
    ...twice.map((publish): Case => [create({ publish }), 'INVALID_ARGUMENT', 'twice']),
    [create({ publish: ['198.51.100.1:8080:80'] }), 'INVALID_ARGUMENT', '198.51.100.1', 'no address of this host'],
    [create({ publish: ['[::]:8080:80'] }), 'INVALID_ARGUMENT', 'its network has no IPv6'],
    [create({ publish: ['[2001:db8::1]::80'] }), 'INVALID_ARGUMENT', 'its network has no IPv6'],
  )
})

serial('a host port that another sandbox publishes', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const holder = await world.create(slipway, 'holder', { publish: ['8080:80', '127.0.0.1:9090:80', '5353:53/udp'] })
  const other = await world.create(slipway, 'other')
  const late = await world.open()
  const taken = ['8080:81', '127.0.0.1:8080:80', '127.0.0.1:9090:80', '9090:80', '192.0.2.1:5353:53/udp', '8070-8085:70-85']
  await refuses(
    t, world,
    ...taken.flatMap((text): Case[] => [
      [create({ publish: [text] }), 'PORT_IN_USE', holder.name, 'published already'],
      [create({ publish: ['7000:80', text] }), 'PORT_IN_USE', holder.name],
      [() => other.publish('7000:80', text), 'PORT_IN_USE', holder.name],
      [() => late.sandboxes.create({ publish: [text] }), 'PORT_IN_USE', holder.name],
    ]),
    [() => holder.publish('8080:81'), 'PORT_IN_USE', holder.name],
  )
  // Nothing of what was refused is held: all of it can be had.
  await other.publish('7000:80', '8080:80/udp', '192.0.2.1:9090:80')
})

serial('a host port that a sandbox publishes which another process made since', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const name = world.name('theirs')
  await attempt(t, world, { create: [{ name, publish: ['8080:80', '127.0.0.1:9090:80'] }] })
  await refuses(
    t, world,
    [create({ publish: ['8080:80'] }), 'PORT_IN_USE', name, '8080/tcp'],
    [create({ publish: ['127.0.0.1:9090:80'] }), 'PORT_IN_USE', name, '9090/tcp'],
  )
  await (await slipway.sandboxes.get(name)).remove()
  await world.create(slipway, 'ours', { publish: ['8080:80', '127.0.0.1:9090:80'] })
})

// Each is claimed in a map of its own, and neither map knows of the other.
serial('one address and every address, by two processes that were open before', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const other = await world.open()
  await world.create(slipway, 'every', { publish: ['8080:80'] })
  await world.create(other, 'one', { publish: ['127.0.0.1:9090:80'] })
  await refuses(
    t, world,
    [() => other.sandboxes.create({ publish: ['127.0.0.1:8080:80'] }), 'PORT_IN_USE', world.name('every')],
    [create({ publish: ['9090:80'] }), 'PORT_IN_USE', world.name('one')],
  )
})

/** A process of the host that listens, until the test ends. */
async function listens(t: ExecutionContext, world: World, protocol: 'tcp' | 'udp', port: number, address: string, options = {}): Promise<void> {
  const script = protocol === 'tcp'
    ? `require('net').createServer().listen(${JSON.stringify({ host: address, port, ...options })}, () => console.log('listening'))`
    : `require('dgram').createSocket(${JSON.stringify({ type: address.includes(':') ? 'udp6' : 'udp4', ...options })}).bind(${port}, '${address}', () => console.log('listening'))`
  const listener = spawn('nsenter', [`--net=${world.host.path}`, process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LD_PRELOAD: '' } })
  t.teardown(() => listener.kill())
  await once(listener.stdout, 'data')
}

serial('a host port that a process of the host listens on', async (t) => {
  const { world, slipway, create } = await inUse(t)
  await Promise.all([
    listens(t, world, 'tcp', 8001, '0.0.0.0'),
    listens(t, world, 'tcp', 8002, '127.0.0.1'),
    listens(t, world, 'tcp', 8003, '::'),
    listens(t, world, 'tcp', 8004, '::', { ipv6Only: true }),
    listens(t, world, 'udp', 8005, '0.0.0.0'),
    listens(t, world, 'udp', 8006, '127.0.0.1'),
    listens(t, world, 'udp', 8007, '::'),
    listens(t, world, 'udp', 8008, '0.0.0.0', { reuseAddr: true }),
  ])
  const sandbox = await world.create(slipway, 'a')
  const listening = (text: string): Case[] => [
    [create({ publish: [text] }), 'PORT_IN_USE', 'process on the host', /ss -\S+ sport = :800\d/],
    [() => sandbox.publish('7000:80', text), 'PORT_IN_USE', 'process on the host'],
  ]
  await refuses(
    t, world,
    ...['8001:80', '127.0.0.1:8001:80', '8002:80', '127.0.0.1:8002:80', '8003:80', '127.0.0.1:8003:80'].flatMap(listening),
    ...['8005:53/udp', '127.0.0.1:8005:53/udp', '8006:53/udp', '8007:53/udp', '127.0.0.1:8007:53/udp', '8008:53/udp'].flatMap(listening),
  )
  // These are free.
  await sandbox.publish('192.0.2.1:8002:80', '8004:80', '8001:80/udp', '8005:80/tcp', '192.0.2.1:8006:53/udp')
})

serial('an address outside the subnet, reserved, or taken', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const holder = await world.create(slipway, 'holder', { ip: '172.17.0.9' })
  await attempt(t, world, { create: [{ name: world.name('theirs'), ip: '172.17.0.10' }] })
  const malformed = ['172.17.0', '172.17.0.2/16', '0172.17.0.2', ' 172.17.0.2', '172.17.0.2 ', '0xac.17.0.2', '2886795266', 'fe80::1', '::ffff:172.17.0.2', '172.17.0.256']
  await refuses(
    t, world,
    ...['10.1.1.1', '172.16.255.255', '172.18.0.0', '0.0.0.0', '255.255.255.255', '127.0.0.1'].map((ip): Case => [create({ ip }), 'INVALID_ARGUMENT', ip, 'outside', '172.17.0.0/16']),
    ...['172.17.0.0', '172.17.0.1', '172.17.255.255'].map((ip): Case => [create({ ip }), 'INVALID_ARGUMENT', ip]),
    ...malformed.map((ip): Case => [create({ ip }), 'INVALID_ARGUMENT', 'IPv4 address']),
    [create({ ip: '172.17.0.9' }), 'ADDRESS_IN_USE', holder.name, '172.17.0.9'],
    [create({ ip: '172.17.0.10' }), 'ADDRESS_IN_USE', world.name('theirs'), '172.17.0.10'],
    ...['02:42:ac:11:00', '02-42-ac-11-00-02', '01:00:5e:00:00:01', 'ff:ff:ff:ff:ff:ff', '00:00:00:00:00:00', '0242.ac11.0002'].map((mac): Case => [create({ mac }), 'INVALID_ARGUMENT', 'unicast MAC']),
  )
})

serial('a name that is in use, or is none', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const name = world.name('a')
  await slipway.sandboxes.create({ name })
  await attempt(t, world, { create: [{ name: world.name('theirs'), network: 'none' }] })
  await refuses(
    t, world,
    [create({ name }), 'CONFLICT', name, 'in use', 'slipway rm'],
    [create({ name, network: 'none' }), 'CONFLICT', name],
    [create({ name, network: 'host' }), 'CONFLICT', name],
    [create({ name: world.name('theirs') }), 'CONFLICT', world.name('theirs')],
    ...['.', '..', '.a', '-a', '_a', 'a/b', '/a', 'a/', '../a', 'a:b', 'a*', 'é', 'x'.repeat(101)].map((name): Case => [create({ name }), 'INVALID_ARGUMENT', 'name', 'the name of a file']),
  )
  const twins = await Promise.allSettled([create({ name: world.name('twin') })(), create({ name: world.name('twin') })()])
  t.deepEqual(twins.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

serial('something in the way at /run/netns/NAME', async (t) => {
  const { world, create } = await inUse(t)
  const name = world.name('taken')
  const path = `/run/netns/${name}`
  const refused: Case[] = (['bridge', 'none'] as const).map((network) => [create({ name, network }), 'CONFLICT', path, 'not a sandbox', 'ip netns delete'])
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
  await linksAreGone(world)
  const isGone = (call: () => Promise<unknown>): Case => [call, 'NOT_FOUND', gone.name, 'was removed']
  await refuses(
    t, world,
    ...['nobody', gone.name, gone.id, 'abcdef'].map((name): Case => [() => slipway.sandboxes.get(name), 'NOT_FOUND', `no sandbox "${name}"`]),
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
  await refuses(t, world, isGone(() => stranger.publish('8081:80')), isGone(() => stranger.remove()), isGone(() => gone.publish('8081:80')))
  t.deepEqual(next.ports, [])
})

serial('a mapping that there is not, and sandboxes without ports', async (t) => {
  const { world, slipway } = await inUse(t)
  const sandbox = await world.create(slipway, 'a', { publish: ['8080:80'] })
  const none = await world.create(slipway, 'none', { network: 'none' })
  const host = await world.create(slipway, 'host', { network: 'host' })
  await refuses(
    t, world,
    [() => sandbox.unpublish('8081:80'), 'NOT_FOUND', sandbox.name, '0.0.0.0:8080->80/tcp'],
    [() => sandbox.unpublish('127.0.0.1:8080:80'), 'NOT_FOUND', sandbox.name],
    [() => sandbox.unpublish('80/udp'), 'NOT_FOUND', '80/udp'],
    [() => sandbox.unpublish('8080:80', '81'), 'NOT_FOUND', '81/tcp'],
    [() => none.publish('80'), 'INVALID_ARGUMENT', 'none', none.name],
    [() => host.publish('80'), 'INVALID_ARGUMENT', 'host', host.name],
    [() => none.unpublish('80'), 'NOT_FOUND', 'nothing'],
  )
  await sandbox.unpublish('80', '8080:80')
  t.deepEqual(sandbox.ports, [])
})

serial('an interface of that name that is not ours', async (t) => {
  for (const [kind = '', ...rest] of [['bridge'], ['veth', 'peer', 'name', 'other']]) {
    const world = new World(t)
    ip('-n', world.host.name, 'link', 'add', 'docker0', 'type', kind, ...rest)
    const slipway = await world.open()
    await refuses(t, world, [() => slipway.sandboxes.create(), 'CONFLICT', 'docker0', kind, "not Slipway's", 'bridgeName', 'ip link delete docker0'])
  }
  const world = new World(t)
  const slipway = await world.open({ bridgeName: 'uplink' })
  await refuses(t, world, [() => slipway.sandboxes.create(), 'CONFLICT', 'uplink'])
})

serial('a subnet that collides with a route or an address of the host', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'route', 'add', '10.20.0.0/16', 'via', '192.0.2.9')
  const opened = async (options: OpenOptions) => {
    const slipway = await world.open(options)
    return () => slipway.sandboxes.create()
  }
  const [inRoute, overRoute, inAddress] = await Promise.all(['10.20.5.1/24', '10.0.0.1/8', '192.0.2.129/25'].map((bip) => opened({ bip })))
  const noPool = await opened({ defaultAddressPools: [{ base: '10.20.0.0/16', size: 24 }, { base: '192.0.2.0/24', size: 28 }] })
  const lost = await opened({ bip: '172.30.0.1/24', fixedCidr: '172.30.1.0/24' })
  const away = await opened({ bip: '172.30.0.1/24', defaultGateway: '172.30.1.1' })
  const tooSmall = await opened({ defaultAddressPools: [{ base: '172.30.0.0/24', size: 16 }] })
  const network = await opened({ bip: '172.30.0.0/24' })
  const broadcast = await opened({ bip: '172.30.0.255/24' })
  await refuses(
    t, world,
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
    t, world,
    [open({ netns: '/run/netns/nowhere' }), 'NOT_FOUND', '/run/netns/nowhere', 'ip netns add'],
    [open({ netns: file }), 'INVALID_ARGUMENT', file, 'no network namespace'],
    [open({ netns: '/run/netns' }), 'INVALID_ARGUMENT', 'no network namespace'],
    [open({ netns: '/proc/self/ns/mnt' }), 'INVALID_ARGUMENT', 'no network namespace'],
    [open({ stateDir: file }), 'INVALID_ARGUMENT', 'stateDir', 'ENOTDIR'],
    [open({ mtu: 67 }), 'INVALID_ARGUMENT', 'mtu', '68 to 65535'],
    [open({ mtu: 65536 }), 'INVALID_ARGUMENT', 'mtu'],
    [open({ mtu: 1500.5 }), 'INVALID_ARGUMENT', 'mtu'],
    ...['br%d', 'all', 'default', 'sixteen-letters-', '.', '..'].map((bridgeName): Case => [open({ bridgeName }), 'INVALID_ARGUMENT', 'bridgeName']),
    ...[[], [{}], [{ base: '172.17.0.0', size: 16 }], [{ base: '172.17.0.0/16', size: '24' }]].map((pools): Case => [open({ defaultAddressPools: pools as never }), 'INVALID_ARGUMENT', 'defaultAddressPools']),
  )

  const slipway = await world.open()
  const sandbox = await world.create(slipway, 'a', { network: 'none' })
  const [record] = Object.keys(readFiles(world.stateDir)).filter((path) => path.endsWith(`${sandbox.name}.json`)) as [string]
  for (const text of ['', '{', 'null', '{ "version": 1 }']) {
    const stray = join(dirname(record), 'stray.json')
    writeFileSync(stray, text)
    await refuses(t, world, [open({}), 'CONFLICT', stray, 'Remove the file'])
    rmSync(stray)
  }
  await sandbox.remove()

  execIn(world.host, 'nft', 'delete table inet slipway; add table inet slipway { comment "slipway ruleset 0"; }')
  await refuses(t, world, [open({}), 'CONFLICT', '"slipway ruleset 0"', 'nft delete table inet slipway'])
})

interface Attempt extends How {
  open?: OpenOptions
  create?: CreateOptions[]
}

/** Another process that opens the host and creates. @returns what it said. */
async function attempt(t: ExecutionContext, world: World, { open, create, ...how }: Attempt): Promise<{ code?: SlipwayErrorCode; message?: string }[]> {
  const options = { open: { netns: world.host.path, stateDir: world.stateDir, ...open }, prefix: world.prefix, ...(create ? { create } : {}) }
  const { code, said, stderr } = await runChild('attempt', options, how)
  t.is(code, 0, stderr)
  return said as { code?: SlipwayErrorCode; message?: string }[]
}

serial('a missing capability: which, and how to get it', async (t) => {
  const { world } = await inUse(t)
  const drop = (capabilities: string) => ['setpriv', `--bounding-set=${capabilities}`, `--inh-caps=${capabilities}`]
  const refused = (under: string[]) => async () => {
    const [outcome] = await attempt(t, world, { under })
    throw new SlipwayError(outcome?.code ?? 'KERNEL', outcome?.message ?? 'it went well')
  }
  await refuses(
    t, world,
    [refused(drop('-net_admin')), 'PERMISSION', 'lacks CAP_NET_ADMIN.', 'setcap', 'docker run'],
    [refused(drop('-sys_admin')), 'PERMISSION', 'lacks CAP_SYS_ADMIN.'],
    [refused(drop('-all')), 'PERMISSION', 'lacks CAP_NET_ADMIN and CAP_SYS_ADMIN.'],
    // All capabilities, in a user namespace that does not own the network namespace.
    [refused(['unshare', '--user', '--map-root-user']), 'PERMISSION', 'CAP_NET_ADMIN', 'user namespace'],
  )
})

serial('a kernel without nf_tables', async (t) => {
  const world = new World(t)
  // The executor's thread opens two sockets, rtnetlink's first: the second is refused as by a kernel that has no such protocol.
  const under = ['strace', '-f', '-qqq', '-o', '/dev/null', '-e', 'trace=socket', '-e', 'signal=none', '-e', 'inject=socket:error=EPROTONOSUPPORT:when=2']
  const before = snapshot(world)
  const [outcome] = await attempt(t, world, { under })
  t.is(outcome?.code, 'UNSUPPORTED')
  t.regex(outcome?.message ?? '', /no nf_tables.*modprobe nf_tables.*CONFIG_NF_TABLES/)
  await isAsBefore(t, world, before)
})
