import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import test from 'ava'
import type { NetworkInspect, SandboxStats } from 'slipway'
import { COMMAND, done, doneJson, links, slipway } from '../helpers/command.js'
import { execIn, ip, ipJson, World, type Place } from '../helpers/world.js'

/** `slipway network …`, and sandboxes on the networks that it makes. */

const addressesIn = (place: Place, link: string): string[] =>
  ipJson<{ addr_info: { local: string; prefixlen: number; scope: string }[] }>(place, 'address', 'show', 'dev', link)
    .flatMap(({ addr_info }) => addr_info)
    .filter(({ scope }) => scope === 'global')
    .map(({ local, prefixlen }) => `${local}/${prefixlen}`)

const sandbox = (name: string): Place => ({ name, path: `/run/netns/${name}` })

test('network create: each flag is seen in inspect, and in the kernel', async (t) => {
  const world = new World(t)
  const id = await done(
    world,
    'network',
    'create',
    '--ipv6',
    '--subnet',
    '172.20.0.0/16',
    '--subnet',
    'fd00:1:2:3::/64',
    '--gateway',
    'fd00:1:2:3::9',
    '--gateway',
    '172.20.0.254',
    '--ip-range',
    '172.20.5.0/24',
    '--aux-address',
    'router=172.20.5.0',
    '--aux-address',
    'other=fd00:1:2:3::1',
    '--label',
    'team=blue',
    '--label',
    'bare',
    '-o',
    'com.docker.network.bridge.name=br7',
    '--opt',
    'com.docker.network.driver.mtu=1400',
    '-d',
    'bridge',
    'web',
  )
  t.regex(id, /^[0-9a-f]{64}\n$/)
  const [web] = JSON.parse(await done(world, 'network', 'inspect', 'web')) as [NetworkInspect]
  t.like(web, {
    Name: 'web',
    Id: id.trim(),
    Driver: 'bridge',
    Scope: 'local',
    EnableIPv4: true,
    EnableIPv6: true,
    Internal: false,
    Containers: {},
    Options: { 'com.docker.network.bridge.name': 'br7', 'com.docker.network.driver.mtu': '1400' },
    Labels: { team: 'blue', bare: '' },
  })
  t.deepEqual(web.IPAM.Config, [
    {
      Subnet: '172.20.0.0/16',
      IPRange: '172.20.5.0/24',
      Gateway: '172.20.0.254',
      AuxiliaryAddresses: { router: '172.20.5.0' },
    },
    { Subnet: 'fd00:1:2:3::/64', Gateway: 'fd00:1:2:3::9', AuxiliaryAddresses: { other: 'fd00:1:2:3::1' } },
  ])
  t.like(ipJson(world.host, 'link', 'show', 'br7')[0], { mtu: 1400 })
  t.deepEqual(addressesIn(world.host, 'br7'), ['172.20.0.254/16', 'fd00:1:2:3::9/64'])

  const app = world.name('app')
  await done(world, 'create', '--network', 'web', '--name', app)
  t.deepEqual(addressesIn(sandbox(app), 'eth0'), ['172.20.5.1/16', 'fd00:1:2:3::2/64'])
  const [used] = JSON.parse(await done(world, 'network', 'inspect', id.slice(0, 9))) as [NetworkInspect]
  t.deepEqual(
    Object.values(used.Containers).map(({ Name, IPv4Address }) => [Name, IPv4Address]),
    [[app, '172.20.5.1/16']],
  )

  const refused = await slipway(world, 'network', 'rm', 'web')
  t.like(refused, {
    status: 1,
    stdout: '',
    stderr: `slipway: The network web is in use by ${app}. Disconnect or remove it first: slipway network disconnect web ${app}.\n`,
  })
  await done(world, 'network', 'disconnect', 'web', app)
  t.is(await done(world, 'network', 'rm', 'web'), 'web\n')
  t.deepEqual(links(world), ['lo', 'uplink'])
  await done(world, 'rm', app)
})

