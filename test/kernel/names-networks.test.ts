import test, { type ExecutionContext } from 'ava'
import { RESOLVER_PORT } from '#lib/policy/resolver-elements.js'
import { addressOf, ask, dig, endpoint, runWithFiles, serveNames, tableOf } from '../helpers/names.js'
import { dropped, watchDrops } from '../helpers/drops.js'
import { sendFrame, udpFrame } from '../helpers/frames.js'
import { eventually, execIn, HOST_ADDRESS, ip, ipJson, NEIGHBOUR_ADDRESS, World, type Place } from '../helpers/world.js'

/** Names as sandboxes of user-defined networks see them: asked at what their resolv.conf names, as programs do. */

/** What listens at an address: by UDP and by TCP. */
const both = (address: string) => [`${address}:${RESOLVER_PORT}`, `${address}:${RESOLVER_PORT}`]

async function setUp(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '172.20.0.0/16' }, { subnet: 'fd00:20::/64' }],
    ipv6: true,
  })
  return { world, slipway }
}

test('sandboxes of a network find each other by name, alias, short id and hostname, over IPv4 and IPv6, by UDP and TCP', async (t) => {
  const { world, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { network: 'web' })
  const db = await world.create(slipway, 'db', { network: 'web', aliases: ['database'], hostname: 'postgres' })
  const [v4, v6] = [addressOf(db, 'web'), addressOf(db, 'web', 6)]
  for (const server of ['172.20.0.1', 'fd00:20::1']) {
    for (const protocol of ['+notcp', '+tcp']) {
      for (const name of [db.name, `${db.name}.web`, 'database', 'DATABASE.web.', db.id.slice(0, 12), 'postgres']) {
        t.deepEqual(await ask(app, server, protocol, name), ['NOERROR', v4], `${server} ${protocol} ${name}`)
        t.deepEqual(
          await ask(app, server, protocol, name, 'AAAA'),
          ['NOERROR', v6],
          `${server} ${protocol} ${name} AAAA`,
        )
      }
      for (const address of [v4, v6])
        t.deepEqual(await ask(app, server, protocol, '-x', address), ['NOERROR', `${db.name}.web.`])
    }
  }
})

test('aliases are names of DNS, long ones, with underscores and the dot of the root', async (t) => {
  const { world, slipway } = await setUp(t)
  const long = 'vpce-0123456789abcdef0-abcdefgh.execute-api.us-east-1.vpce.amazonaws.com'
  const app = await world.create(slipway, 'app', {
    network: 'web',
    aliases: [long, 'api.example.com.', '_sip'],
    hostname: 'my_host',
  })
  for (const name of [long, `${long}.`, 'api.example.com', '_sip', 'my_host'])
    t.deepEqual(await ask(app, '172.20.0.1', name), ['NOERROR', addressOf(app, 'web')], name)
  for (const alias of ['a'.repeat(64), 'a..b', '.', '', Array(128).fill('a').join('.')]) {
    await t.throwsAsync(
      world.create(slipway, 'none', { network: 'web', aliases: [alias] }),
      { code: 'INVALID_ARGUMENT', message: /aliases/ },
      alias,
    )
  }
})

test('programs in a sandbox find others with its files: getent of glibc, nslookup of busybox', async (t) => {
  const { world, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { network: 'web' })
  const db = await world.create(slipway, 'db', { network: 'web', aliases: ['database'] })
  const [v4, v6] = [addressOf(db, 'web'), addressOf(db, 'web', 6)]
  for (const name of [db.name, 'database', 'database.web']) {
    t.is((await runWithFiles(app, 'getent', 'ahostsv4', name)).stdout.split(/\s/)[0], v4)
    t.is((await runWithFiles(app, 'getent', 'ahostsv6', name)).stdout.split(/\s/)[0], v6)
  }
  t.regex((await runWithFiles(app, 'getent', 'hosts', v4)).stdout, new RegExp(`${db.name}\\.web$`, 'm'))
  t.regex((await runWithFiles(app, 'busybox', 'nslookup', db.name)).stdout, new RegExp(`^Address.*: ${v4}`, 'm'))
  t.is(
    (await runWithFiles(app, 'getent', 'hosts', app.id.slice(0, 12))).stdout.split(/\s/)[0],
    addressOf(app, 'web', 6),
  )
})

