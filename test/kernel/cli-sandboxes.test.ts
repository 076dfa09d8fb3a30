import test from 'ava'
import { done, EMPTY, links, slipway } from '../helpers/command.js'
import { eventually, HOST_ADDRESS, ipJson, World } from '../helpers/world.js'

/** Commands about sandboxes that stay. */

test('create, ls, port, inspect, exec, publish, unpublish, rm', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  t.is(
    await done(
      world,
      'create',
      '--name',
      app,
      '-p',
      '8080:80',
      '-p',
      '127.0.0.1:9000-9001:90-91/udp',
      '--mac-address',
      '02:00:00:00:00:07',
    ),
    `${app}\n`,
  )
  const bare = (await done(world, 'create', '--network', 'none')).trim()
  t.regex(bare, /^[0-9a-f]{12}$/)
  t.teardown(() => slipway(world, 'rm', bare))

  const [head, ...rows] = (await done(world, 'ls'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {3,}/))
  t.deepEqual(head, ['NAME', 'ID', 'NETWORK', 'ADDRESS', 'PORTS', 'CREATED'])
  const row = rows.find(([name]) => name === app)
  t.like(row, { 2: 'bridge', 3: '172.17.0.2/16', 4: '0.0.0.0:8080->80/tcp, 127.0.0.1:9000-9001->90-91/udp' })
  t.regex(row?.[5] ?? '', / ago$/)
  t.is(rows.length, 2)
  t.regex(await done(world, 'ls', '-q'), /^([0-9a-f]{12}\n){2}$/)
  t.regex(await done(world, 'ls', '-q', '--no-trunc'), /^([0-9a-f]{64}\n){2}$/)

  t.is(await done(world, 'port', app), '80/tcp -> 0.0.0.0:8080\n90/udp -> 127.0.0.1:9000\n91/udp -> 127.0.0.1:9001\n')
  t.is(await done(world, 'port', app, '80'), '0.0.0.0:8080\n')
  t.is(await done(world, 'port', app, '91/udp'), '127.0.0.1:9001\n')
  t.deepEqual(JSON.parse(await done(world, 'port', app, '80/tcp', '--json')), [
    { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 },
  ])

  const [described] = JSON.parse(await done(world, 'inspect', app)) as [{ Id: string }]
  t.like(described, {
    Name: app,
    NetworkSettings: {
      SandboxKey: `/run/netns/${app}`,
      Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] },
      Networks: { bridge: { IPAddress: '172.17.0.2', Gateway: '172.17.0.1', MacAddress: '02:00:00:00:00:07' } },
    },
  })
  t.deepEqual(
    (JSON.parse(await done(world, 'ls', '--json')) as { Name: string }[]).find(({ Name }) => Name === app),
    described as never,
  )
  t.is(rows.find(([name]) => name === app)?.[1], described.Id.slice(0, 12))
  t.deepEqual(JSON.parse(await done(world, 'inspect', described.Id.slice(0, 12))), [described])

  t.regex(await done(world, 'exec', app, '--', 'ip', '-br', '-4', 'address', 'show', 'eth0'), /172\.17\.0\.2\/16/)
  t.regex(await done(world, 'exec', app, 'ip', '-o', 'link'), /02:00:00:00:00:07/)
  t.is((await slipway(world, 'exec', app, '--', 'sh', '-c', 'exit 9')).status, 9)
  t.is((await slipway(world, 'exec', app, '--', 'sh', '-c', 'kill -TERM $$')).status, 143)
  t.is((await slipway(world, 'exec', app, '--', 'no-such-program')).status, 127)

  t.is(await done(world, 'publish', app, '8443:443'), '443/tcp -> 0.0.0.0:8443\n')
  t.is(await done(world, 'unpublish', app, '8080:80', '90/udp'), '')
  t.is(await done(world, 'port', app), '91/udp -> 127.0.0.1:9001\n443/tcp -> 0.0.0.0:8443\n')

  const removing = await slipway(world, 'rm', app, 'no-such', bare)
  t.like(removing, { status: 1, stdout: `${app}\n${bare}\n` })
  t.regex(removing.stderr, /^slipway: There is no sandbox "no-such"/)
  t.is(await done(world, 'ls', '--json'), '[]\n')
  t.deepEqual(links(world), EMPTY)
})

test('create --json and rm --json', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  t.like(JSON.parse(await done(world, 'create', '--name', app, '--json')), [
    { Name: app, NetworkSettings: { SandboxKey: `/run/netns/${app}` } },
  ])
  t.deepEqual(JSON.parse(await done(world, 'publish', app, '8080:80', '--json')), [
    { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 },
  ])
  t.deepEqual(JSON.parse(await done(world, 'rm', app, '--json')), [app])
})

test('exec: a sandbox on the host’s network is the host, whoever made it', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(world, 'create', '--name', app, '--network', 'host')
  t.regex(await done(world, 'exec', app, '--', 'ip', '-br', 'address'), new RegExp(`uplink.*${HOST_ADDRESS}`))
  await done(world, 'rm', app)
})

test('options of the host stand before the command', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  await done(
    world,
    '--bridge-name',
    'br9',
    '--bip',
    '10.9.0.1/24',
    '--fixed-cidr',
    '10.9.0.128/25',
    '--mtu',
    '1400',
    '--no-ip-masq',
    '--ip',
    HOST_ADDRESS,
    'create',
    '--name',
    app,
    '-p',
    '8080:80',
  )
  t.like(ipJson(world.host, 'address', 'show', 'dev', 'br9')[0], {
    mtu: 1400,
    addr_info: [{ local: '10.9.0.1', prefixlen: 24 }],
  })
  t.regex(
    await done(world, 'exec', app, '--', 'ip', '-br', '-4', 'address', 'show', 'eth0'),
    / 10\.9\.0\.1(2[89]|[3-9]\d)\/24/,
  )
  t.is(await done(world, 'port', app), `80/tcp -> ${HOST_ADDRESS}:8080\n`)
  // Without them, too: what is there is what counts, and no other bridge is made.
  await done(world, 'rm', app)
  // The kernel takes a link away a moment after its namespace: slipway serve does not wait for that.
  t.true(await eventually(() => links(world).join() === 'br9,lo,uplink'))
})

test('options of the host for IPv6', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  const six = [
    '--ipv6',
    '--bip6',
    'fd00:9::1/64',
    '--fixed-cidr-v6',
    'fd00:9::100/120',
    '--default-gateway-v6',
    'fd00:9::fe',
    '--default-gateway',
    '172.17.0.254',
  ]
  await done(world, ...six, 'create', '--name', app, '-p', '8080:80')
  const place = { name: app, path: `/run/netns/${app}` }
  const global = (link: object[]) => JSON.stringify(link).match(/fd00:9::[0-9a-f]+/g)
  t.deepEqual(global(ipJson(world.host, '-6', 'address', 'show', 'dev', 'docker0')), ['fd00:9::1'])
  t.regex(global(ipJson(place, '-6', 'address', 'show', 'dev', 'eth0'))?.[0] ?? '', /^fd00:9::1[0-9a-f]{2}$/)
  t.like(ipJson(place, '-6', 'route', 'show', 'default')[0], { gateway: 'fd00:9::fe' })
  t.like(ipJson(place, 'route', 'show', 'default')[0], { gateway: '172.17.0.254' })
  t.is(await done(world, 'port', app), '80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n')
  t.regex(
    (await slipway(world, '--no-ipv6', 'create')).stderr,
    /^slipway: --ipv6: the bridge docker0 exists with ipv6 true, not false\. Leave --ipv6 out/,
  )
  await done(world, 'rm', app)
})