test('network create: IPv6 alone, internal, and what is made as JSON', async (t) => {
  const world = new World(t)
  const [six] = await doneJson<[NetworkInspect]>(world, 'network', 'create', '--no-ipv4', '--ipv6', 'six')
  t.like(six, { Name: 'six', EnableIPv4: false, EnableIPv6: true })
  t.regex(six.IPAM.Config?.[0]?.Subnet ?? '', /^fd[0-9a-f:]+::\/64$/)
  const [back] = await doneJson<[NetworkInspect]>(world, 'network', 'create', '--internal', 'back')
  t.true(back.Internal)
  const [sized] = await doneJson<[NetworkInspect]>(world, 'network', 'create', '--subnet', '0.0.0.0/26', 'sized')
  t.regex(sized.IPAM.Config?.[0]?.Subnet ?? '', /\/26$/)
  t.deepEqual(await doneJson(world, 'network', 'rm', 'six', 'back', 'sized'), ['six', 'back', 'sized'])
})

test('network ls: docker’s columns, filters, ids', async (t) => {
  const world = new World(t)
  await done(world, 'network', 'create', '--label', 'team=blue', 'web')
  await done(world, 'network', 'create', '--label', 'team=red', '--internal', 'webhook')
  await done(world, 'create', '--network', 'web', '--name', world.name('app'))
  const rows = (await done(world, 'network', 'ls'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {3,}/))
  t.deepEqual(rows[0], ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE'])
  t.deepEqual(
    rows.slice(1).map(([id, ...rest]) => [/^[0-9a-f]{12}$/.test(id ?? ''), ...rest]),
    [
      [true, 'bridge', 'bridge', 'local'],
      [true, 'host', 'host', 'local'],
      [true, 'none', 'null', 'local'],
      [true, 'web', 'bridge', 'local'],
      [true, 'webhook', 'bridge', 'local'],
    ],
  )
  const idOf = (name: string) => rows.find((row) => row[1] === name)?.[0] ?? ''
  t.is(await done(world, 'network', 'ls', '-q', '-f', 'name=hook'), `${idOf('webhook')}\n`)
  t.regex(await done(world, 'network', 'ls', '-q', '--no-trunc', '-f', 'name=hook'), /^[0-9a-f]{64}\n$/)

  const filtered: [string[], string[]][] = [
    [['driver=bridge'], ['bridge', 'web', 'webhook']],
    [
      ['driver=null', 'driver=host'],
      ['host', 'none'],
    ],
    [[`id=${idOf('web')}`], ['web']],
    [['label=team'], ['web', 'webhook']],
    [['label=team=red'], ['webhook']],
    [['label=team', 'label=team=red'], ['webhook']],
    [['name=web'], ['web', 'webhook']],
    [['type=custom'], ['web', 'webhook']],
    [['type=builtin'], ['bridge', 'host', 'none']],
    [['dangling=true'], ['webhook']],
    [['dangling=0'], ['web']],
    [['type=custom', 'dangling=false', 'label=team=red'], []],
  ]
  for (const [filters, names] of filtered) {
    const found = await doneJson<NetworkInspect[]>(
      world,
      'network',
      'ls',
      ...filters.flatMap((one) => ['--filter', one]),
    )
    t.deepEqual(
      found.map(({ Name }) => Name),
      names,
      filters.join(' '),
    )
  }
})

test('network ls beside a docker0 that is somebody else’s', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'link', 'add', 'docker0', 'type', 'bridge')
  await done(world, 'network', 'create', 'web')
  t.is((await done(world, 'network', 'ls', '-q')).split('\n').length - 1, 4)
  t.like(await doneJson(world, 'network', 'inspect', 'bridge'), [{ Name: 'bridge', IPAM: { Config: null } }])
  const refused = await slipway(world, 'create')
  t.like(refused, {
    status: 1,
    stderr:
      "slipway: There is an interface docker0 already, and it is not Slipway's (a bridge). Give another --bridge-name, or, if nothing needs it, remove it: ip link delete docker0.\n",
  })
  await done(world, 'network', 'rm', 'web')
})