test('names of other networks are not seen; a sandbox on two networks sees both, and none of the default bridge', async (t) => {
  const { world, slipway } = await setUp(t)
  await slipway.networks.create({ name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] })
  const app = await world.create(slipway, 'app', { network: 'web', dns: ['127.0.0.1'] })
  const db = await world.create(slipway, 'db', { network: 'back', aliases: ['data'], dns: ['127.0.0.1'] })
  const plain = await world.create(slipway, 'plain')
  t.deepEqual(await ask(app, '172.20.0.1', 'data'), ['SERVFAIL'])
  t.deepEqual(await ask(db, '172.21.0.1', app.name), ['SERVFAIL'])
  await app.connect('back')
  await app.connect('bridge')
  for (const server of ['172.20.0.1', '172.21.0.1']) {
    t.deepEqual(await ask(app, server, 'data'), ['NOERROR', addressOf(db, 'back')])
    t.deepEqual(await ask(app, server, plain.name), ['SERVFAIL'])
  }
  t.deepEqual(await ask(app, '172.20.0.1', '-x', addressOf(db, 'back')), ['NOERROR', `${db.name}.back.`])
  // On each network it is asked for what it has there.
  t.deepEqual(await ask(db, '172.21.0.1', app.name), ['NOERROR', addressOf(app, 'back')])
})

test('an alias is of one network only, and several may share it', async (t) => {
  const { world, slipway } = await setUp(t)
  await slipway.networks.create({ name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] })
  const one = await world.create(slipway, 'one', { network: 'web', aliases: ['api'], dns: ['127.0.0.1'] })
  const two = await world.create(slipway, 'two', { network: 'web', aliases: ['api'] })
  const three = await world.create(slipway, 'three', { network: 'back', dns: ['127.0.0.1'] })
  await one.connect('back')
  t.deepEqual(await ask(two, '172.20.0.1', 'api'), ['NOERROR', addressOf(one, 'web'), addressOf(two, 'web')])
  t.deepEqual(await ask(three, '172.21.0.1', 'api'), ['SERVFAIL'])
  await two.disconnect('web')
  t.deepEqual(await ask(one, '172.20.0.1', 'api'), ['NOERROR', addressOf(one, 'web')])
})

test('who is not on the network gets no name: the host is refused, and another network, the default bridge and the neighbour hear nothing', async (t) => {
  const { world, slipway } = await setUp(t)
  await slipway.networks.create({ name: 'back', subnets: [{ subnet: '172.21.0.0/16' }] })
  const app = await world.create(slipway, 'app', { network: 'web' })
  const other = await world.create(slipway, 'other', { network: 'back' })
  const plain = await world.create(slipway, 'plain')
  t.deepEqual(await ask(app, '172.20.0.1', app.name), ['NOERROR', addressOf(app, 'web')])
  ip('-n', world.neighbour.name, 'route', 'add', '172.20.0.0/16', 'via', HOST_ADDRESS)
  for (const protocol of ['+notcp', '+tcp'])
    t.deepEqual(await ask(world.host, '172.20.0.1', protocol, app.name), ['REFUSED'])
  const nothing = async (place: Place, ...args: string[]) =>
    t.deepEqual(
      await ask(place, '172.20.0.1', '+time=1', ...args, app.name),
      [undefined],
      `${place.name} ${args.join(' ')}`,
    )
  const everyWay = [
    ['+notcp'],
    ['+tcp'],
    ['+notcp', '-p', String(RESOLVER_PORT)],
    ['+tcp', '-p', String(RESOLVER_PORT)],
  ]
  await Promise.all([other, plain, world.neighbour].flatMap((place) => everyWay.map((args) => nothing(place, ...args))))
  await app.connect('back')
  await app.disconnect('web')
  await nothing(app)
  t.deepEqual(await ask(app, '172.21.0.1', app.name), ['NOERROR', addressOf(app, 'back')])
})

