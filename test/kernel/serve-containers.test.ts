import test from 'ava'
import { call, type Answer } from '../helpers/api-server.js'
import { served } from '../helpers/served.js'
import { isAsBefore, settled, without } from '../helpers/snapshot.js'

/** Docker's own command has sandboxes for containers: `docker ps`, `run -d`, `port`, `stop`, `rm`, … */

test('run -d, ps, port, inspect, network connect and disconnect, stop, rm', async (t) => {
  const { world, slipway, done, refused } = await served(t)
  const app = world.name('app')
  await done('network', 'create', '--subnet', '172.30.0.0/16', 'web')
  await done('network', 'create', 'back')
  const id = await done(
    ...['run', '-d', '--name', app, '-p', '8080:80', '-p', '127.0.0.1::90/udp', '--label', 'team=blue'],
    ...['--network', 'name=web,ip=172.30.0.7,alias=api', '--network', 'back', '--hostname', 'h', '--dns', '192.0.2.53'],
    ...['--add-host', 'db:192.0.2.9', 'busybox'],
  )
  const sandbox = await slipway.sandboxes.get(app)
  t.is(sandbox.id, id)
  t.deepEqual(
    sandbox.endpoints.map(({ network, aliases }) => [network, aliases]),
    [
      ['web', ['api']],
      ['back', []],
    ],
  )
  t.like(sandbox, {
    hostname: 'h',
    labels: { team: 'blue' },
    names: { dns: ['192.0.2.53'], addHost: ['db:192.0.2.9'] },
  })

  const udp = sandbox.ports.find(({ protocol }) => protocol === 'udp')?.hostPort
  t.is(
    await done('ps', '--no-trunc', '--format', '{{.ID}} {{.Names}} {{.State}} {{.Image}} {{.Ports}}'),
    `${id} ${app} running <no image> 0.0.0.0:8080->80/tcp, 127.0.0.1:${udp}->90/udp`,
  )
  t.regex(
    await done('ps', '--size', '--format', '{{.Status}} {{.Label "team"}}'),
    /^Up (Less than a second|\d) .*blue$/,
  )
  t.is(await done('port', app, '80/tcp'), '0.0.0.0:8080')
  const [said] = JSON.parse(await done('inspect', app)) as [Record<string, unknown>]
  t.like(said, {
    Id: id,
    Name: `/${app}`,
    State: { Status: 'running', Running: true },
    Config: { Hostname: 'h', Labels: { team: 'blue' } },
    HostConfig: { NetworkMode: 'web', Dns: ['192.0.2.53'], ExtraHosts: ['db:192.0.2.9'] },
  })
  t.deepEqual(said['NetworkSettings'], JSON.parse(JSON.stringify(sandbox.inspect())))

  t.is(await done('network', 'disconnect', 'back', app), '')
  t.is(await done('network', 'connect', 'bridge', id), '')
  t.deepEqual((await done('ps', '--format', '{{.Networks}}')).split(',').sort(), ['bridge', 'web'])
  t.is(await done('start', app), app)
  t.regex(await refused('rm', app), /cannot remove container "\/\S+-app": container is running/)

  t.is(await done('stop', '-t', '3', app), app)
  t.deepEqual(await slipway.sandboxes.list(), [])
  t.is(await done('ps', '--quiet'), '')
  t.regex(await done('ps', '-a', '--format', '{{.Names}} {{.Status}} {{.Ports}}.'), /-app Exited \(0\) .* ago \.$/)
  t.is(
    await done(
      'inspect',
      '--format',
      '{{.State.Status}} {{.NetworkSettings.SandboxKey}} {{json .NetworkSettings.Ports}}',
      app,
    ),
    'exited  {}',
  )
  t.is(await done('stop', app), app)
  t.regex(await refused('start', app), /-app has stopped, and its sandbox is gone: create another/)
  t.regex(await refused('kill', app), /is not running/)
  t.is(await done('rm', app), app)
  t.regex(await refused('rm', app), /No such container: \S+-app/)
  t.is(await done('rm', '--force', app), '')
})

test('create, start, kill, rm --force; --rm leaves nothing', async (t) => {
  const { world, slipway, done, refused } = await served(t)
  const [app, once, joined] = [world.name('app'), world.name('once'), world.name('joined')]
  const id = await done('create', '--name', app, '--expose', '70-71', '--publish-all', 'busybox')
  t.is(await done('ps', '-a', '--format', '{{.Names}} {{.Status}}'), `${app} Created`)
  t.is(await done('ps', '--quiet'), '')
  // It is on its network already.
  t.regex(await done('port', app, '70'), /^0\.0\.0\.0:\d+$/)
  t.is(await done('start', app), app)
  t.is(await done('ps', '--quiet', '--no-trunc'), id)
  t.is(await done('kill', id.slice(0, 8)), id.slice(0, 8))
  t.is(await done('rm', app), app)

  await done('run', '-d', '--rm', '--name', once, '--network', 'none', 'busybox')
  t.regex(await refused('kill', '--signal', 'HUP', once), /SIGHUP: a sandbox has no program/)
  t.is(await done('stop', once), once)
  t.is(await done('ps', '--all', '--quiet'), '')

  // Of whoever makes it.
  const other = await world.create(slipway, 'other')
  t.is(await done('run', '-d', '--name', joined, '--network', `container:${other.name}`, 'busybox').then(() => ''), '')
  t.is(await done('inspect', '--format', '{{.HostConfig.NetworkMode}}', joined), `container:${other.id}`)
  t.is(await done('rm', '--force', joined, other.name), `${joined}\n${other.name}`)
  t.deepEqual(await slipway.sandboxes.list(), [])
})

