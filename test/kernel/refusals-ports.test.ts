import { spawn } from 'node:child_process'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { attempt, inUse, refuses, type Case } from '../helpers/bad-input.js'
import { ip, type World } from '../helpers/world.js'

/** Bad input gets a clear error and changes nothing: neither in the kernel nor in the records. */

// One after the other: descriptors are compared, too.
const { serial } = test

serial('a port that is malformed or out of range', async (t) => {
  const { world, create } = await inUse(t)
  const malformed = [
    '',
    ':',
    '::',
    'abc',
    '80:',
    '-80',
    '80-',
    '80-81-82',
    '1.2.3:80:80',
    '256.0.0.1:80:80',
    '01.2.3.4:80:80',
    '1.1.1.1:8080:80:80',
    '80/icmp',
    '80/tcp/udp',
    '/tcp',
    '80 ',
    ' 80',
    '8O',
    '８０',
    '1e3:80',
    '+80',
    '0x50:80',
    '80.0',
    '[::1]:80:80',
    '[2001:db8::1]:80',
    '2001:db8::1:80:80',
    '127.0.0.1:80',
    '127.0.0.1:*',
    '*',
    'a:b:c',
    '80\n',
    '80\0',
  ]
  const outOfRange = ['0', '80:0', '65536', '65536:80', '8080:65536', '99999:80', '65535-65536:1-2', '0-1:1-2']
  const twice = [
    ['8080:80', '8080:81'],
    ['8080:80', '127.0.0.1:8080:80'],
    ['127.0.0.1:8080:80', '8080:80'],
    ['9000-9010:1-11', '9010:80'],
  ]
  await refuses(
    t,
    world,
    ...[...malformed, ...outOfRange].map((text): Case => [
      create({ publish: [text] }),
      'INVALID_ARGUMENT',
      'publish',
      "'8080:80'",
    ]),
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
  const taken = [
    '8080:81',
    '127.0.0.1:8080:80',
    '127.0.0.1:9090:80',
    '9090:80',
    '192.0.2.1:5353:53/udp',
    '8070-8085:70-85',
  ]
  await refuses(
    t,
    world,
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
  // With the next that it publishes, this process takes over what that one has held: two sockets.
  await t.throwsAsync(create({ publish: ['8080:80'] }), { code: 'PORT_IN_USE' })
  await refuses(
    t,
    world,
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
    t,
    world,
    [() => other.sandboxes.create({ publish: ['127.0.0.1:8080:80'] }), 'PORT_IN_USE', world.name('every')],
    [create({ publish: ['9090:80'] }), 'PORT_IN_USE', world.name('one')],
  )
})

/** A process of the host that listens, until the test ends. */
async function listens(
  t: ExecutionContext,
  world: World,
  protocol: 'tcp' | 'udp',
  port: number,
  address: string,
  options = {},
): Promise<void> {
  const script =
    protocol === 'tcp'
      ? `require('net').createServer().listen(${JSON.stringify({ host: address, port, ...options })}, () => console.log('listening'))`
      : `require('dgram').createSocket(${JSON.stringify({ type: address.includes(':') ? 'udp6' : 'udp4', ...options })}).bind(${port}, '${address}', () => console.log('listening'))`
  const listener = spawn('nsenter', [`--net=${world.host.path}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LD_PRELOAD: '' },
  })
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
    t,
    world,
    ...['8001:80', '127.0.0.1:8001:80', '8002:80', '127.0.0.1:8002:80', '8003:80', '127.0.0.1:8003:80'].flatMap(
      listening,
    ),
    ...[
      '8005:53/udp',
      '127.0.0.1:8005:53/udp',
      '8006:53/udp',
      '8007:53/udp',
      '127.0.0.1:8007:53/udp',
      '8008:53/udp',
    ].flatMap(listening),
  )
  // These are free.
  await sandbox.publish('192.0.2.1:8002:80', '8004:80', '8001:80/udp', '8005:80/tcp', '192.0.2.1:8006:53/udp')
})

serial('a mapping that there is not, and sandboxes without ports', async (t) => {
  const { world, slipway } = await inUse(t)
  const sandbox = await world.create(slipway, 'a', { publish: ['8080:80'] })
  const none = await world.create(slipway, 'none', { network: 'none' })
  const host = await world.create(slipway, 'host', { network: 'host' })
  await refuses(
    t,
    world,
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

serial('a whole host address', async (t) => {
  const { world, slipway, create } = await inUse(t)
  ip('-n', world.host.name, 'address', 'add', '192.0.2.5/32', 'dev', 'uplink')
  const holder = await world.create(slipway, 'holder', { publish: ['192.0.2.5:*'] })
  const other = await world.create(slipway, 'other')
  const late = await world.open()
  await refuses(
    t,
    world,
    [create({ publish: ['192.0.2.5:*'] }), 'PORT_IN_USE', holder.name, '192.0.2.5'],
    [create({ publish: [{ protocol: 'all', containerPort: 0, hostIp: '192.0.2.5' }] }), 'PORT_IN_USE', holder.name],
    [() => other.publish('192.0.2.5:*'), 'PORT_IN_USE', holder.name],
    [() => late.sandboxes.create({ publish: ['192.0.2.5:*'] }), 'PORT_IN_USE', holder.name],
    [create({ publish: ['192.0.2.1:*', '192.0.2.1:*'] }), 'INVALID_ARGUMENT', '192.0.2.1:* twice'],
    ...[
      '*',
      '0.0.0.0:*',
      '[::]:*',
      '127.0.0.1:*',
      '127.5.0.1:*',
      '224.0.0.1:*',
      '192.0.2.1:80:*',
      '192.0.2.1:*/tcp',
      '192.0.2.1:*:80',
      '192.0.2.1',
    ].map((text): Case => [create({ publish: [text] }), 'INVALID_ARGUMENT', 'publish']),
    [
      create({ publish: ['192.0.2.1:*,allow=10.0.0.0/8'] }),
      'INVALID_ARGUMENT',
      'allow',
      'its ports',
      "'192.0.2.5:80:80,allow=10.0.0.0/8'",
    ],
    [
      create({ publish: [{ protocol: 'all', containerPort: 0, hostIp: '192.0.2.1', allow: ['10.0.0.0/8'] }] }),
      'INVALID_ARGUMENT',
      'allow',
      'its ports',
    ],
    [
      create({ publish: [{ protocol: 'all', containerPort: 80, hostIp: '192.0.2.1' }] }),
      'INVALID_ARGUMENT',
      'containerPort is 0',
    ],
    [() => other.unpublish('192.0.2.5:*'), 'NOT_FOUND', '192.0.2.5:*', 'nothing'],
  )
  t.deepEqual(holder.inspect().Ports, { '*': [{ HostIp: '192.0.2.5', HostPort: '*' }] })
  await holder.unpublish('192.0.2.5:*')
  await other.publish('192.0.2.5:*')
})

serial('who may connect', async (t) => {
  const { world, slipway, create } = await inUse(t)
  await slipway.networks.create({
    name: 'routed',
    options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'routed' },
  })
  const allow = (text: unknown) => create({ publish: [{ protocol: 'tcp', containerPort: 80, allow: text as never }] })
  await refuses(
    t,
    world,
    ...[
      '',
      'a',
      '10.0.0.0/33',
      '10.0.0/8',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      'fe80::1%eth0',
      '::ffff:10.0.0.1',
      '2001:db8::/129',
      ' 10.0.0.0/8',
    ].flatMap((text): Case[] => [
      [create({ publish: [`80,allow=${text}`] }), 'INVALID_ARGUMENT', 'allow'],
      [allow([text]), 'INVALID_ARGUMENT', 'allow'],
    ]),
    ...[[], '10.0.0.0/8', null, {}, [1], [['10.0.0.0/8']]].map((list): Case => [
      allow(list),
      'INVALID_ARGUMENT',
      'allow',
    ]),
    [create({ publish: ['80,deny=10.0.0.0/8'] }), 'INVALID_ARGUMENT', 'deny'],
    [create({ publish: ['80,allow=2001:db8::/64'] }), 'INVALID_ARGUMENT', 'nobody could connect'],
    [
      create({ network: 'routed', publish: ['80,allow=10.0.0.0/8'] }),
      'INVALID_ARGUMENT',
      'allow does not go',
      'routed',
      '"user"',
    ],
    [create({ network: 'routed', publish: ['192.0.2.1:*'] }), 'INVALID_ARGUMENT', 'whole host address', 'routed'],
  )
})

serial('a network that does not lead to the world, or not where is asked for', async (t) => {
  const { world, slipway, create } = await inUse(t)
  const bridge = (option: string) => `com.docker.network.bridge.${option}`
  await slipway.networks.create({ name: 'internal', internal: true })
  await slipway.networks.create({
    name: 'isolated',
    internal: true,
    options: { [bridge('gateway_mode_ipv4')]: 'isolated' },
  })
  await slipway.networks.create({ name: 'six', ipv4: false, ipv6: true })
  await slipway.networks.create({ name: 'bound', options: { [bridge('host_binding_ipv4')]: '198.51.100.1' } })
  const app = await world.create(slipway, 'app', { network: 'internal' })
  await refuses(
    t,
    world,
    ...['internal', 'isolated'].map((network): Case => [
      create({ network, publish: ['80'] }),
      'INVALID_ARGUMENT',
      'publish',
      'no network that leads to the world',
    ]),
    [() => app.publish('8080:80'), 'INVALID_ARGUMENT', 'no network that leads to the world'],
    [create({ network: 'six', publish: ['0.0.0.0:8080:80'] }), 'INVALID_ARGUMENT', 'no IPv4'],
    [create({ network: 'six', publish: ['192.0.2.1:*'] }), 'INVALID_ARGUMENT', 'no IPv4'],
    [
      create({ network: 'six', publish: ['[2001:db8::77]:8080:80'] }),
      'INVALID_ARGUMENT',
      '2001:db8::77',
      'no address of this host',
    ],
    [create({ network: 'bound', publish: ['8080:80'] }), 'INVALID_ARGUMENT', '198.51.100.1', 'no address of this host'],
  )
})