test('a question from the uplink in the name of a sandbox is dropped, over IPv4 and IPv6', async (t) => {
  const { world, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', { network: 'web' })
  const macOf = (place: Place, link: string) =>
    ipJson<{ address: string }>(place, 'link', 'show', link)[0]?.address ?? ''
  const ether = { from: macOf(world.neighbour, 'eth0'), to: macOf(world.host, 'uplink') }
  for (const [family, to] of [
    [4, '172.20.0.1'],
    [6, 'fd00:20::1'],
  ] as const) {
    const before = watchDrops(world.host)
    for (const port of [53, RESOLVER_PORT])
      sendFrame(world.neighbour, udpFrame({ ether, from: addressOf(app, 'web', family), to }, port, 'question'))
    t.true(
      await eventually(
        () => dropped(world.host, before, 'from elsewhere to where the names of a network are served') === 2,
      ),
      `IPv${family}`,
    )
    t.deepEqual(await ask(app, to, app.name), ['NOERROR', addressOf(app, 'web')])
  }
})

test('a network without an address of its bridge has no resolver', async (t) => {
  const { slipway, world } = await setUp(t)
  await slipway.networks.create({
    name: 'apart',
    internal: true,
    subnets: [{ subnet: '172.22.0.0/16' }],
    options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' },
  })
  t.notRegex(execIn(world.host, 'ss', '-Hlntu', `sport = :${RESOLVER_PORT}`), /172\.22\./)
})

test('when a network is removed nobody listens there, and the next on its subnet is served', async (t) => {
  const { world, slipway } = await setUp(t)
  const listeners = () =>
    execIn(world.host, 'ss', '-Hlntu', `sport = :${RESOLVER_PORT}`)
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/)[4])
      .sort()
  t.deepEqual(listeners(), [...both('172.20.0.1'), ...both('[fd00:20::1]')])
  await (await slipway.networks.get('web')).remove()
  t.deepEqual(listeners(), [])
  await slipway.networks.create({ name: 'again', subnets: [{ subnet: '172.20.0.0/16' }] })
  const app = await world.create(slipway, 'app', { network: 'again' })
  t.deepEqual(await ask(app, '172.20.0.1', app.name), ['NOERROR', addressOf(app, 'again')])
  await slipway.close()
  t.deepEqual(listeners(), [])
})

test('a network that speaks IPv6 only has its names', async (t) => {
  const { world, slipway } = await setUp(t)
  await slipway.networks.create({ name: 'six', ipv4: false, ipv6: true, subnets: [{ subnet: 'fd00:66::/64' }] })
  const app = await world.create(slipway, 'app', { network: 'six' })
  const db = await world.create(slipway, 'db', { network: 'six', aliases: ['database'] })
  t.deepEqual(await ask(app, 'fd00:66::1', 'database', 'AAAA'), ['NOERROR', addressOf(db, 'six', 6)])
  t.deepEqual(await ask(app, 'fd00:66::1', 'database'), ['NOERROR'])
  t.is((await runWithFiles(app, 'getent', 'hosts', 'database')).stdout.split(/\s/)[0], addressOf(db, 'six', 6))
})

test('port 53 is a sandbox’s like any other, on every address of the host, and names are served beside it', async (t) => {
  const { world, slipway } = await setUp(t)
  const dns = await world.create(slipway, 'dns', { publish: ['53:53', '53:53/udp'], network: 'web' })
  serveNames(
    t,
    dns,
    [addressOf(dns, 'web')],
    tableOf(endpoint({ sandbox: 'n', addresses: [NEIGHBOUR_ADDRESS, addressOf(dns, 'web')] })).directory('web'),
  )
  t.deepEqual(
    (await dig(world.neighbour, `@${HOST_ADDRESS}`, 'n')).answers.sort(),
    [NEIGHBOUR_ADDRESS, addressOf(dns, 'web')].sort(),
  )
  t.deepEqual((await dig(world.neighbour, `@${HOST_ADDRESS}`, 'n', '+tcp')).status, 'NOERROR')
  for (const how of ['+tcp', '+notcp'])
    t.deepEqual((await dig(dns, '@172.20.0.1', dns.name, how)).answers, [addressOf(dns, 'web')])
  await slipway.networks.create({ name: 'later', subnets: [{ subnet: '172.21.0.0/16' }] })
  const app = await world.create(slipway, 'app', { network: 'later' })
  t.deepEqual(await ask(app, '172.21.0.1', app.name), ['NOERROR', addressOf(app, 'later')])
})

test('who may use a published port 53 is not who may ask for names', async (t) => {
  const { world, slipway } = await setUp(t)
  const app = await world.create(slipway, 'app', {
    publish: [{ hostPort: 53, containerPort: 53, protocol: 'udp', allow: ['10.0.0.0/8', NEIGHBOUR_ADDRESS] }],
    network: 'web',
  })
  t.deepEqual(await ask(app, '172.20.0.1', app.name), ['NOERROR', addressOf(app, 'web')])
  await slipway.networks.create({ name: 'later', subnets: [{ subnet: '172.21.0.0/16' }] })
  const other = await world.create(slipway, 'other', { network: 'later' })
  t.deepEqual(await ask(other, '172.21.0.1', other.name), ['NOERROR', addressOf(other, 'later')])
})

test('port 53 of a bridge is where names are served, and the refusal says so', async (t) => {
  const { world, slipway } = await setUp(t)
  await t.throwsAsync(world.create(slipway, 'app', { publish: ['172.20.0.1:53:53/udp'] }), {
    code: 'PORT_IN_USE',
    message: /172\.20\.0\.1:53\/udp, the names of the network web/,
  })
})