test('a list takes docker’s filters', async (t) => {
  const { world, slipway, server } = await served(t)
  await slipway.networks.create({ name: 'web' })
  const publish = (port: string) => ({ publish: [port] })
  const first = await world.create(slipway, 'first', { labels: { team: 'blue' }, ...publish('8080:80') })
  await world.create(slipway, 'second', { labels: { team: 'red' }, network: 'web', ...publish('9000:90/udp') })
  const offline = { HostConfig: { NetworkMode: 'none' } }
  for (const name of ['third', 'fourth'])
    t.is((await call(server, 'POST', `/containers/create?name=${world.name(name)}`, offline)).status, 201)
  for (const stage of ['start', 'stop'])
    t.is((await call(server, 'POST', `/containers/${world.name('fourth')}/${stage}`)).status, 204)
  const list = (query: string, filters: object) =>
    call(server, 'GET', `/containers/json?${query}&filters=${encodeURIComponent(JSON.stringify(filters))}`)
  const rows: [string, Record<string, string[]>, string[]][] = [
    ['', {}, ['second', 'first']],
    ['all=1', {}, ['fourth', 'third', 'second', 'first']],
    ['limit=3', {}, ['fourth', 'third', 'second']],
    ['', { status: ['created'] }, ['third']],
    ['', { status: ['exited', 'running'], name: ['-f'] }, ['fourth', 'first']],
    ['', { exited: ['0'] }, ['fourth']],
    ['', { exited: ['1'] }, []],
    ['', { id: [first.id.slice(0, 12)] }, ['first']],
    ['', { name: [`^/(${world.name('first')}|third)$`] }, ['first']],
    ['', { label: ['team', 'team=red'] }, ['second']],
    ['', { network: ['web'] }, ['second']],
    ['all=1', { network: ['none'] }, ['fourth', 'third']],
    ['', { publish: ['8080'] }, ['first']],
    ['', { publish: ['8000-9000/udp'] }, ['second']],
    ['', { expose: ['90/udp', '70'] }, ['second']],
    ['all=1', { before: [world.name('third')] }, ['second', 'first']],
    ['all=1', { since: [world.name('second')] }, ['fourth', 'third']],
  ]
  for (const [query, filters, names] of rows) {
    const { json } = await list(query, filters)
    const found = (json as { Names: string[] }[]).map(({ Names: [name = ''] }) => name.replace(/.*-/, ''))
    t.deepEqual(found, names, JSON.stringify(filters))
  }
  for (const [filters, status, words] of [
    [{ colour: ['red'] }, 400, /invalid filter 'colour'/],
    [{ status: ['odd'] }, 400, /invalid filter 'status=odd'/],
    [{ exited: ['no'] }, 400, /invalid filter 'exited=no'/],
    [{ publish: ['web'] }, 400, /a port is written 80/],
    [{ since: ['nope'] }, 404, /No such container: nope/],
    [{ ancestor: ['busybox'] }, 501, /a sandbox is a network stack, and has no image/],
    [{ name: ['(a+)+$'] }, 400, /names and ids are matched by text/],
  ] as const) {
    const answer = await list('', filters)
    t.is(answer.status, status, JSON.stringify(filters))
    t.regex(message(answer), words)
  }
})

const message = ({ json }: Answer): string => (json as { message: string }).message

