import test from 'ava'
import type { NetworkInspect } from 'slipway'
import { served } from '../helpers/served.js'
import { ipJson } from '../helpers/world.js'

/** Docker's own command does what it does with a dockerd: `docker network …`. */

test('network create, ls, inspect, connect, disconnect, rm, prune', async (t) => {
  const { world, slipway, done, refused } = await served(t)
  const id = await done(
    ...['network', 'create', '--subnet', '172.30.0.0/16', '--gateway', '172.30.0.9', '--ip-range', '172.30.5.0/24'],
    ...['--aux-address', 'router=172.30.5.0', '--label', 'team=blue', '--opt', 'com.docker.network.bridge.name=br7'],
    ...['--opt', 'com.docker.network.driver.mtu=1400', '--ipv6', '--subnet', 'fd00:1:2:3::/64', '--internal', 'web'],
  )
  t.regex(id, /^[0-9a-f]{64}$/)
  t.like(ipJson(world.host, 'link', 'show', 'br7')[0], { mtu: 1400 })
  t.is(await done('network', 'create', 'back'), (await slipway.networks.get('back')).id)

  const [head, ...rows] = (await done('network', 'ls', '--no-trunc')).split('\n').map((line) => line.split(/ {3,}/))
  t.deepEqual(head, ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE'])
  t.deepEqual(
    rows.map(([, ...row]) => row),
    [
      ['back', 'bridge', 'local'],
      ['bridge', 'bridge', 'local'],
      ['host', 'host', 'local'],
      ['none', 'null', 'local'],
      ['web', 'bridge', 'local'],
    ],
  )

  const app = await world.create(slipway, 'app')
  t.is(await done('network', 'connect', '--ip', '172.30.5.7', '--alias', 'api', 'web', app.name), '')
  await app.refresh()
  t.deepEqual(app.endpoints.find(({ network }) => network === 'web')?.addresses[0], '172.30.5.7/16')
  // What the library says, but for the time that Go cannot read where there is none.
  const said = async (name: string) => JSON.parse(await done('network', 'inspect', name)) as [NetworkInspect]
  t.deepEqual(await said('web'), [await (await slipway.networks.get('web')).inspect()])
  t.is(Object.values((await said(id.slice(0, 7)))[0].Containers)[0]?.Name, app.name)
  t.like(await said('none'), [{ Name: 'none', Created: '0001-01-01T00:00:00Z' }])
  // Docker's command sends subnets in any order.
  const subnets = await done('network', 'inspect', '-v', '--format', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', 'web')
  t.deepEqual(subnets.split(' ').sort(), ['172.30.0.0/16', 'fd00:1:2:3::/64'])

  t.is(
    await refused('network', 'rm', 'web'),
    `Error response from daemon: The network web is in use by ${app.name}. Disconnect or remove it first: slipway network disconnect web ${app.name}.\nexit status 1`,
  )
  t.is(await done('network', 'disconnect', 'web', `/${app.id.slice(0, 12)}`), '')
  t.regex(await refused('network', 'disconnect', 'web', app.name), /^Error response from daemon: /)
  t.is(await done('network', 'disconnect', '--force', 'web', app.name), '')
  t.is(await done('network', 'rm', 'web'), 'web')
  t.is(await done('network', 'prune', '--force', '--filter', 'until=24h'), '')
  t.is(await done('network', 'prune', '--force'), 'Deleted Networks:\nback')
  await app.remove()
})

test('network ls takes docker’s filters', async (t) => {
  const { world, slipway, done, refused } = await served(t)
  const { id } = await slipway.networks.create({ name: 'web', labels: { team: 'blue' } })
  await slipway.networks.create({ name: 'webhook', labels: { team: 'red' } })
  const app = await world.create(slipway, 'app', { network: 'web' })
  const every = ['bridge', 'host', 'none', 'web', 'webhook']
  const rows: [string[], string[]][] = [
    [['driver=bridge'], ['bridge', 'web', 'webhook']],
    [
      ['driver=null', 'driver=host'],
      ['host', 'none'],
    ],
    [[`id=${id.slice(0, 12)}`], ['web']],
    [['label=team', 'label=team=red'], ['webhook']],
    [['name=web'], ['web', 'webhook']],
    [['name=^web$'], ['web']],
    [['name=^(web|host)$'], ['host', 'web']],
    [['scope=local'], every],
    [['scope=swarm'], []],
    [['type=custom'], ['web', 'webhook']],
    [['type=builtin'], ['bridge', 'host', 'none']],
    [['dangling=true'], ['webhook']],
    // To docker, what every host has is never dangling.
    [['dangling=false'], ['bridge', 'host', 'none', 'web']],
  ]
  const typed = (filters: readonly string[]) => filters.flatMap((one) => ['--filter', one])
  for (const [filters, names] of rows)
    t.deepEqual(
      (await done('network', 'ls', '--format', '{{.Name}}', ...typed(filters))).split('\n').filter(Boolean),
      names,
      filters.join(' '),
    )
  for (const [filter, words] of [
    ['color=red', /invalid filter 'color'/],
    ['type=other', /neither builtin nor custom/],
    ['dangling=perhaps', /must be "true" \(or "1"\)/],
    // It would hold the server up for years.
    ['name=(a+)+$', /names and ids are matched by text/],
  ] as const)
    t.regex(await refused('network', 'ls', '--filter', filter), words)
  await app.remove()
})

test('what is refused, by docker’s status, in a sentence', async (t) => {
  const { done, refused } = await served(t)
  await done('network', 'create', '--subnet', '172.30.0.0/16', 'web')
  const rows: [string[], RegExp][] = [
    [['create', 'web'], /There is a network web|already/],
    [['create', 'bridge'], /is there on every host/],
    [['create', '--subnet', '172.30.7.0/24', 'inner'], /IPAM\.Config\[0\]\.Subnet 172\.30\.7\.0\/24 is not free/],
    [['create', '--driver', 'overlay', 'wide'], /Driver "overlay" is not one of Slipway's/],
    [
      ['create', '--opt', 'com.docker.network.driver.mtv=1400', 'narrow'],
      /Did you mean "com\.docker\.network\.driver\.mtu"\?/,
    ],
    [['create', '--config-only', 'swarm'], /ConfigOnly is for a swarm/],
    [['create', '--ipam-driver', 'other', 'away'], /IPAM\.Driver "other"/],
    [['rm', 'bridge'], /is there on every host/],
    [['rm', 'nope'], /There is no network "nope"/],
    [['inspect', 'nope'], /There is no network "nope"/],
    [['connect', 'web', 'nope'], /There is no sandbox "nope"/],
    [['connect', '--link', 'db:db', 'web', 'nope'], /Links: sandboxes of one network find each other by name/],
  ]
  for (const [args, words] of rows) t.regex(await refused('network', ...args), words, args.join(' '))
  t.is(await done('network', 'rm', '--force', 'nope'), '')
  t.is(await done('network', 'rm', 'web'), 'web')
})

test('version and info say who answers; what is no networking is refused with a reason', async (t) => {
  const { world, slipway, done, refused } = await served(t)
  const app = await world.create(slipway, 'app')
  t.is(
    await done('version', '--format', '{{.Server.Platform.Name}} {{.Server.Version}} {{.Server.APIVersion}}'),
    'Slipway 0.1.0 1.56',
  )
  t.is(
    await done('info', '--format', '{{.ContainersRunning}} {{.Plugins.Network}} {{.ServerErrors}}'),
    '1 [bridge host ipvlan macvlan null] []',
  )
  for (const [args, words] of [
    [['images'], /has no images/],
    [['volume', 'ls'], /has no volumes/],
    [['swarm', 'leave'], /has no swarm/],
    [['logs', app.name], /starts no programs/],
    [['restart', app.name], /a sandbox is a network stack/],
  ] as const)
    t.regex(await refused(...args), words, args.join(' '))
  await app.remove()
})