test('network prune: unasked with --force only, by filters', async (t) => {
  const world = new World(t)
  await done(world, 'network', 'create', '--label', 'keep', 'kept')
  for (const name of ['one', 'two', 'used']) await done(world, 'network', 'create', name)
  const app = world.name('app')
  await done(world, 'create', '--network', 'used', '--name', app)
  t.like(await slipway(world, 'network', 'prune'), { status: 2, stdout: '' })
  t.is(await done(world, 'network', 'prune', '--force', '--filter', 'until=1h'), '')
  t.is(
    await done(world, 'network', 'prune', '-f', '--filter', 'label!=keep', '--filter', 'until=2100-01-01T00:00:00Z'),
    'Deleted Networks:\none\ntwo\n',
  )
  await done(world, 'rm', app)
  t.deepEqual(await doneJson<string[]>(world, 'network', 'prune', '-f'), ['kept', 'used'])
  t.deepEqual(links(world), ['lo', 'uplink'])
})

test('network prune: asks somebody at a terminal', async (t) => {
  const world = new World(t)
  await done(world, 'network', 'create', 'web')
  const answer = async (said: string) => {
    const line = [
      process.execPath,
      COMMAND,
      `--netns=${world.host.path}`,
      `--state-dir=${world.stateDir}`,
      'network',
      'prune',
    ].join(' ')
    const child = spawn('script', ['-qec', line, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'], timeout: 30_000 })
    const shown = text(child.stdout)
    child.stdin.write(`${said}\n`)
    const printed = await shown
    child.stdin.end()
    return printed.replaceAll('\r', '')
  }
  const refused = await answer('n')
  t.regex(refused, /This removes all networks that no sandbox is on\. Go on\? \[y\/N\]/)
  t.notRegex(refused, /Deleted/)
  t.regex(await answer('y'), /Deleted Networks:\nweb\n/)
})

test('connect and disconnect, in both orders: interfaces, routes and packets', async (t) => {
  const world = new World(t)
  const [app, db] = [world.name('app'), world.name('db')]
  await done(world, 'network', 'create', '--subnet', '10.7.0.0/24', 'web')
  await done(world, 'network', 'create', '--subnet', '10.8.0.0/24', 'back')
  await done(world, 'create', '--name', app)
  await done(world, 'create', '--name', db, '--network', 'back', '--ip', '10.8.0.9')
  const ping = async (address: string) =>
    (await slipway(world, 'exec', app, '--', 'ping', '-c', '1', '-W', '1', address)).status
  t.not(await ping('10.8.0.9'), 0)

  t.is(
    await done(
      world,
      'network',
      'connect',
      '--ip',
      '10.8.0.5',
      '--mac-address',
      '02:00:00:00:00:05',
      '--alias',
      'api',
      '--alias',
      'api2',
      'back',
      app,
    ),
    '',
  )
  t.is(await ping('10.8.0.9'), 0)
  t.deepEqual(addressesIn(sandbox(app), 'eth1'), ['10.8.0.5/24'])
  t.like(JSON.parse(await done(world, 'inspect', app)), [
    {
      NetworkSettings: {
        Networks: {
          back: {
            IPAddress: '10.8.0.5',
            MacAddress: '02:00:00:00:00:05',
            Aliases: ['api', 'api2'],
            IPAMConfig: { IPv4Address: '10.8.0.5' },
            DNSNames: { 0: app, 1: 'api', 2: 'api2' },
          },
        },
      },
    },
  ])
  t.like(await doneJson(world, 'connect', app, 'web', '--gw-priority', '7'), {
    network: 'web',
    interface: 'eth2',
    gateway: '10.7.0.1',
    gwPriority: 7,
  })
  t.like(ipJson(sandbox(app), 'route', 'show', 'default')[0], { gateway: '10.7.0.1', dev: 'eth2' })
  t.is(
    (await done(world, 'ls'))
      .split('\n')
      .find((line) => line.startsWith(app))
      ?.split(/ {3,}/)[2],
    'bridge, back, web',
  )

  const again = await slipway(world, 'connect', app, 'web')
  t.like(again, {
    status: 1,
    stderr: `slipway: The sandbox ${app} is on the network web already. Disconnect it first to change its endpoint: slipway disconnect ${app} web.\n`,
  })
  t.is(await done(world, 'disconnect', app, 'web'), '')
  t.like(ipJson(sandbox(app), 'route', 'show', 'default')[0], { dev: 'eth1' })
  t.like(await slipway(world, 'disconnect', app, 'web'), {
    status: 1,
    stderr: `slipway: The sandbox ${app} is not on the network web. It is on bridge, back.\n`,
  })
  t.is(await done(world, 'network', 'disconnect', '-f', 'web', app), '')
  // Those that every host has are found by id, too.
  const [bridge] = JSON.parse(await done(world, 'network', 'inspect', 'bridge')) as [NetworkInspect]
  await done(world, 'network', 'disconnect', bridge.Id.slice(0, 12), app)
  t.regex((await slipway(world, 'connect', app, 'none')).stderr, /^slipway: connect: .*"none"/)
  await done(world, 'rm', app, db)
})

test('create: a namespace that somebody else has made, and one that another sandbox has', async (t) => {
  const world = new World(t)
  const [mine, side, inHost] = [world.name('mine'), world.name('side'), world.name('inhost')]
  ip('netns', 'add', mine)
  await done(world, 'create', '--name', mine, '--netns', `/run/netns/${mine}`, '--ip', '172.17.0.7')
  t.deepEqual(addressesIn(sandbox(mine), 'eth0'), ['172.17.0.7/16'])
  await done(world, 'create', '--name', side, '--network', `container:${mine}`)
  t.is(execIn(sandbox(side), 'readlink', '/proc/self/ns/net'), execIn(sandbox(mine), 'readlink', '/proc/self/ns/net'))
  t.regex(
    (await done(world, 'ls')).split('\n').find((line) => line.startsWith(side)) ?? '',
    / {3}container:[0-9a-f]{12} {3}/,
  )
  await done(world, 'create', '--name', inHost, '--network', 'host')
  await done(world, 'rm', side, inHost, mine)
  t.true(world.namespaces().includes(mine))
})

test('stats: what went through, and how often ports were used', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(world, 'create', '--name', app, '-p', '8080:80')
  const child = spawn('nsenter', [`--net=/run/netns/${app}`, 'socat', 'tcp-listen:80,fork,reuseaddr', 'exec:true'], {
    stdio: 'ignore',
  })
  t.teardown(() => child.kill())
  const counted = () => doneJson<SandboxStats>(world, 'stats', app)
  const before = await counted()
  t.deepEqual(before.ports, [{ protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080, connections: 0 }])
  execIn(world.host, 'socat', '-u', 'tcp:127.0.0.1:8080,retry=50,interval=0.1', 'open:/dev/null')
  const after = await counted()
  t.true((after.ports[0]?.connections ?? 0) > 0)
  t.true((after.interfaces[0]?.rxPackets ?? 0) > (before.interfaces[0]?.rxPackets ?? 0))
  const lines = (await done(world, 'stats', app)).split('\n')
  t.regex(
    lines[0] ?? '',
    /^INTERFACE {3,}NETWORK {3,}RX BYTES {3,}RX PACKETS {3,}RX DROPPED {3,}TX BYTES {3,}TX PACKETS {3,}TX DROPPED$/,
  )
  t.regex(lines[1] ?? '', /^eth0 {3,}bridge {3,}\d+ {3,}\d+ {3,}0 {3,}\d+ {3,}\d+ {3,}0$/)
  t.is(lines[2], '')
  t.regex(
    lines.slice(3).join('\n'),
    /^PORT {3,}PUBLISHED AT {3,}CONNECTIONS\n80\/tcp {3,}0\.0\.0\.0:8080 {3,}[1-9]\d*\n$/,
  )
  await done(world, 'rm', app)
})