test('the status is docker’s, and what is refused leaves nothing', async (t) => {
  const { world, slipway, server } = await served(t)
  const [app, held] = [world.name('app'), world.name('held')]
  const named = `?name=${app}`
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.30.0.0/16' }] })
  const post = (path: string, body?: object) => call(server, 'POST', path, body)
  const create = (body: object, query = '') => post(`/containers/create${query}`, body)
  t.is((await create({}, named)).status, 201)
  t.is(
    (await create({ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } }, `?name=${held}`)).status,
    201,
  )
  const before = without(await settled(world), 'descriptors')
  const endpoint = (network: string, settings: object) => ({
    HostConfig: { NetworkMode: network },
    NetworkingConfig: { EndpointsConfig: { [network]: settings } },
  })
  const rows: [() => Promise<Answer>, number, RegExp?][] = [
    [() => create({}, named), 409, /app/],
    [() => create({}, '?name=a%20b'), 400, /^Name must be/],
    [() => create({}, '?name=/'), 400, /slash/],
    [() => create({ HostConfig: { NetworkMode: 'nope' } }), 404, /nope/],
    [() => create({ HostConfig: { NetworkMode: 'container:nope' } }), 404, /nope/],
    [() => create({ HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } }), 409, /8080/],
    [() => create({ HostConfig: { PortBindings: { '80/icmp': [{ HostPort: '8081' }] } } }), 400, /icmp/],
    [() => create({ HostConfig: { PortBindings: { '80,allow=::/0': null } } }), 400, /is no port/],
    [
      () => create({ HostConfig: { PortBindings: { '80': [{ HostPort: '1:2' }] } } }),
      400,
      /neither a port nor a range/,
    ],
    [() => create({ HostConfig: { PortBindings: { '80': [{ HostIp: 'web' }] } } }), 400, /is no address/],
    [() => create({ HostConfig: { PortBindings: [] } }), 400, /PortBindings must be an object/],
    [() => create({ HostConfig: { Dns: ['web'] } }), 400, /^HostConfig\.Dns must be/],
    [() => create({ HostConfig: { ExtraHosts: ['web'] } }), 400, /^HostConfig\.ExtraHosts must be/],
    [() => create({ Hostname: '-' }), 400, /^Hostname must be/],
    [() => create({ Labels: ['a'] }), 400, /Labels must be an object/],
    [() => create(endpoint('web', { IPAMConfig: { IPv4Address: '172.31.0.7' } })), 400, /172\.31\.0\.7/],
    [() => create(endpoint('web', { Links: ['db'] })), 501, /^Links/],
    [() => create({ NetworkingConfig: { EndpointsConfig: { bridge: {}, nope: {} } } }), 404, /nope/],
    [() => create({ Cmd: ['sh'] }), 501, /^Cmd: .* starts no programs/],
    [() => create({ Env: ['A=b'] }), 501, /^Env: /],
    [() => create({ HostConfig: { Binds: ['/a:/b'] } }), 501, /^HostConfig\.Binds: /],
    [() => create({ HostConfig: { Memory: 1 << 20 } }), 501, /^HostConfig\.Memory: /],
    [() => create({ HostConfig: { RestartPolicy: { Name: 'always' } } }), 501, /^HostConfig\.RestartPolicy: /],
    [() => call(server, 'POST', '/containers/create', '{'), 400, /^invalid JSON/],
    [() => call(server, 'GET', '/v1.43/containers/json'), 400, /too old/],
    [() => call(server, 'GET', '/containers/json?limit=x'), 400, /limit/],
    [() => call(server, 'GET', '/containers/json?all=maybe'), 400, /all/],
    [() => call(server, 'GET', '/containers/nope/json'), 404, /^No such container: nope$/],
    [() => post('/containers/nope/start'), 404, /^No such container: nope$/],
    [() => post(`/containers/${app}/stop`), 304],
    [() => post(`/containers/${app}/kill`), 409, /is not running/],
    [() => post(`/containers/${app}/start`), 204],
    [() => post(`/containers/${app}/start`), 304],
    [() => post(`/containers/${app}/stop?t=soon`), 400, /soon/],
    [() => post(`/containers/${app}/kill?signal=SIGNOPE`), 400, /^Invalid signal: SIGNOPE$/],
    [() => post(`/containers/${app}/kill?signal=10`), 501, /^SIGUSR1: /],
    [() => call(server, 'DELETE', `/containers/${app}`), 409, /is running/],
    [() => call(server, 'DELETE', `/containers/${app}?link=1`), 501, /no links/],
    [() => post(`/containers/${app}/exec`, { Cmd: ['sh'] }), 501, /starts no programs/],
    [() => call(server, 'GET', `/containers/${app}/logs`), 501, /starts no programs/],
    [() => post(`/containers/${app}/attach`), 501, /starts no programs/],
    [() => post(`/containers/${app}/rename?name=b`), 501, /a sandbox is a network stack/],
    [() => post('/containers/prune'), 501, /a sandbox is a network stack/],
  ]
  for (const [ask, status, words] of rows) {
    const answer = await ask()
    t.is(answer.status, status, `${String(ask)}: ${answer.body}`)
    if (words) t.regex(message(answer), words, String(ask))
    else t.is(answer.body, '')
  }
  await isAsBefore(t, world, before)
  t.deepEqual(server.logged, [])
  t.is((await post(`/containers/${app}/kill?signal=SIGTERM`)).status, 204)
  t.is((await post(`/containers/${app}/stop`)).status, 304)
  t.is((await call(server, 'DELETE', `/containers/${held}`)).status, 204)
  t.deepEqual(await slipway.sandboxes.list(), [])
})
