import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions, Sandbox, Slipway } from 'slipway'
import { Conversation, serveEcho } from '../helpers/conversation.js'
import { DualStackWorld, HOST, NEIGHBOUR, SPARE, STRANGER } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { listenIn } from '../helpers/listen.js'
import { serveBoth } from '../helpers/reach-table.js'
import { elements, isOfSandbox } from '../helpers/snapshot.js'
import { ask, NO_ANSWER, openUdp, reaches, REFUSED } from '../helpers/traffic.js'
import { eventually, ipJson, World, type Place } from '../helpers/world.js'

/** Endpoints that come and go on a running sandbox: what moves with them, and what stays. */

interface Setup {
  world: DualStackWorld
  slipway: Slipway
}

async function setUp(
  t: ExecutionContext,
  networks: Record<string, Omit<CreateNetworkOptions, 'name'>>,
): Promise<Setup> {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  for (const [index, [name, options]] of Object.entries(networks).entries()) {
    const number = index + 2
    const subnets = [`10.${number}.0.0/24`, ...(options.ipv6 === false ? [] : [`fd00:${number}::/64`])]
    await slipway.networks.create({ name, subnets: subnets.map((subnet) => ({ subnet })), ...options })
  }
  return { world, slipway }
}

test.serial('a higher priority moves default routes and published ports, and leaving moves them back', async (t) => {
  const { world, slipway } = await setUp(t, { web: {}, work: {} })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80', '8080:80/udp', '8081:81'] })
  serveBoth(t, app, 80)
  serveEcho(t, app, 81)
  serveBoth(t, world.neighbour, 8000)
  const leadsTo = async (network: string) => {
    const { 4: v4, 6: v6 } = addressesOf(app, network)
    t.deepEqual(defaultRoutes(app), [gatewayOf(v4), gatewayOf(v6)])
    t.deepEqual(
      elements(world.host, 'published4').map(({ data }) => data),
      [`${v4} . 80`, `${v4} . 81`, `${v4} . 80`],
    )
    t.deepEqual(
      elements(world.host, 'published6').map(({ data }) => data),
      [`${v6} . 80`, `${v6} . 81`, `${v6} . 80`],
    )
    for (const protocol of ['tcp', 'udp'] as const) {
      await reaches(t, protocol, [
        [world.neighbour, `${HOST[4]}:8080`, NEIGHBOUR[4]],
        [world.neighbour, `[${HOST[6]}]:8080`, NEIGHBOUR[6]],
        [world.host, `${HOST[4]}:8080`, HOST[4]],
        [app, `${NEIGHBOUR[4]}:8000`, HOST[4]],
        [app, `[${NEIGHBOUR[6]}]:8000`, HOST[6]],
      ])
    }
    await isRecorded(t, slipway, app)
  }
  await leadsTo('web')
  const begin = () => [HOST[4], `[${HOST[6]}]`].map((host) => new Conversation(t, world.neighbour, `${host}:8081`))
  const begun = begin()
  for (const conversation of begun) t.true(await conversation.says('before'))

  // The same priority, and a name that comes after: nothing moves.
  await app.connect('work')
  await leadsTo('web')
  for (const conversation of begun) t.true(await conversation.says('beside'))
  await app.disconnect('work')

  // Connections that came in before are told that they are over; others can begin at once.
  for (const step of [() => app.connect('work', { gwPriority: 1 }), () => app.disconnect('work')]) {
    await step()
    await leadsTo(app.endpoints.at(-1)?.network ?? '')
    for (const conversation of begun) t.true(await conversation.isOver('too late'))
    begun.splice(0, 2, ...begin())
    for (const conversation of begun) t.true(await conversation.says('anew'))
  }
})

test.serial('the gateway goes by priority, then by name, and never through an internal network', async (t) => {
  const { world, slipway } = await setUp(t, { m: {}, b: {}, z: {}, a: { internal: true } })
  const app = await world.create(slipway, 'app', { network: 'm' })
  const steps: [step: () => Promise<unknown>, leads: string, interfaces: string[]][] = [
    [() => app.connect('a'), 'm', ['m eth0', 'a eth1']],
    [() => app.connect('b'), 'b', ['m eth0', 'a eth1', 'b eth2']],
    [() => app.connect('z', { gwPriority: 5 }), 'z', ['m eth0', 'a eth1', 'b eth2', 'z eth3']],
    [() => app.disconnect('a'), 'z', ['m eth0', 'b eth2', 'z eth3']],
    // The first free name.
    [() => app.connect('a', { gwPriority: 9 }), 'z', ['m eth0', 'b eth2', 'z eth3', 'a eth1']],
    [() => app.disconnect('z'), 'b', ['m eth0', 'b eth2', 'a eth1']],
    [() => app.connect('z', { gwPriority: -1 }), 'b', ['m eth0', 'b eth2', 'a eth1', 'z eth3']],
    [() => app.disconnect('m'), 'b', ['b eth2', 'a eth1', 'z eth3']],
    [() => app.disconnect('b'), 'z', ['a eth1', 'z eth3']],
    [() => app.disconnect('z'), '', ['a eth1']],
    [() => app.disconnect('a'), '', []],
    [() => app.connect('m'), 'm', ['m eth0']],
  ]
  for (const [step, leads, interfaces] of steps) {
    await step()
    t.deepEqual(
      app.endpoints.map((endpoint) => `${endpoint.network} ${endpoint.interface}`),
      interfaces,
    )
    const links = () =>
      ipJson<{ ifname: string }>(app, 'link')
        .map(({ ifname }) => ifname)
        .sort()
    await eventually(() => links().length === interfaces.length + 1)
    t.deepEqual(links(), ['lo', ...interfaces.map((text) => text.split(' ')[1])].sort())
    const { 4: v4, 6: v6 } = addressesOf(app, leads)
    t.deepEqual(defaultRoutes(app), leads === '' ? [] : [gatewayOf(v4), gatewayOf(v6)])
    await isRecorded(t, slipway, app)
  }
})

test.serial('ports of a family that is lost rest, and come back with it unless another has taken them', async (t) => {
  const { world, slipway } = await setUp(t, { web: {}, old: { ipv6: false } })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80', '8080:80/udp'] })
  serveBoth(t, app, 80)
  const answers = async (v6: string) => {
    await reaches(t, 'tcp', [
      [world.neighbour, `${HOST[4]}:8080`, NEIGHBOUR[4]],
      [world.neighbour, `[${HOST[6]}]:8080`, v6],
    ])
    await reaches(t, 'udp', [[world.neighbour, `[${HOST[6]}]:8080`, v6 === REFUSED ? NO_ANSWER : v6]])
    await isRecorded(t, slipway, app)
  }
  const published = () => app.ports.map(({ hostIp, hostPort, protocol }) => `${hostIp} ${hostPort}/${protocol}`)
  const all = ['0.0.0.0 8080/tcp', ':: 8080/tcp', '0.0.0.0 8080/udp', ':: 8080/udp']
  await answers(NEIGHBOUR[6])
  t.deepEqual(published(), all)

  await app.connect('old')
  // "old" comes before "web", and has IPv4 only.
  t.deepEqual(defaultRoutes(app), [gatewayOf(addressesOf(app, 'old')[4]), gatewayOf(addressesOf(app, 'web')[6])])
  await answers(NEIGHBOUR[6])

  await app.disconnect('web')
  await answers(REFUSED)
  t.deepEqual(published(), ['0.0.0.0 8080/tcp', '0.0.0.0 8080/udp'])
  t.deepEqual(await listenIn(world.host, ['tcp', '::', 8080], ['udp', '::', 8080], ['tcp', '0.0.0.0', 8080]), [
    'listens',
    'listens',
    'EADDRINUSE',
  ])

  await app.connect('web')
  await answers(NEIGHBOUR[6])
  t.deepEqual(published(), all)
  t.deepEqual(await listenIn(world.host, ['tcp', '::', 8080], ['udp', '::', 8080]), ['EADDRINUSE', 'EADDRINUSE'])

  await app.disconnect('web')
  const other = await world.create(slipway, 'other', { network: 'web', publish: ['[::]:8080:80/udp'] })
  const before = app.endpoints
  await t.throwsAsync(app.connect('web'), { code: 'PORT_IN_USE', message: new RegExp(other.name) })
  t.deepEqual(app.endpoints, before)
  await answers(REFUSED)
  await other.remove()
  await app.connect('web')
  await answers(NEIGHBOUR[6])

  // On no network at all, and back.
  for (const network of ['web', 'old']) await app.disconnect(network)
  t.deepEqual(
    [app.endpoints, app.ports, elements(world.host, 'published4'), elements(world.host, 'published6')],
    [[], [], [], []],
  )
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080], ['udp', '0.0.0.0', 8080]), ['listens', 'listens'])
  await t.throwsAsync(app.publish('8081:81'), { code: 'INVALID_ARGUMENT' })
  await app.connect('web')
  await answers(NEIGHBOUR[6])
  t.deepEqual(published(), all)
})

test.serial('allow-lists, whole addresses and ports of one address move along', async (t) => {
  const { world, slipway } = await setUp(t, { web: {}, work: {} })
  const app = await world.create(slipway, 'app', {
    network: 'web',
    publish: [
      `8087:80,allow=${NEIGHBOUR[4]},allow=${NEIGHBOUR[6]}`,
      `${HOST[4]}:8088:80`,
      `${HOST[4]}:8089:80,allow=${NEIGHBOUR[4]}`,
      `${SPARE[4]}:*`,
      `[${SPARE[6]}]:*`,
    ],
  })
  const other = await world.create(slipway, 'other', { network: 'web' })
  serveBoth(t, app, 80)
  const from = (address: string) => ({ ...world.neighbour, address })
  const answers = () =>
    reaches(t, 'tcp', [
      [from(NEIGHBOUR[4]), `${HOST[4]}:8087`, NEIGHBOUR[4]],
      [from(NEIGHBOUR[6]), `[${HOST[6]}]:8087`, NEIGHBOUR[6]],
      [from(STRANGER[4]), `${HOST[4]}:8087`, NO_ANSWER],
      [from(STRANGER[6]), `[${HOST[6]}]:8087`, NO_ANSWER],
      [other, `${HOST[4]}:8087`, NO_ANSWER],
      [from(STRANGER[4]), `${HOST[4]}:8088`, STRANGER[4]],
      [from(NEIGHBOUR[4]), `${HOST[4]}:8089`, NEIGHBOUR[4]],
      [from(STRANGER[4]), `${HOST[4]}:8089`, NO_ANSWER],
      [from(NEIGHBOUR[4]), `${SPARE[4]}:80`, NEIGHBOUR[4]],
      [from(NEIGHBOUR[6]), `[${SPARE[6]}]:80`, NEIGHBOUR[6]],
    ])
  const sets = () =>
    ['restricted4', 'restricted6', 'restricted_at4', 'restricted_at6', 'admitted4', 'admitted6'].map((set) =>
      elements(world.host, set).filter(isOfSandbox),
    )
  const before = sets()
  await answers()
  for (const step of [
    () => app.connect('work', { gwPriority: 1 }),
    () => app.disconnect('work'),
    () => app.connect('work', { gwPriority: 1 }),
    () => app.disconnect('web'),
  ]) {
    await step()
    await answers()
    t.deepEqual(sets(), before)
  }
  await app.remove()
  t.deepEqual(
    sets(),
    before.map(() => []),
  )
})

test.serial('UDP clients follow at once, and are not kept where they were', async (t) => {
  const { world, slipway } = await setUp(t, { web: {}, work: {} })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80/udp'] })
  serveBoth(t, app, 80)
  const clients = ([4, 6] as const).map(
    (family) => [openUdp(t, world.neighbour, 0, family), HOST[family], NEIGHBOUR[family]] as const,
  )
  const steps = [
    () => app.connect('work', { gwPriority: 1 }),
    () => app.disconnect('work'),
    () => app.connect('work', { gwPriority: 1 }),
    () => app.disconnect('web'),
  ]
  for (const step of [() => Promise.resolve(), ...steps]) {
    await step()
    for (const [socket, host, neighbour] of clients) t.is(await ask(socket, host, 8080), neighbour)
  }
})

test.serial('an endpoint as it was asked for', async (t) => {
  const { world, slipway } = await setUp(t, {
    web: {},
    work: { options: { 'com.docker.network.container_iface_prefix': 'net', 'com.docker.network.driver.mtu': '1400' } },
  })
  const app = await world.create(slipway, 'app', { network: 'web' })
  const endpoint = await app.connect('work', {
    ip: '10.3.0.77',
    ip6: 'FD00:3::77',
    mac: '02:00:00:00:00:77',
    aliases: ['api', 'api'],
    gwPriority: 3,
  })
  t.like(endpoint, {
    network: 'work',
    interface: 'net0',
    mac: '02:00:00:00:00:77',
    addresses: ['10.3.0.77/24', 'fd00:3::77/64'],
    gateway: '10.3.0.1',
    gateway6: 'fd00:3::1',
    aliases: ['api'],
    gwPriority: 3,
  })
  t.deepEqual(app.endpoints[1], endpoint)
  t.like(app.inspect().Networks['work'], {
    IPAMConfig: { IPv4Address: '10.3.0.77', IPv6Address: 'fd00:3::77' },
    Aliases: ['api'],
    GwPriority: 3,
    MacAddress: '02:00:00:00:00:77',
  })
  const [link] = ipJson<{ address: string; mtu: number; addr_info: { local: string }[] }>(
    app,
    'address',
    'show',
    'dev',
    'net0',
  )
  t.like(link, { address: '02:00:00:00:00:77', mtu: 1400 })
  t.deepEqual(link?.addr_info.map(({ local }) => local).sort(), ['10.3.0.77', 'fd00:3::77', 'fe80::ff:fe00:77'])
  await isRecorded(t, slipway, app)

  await t.throwsAsync(app.connect('work'), { code: 'CONFLICT', message: /is on the network work already/ })
  await t.throwsAsync(app.connect('nowhere'), { code: 'NOT_FOUND' })
  const other = await world.create(slipway, 'other', { network: 'web' })
  await t.throwsAsync(other.connect('work', { ip: '10.3.0.77' }), {
    code: 'ADDRESS_IN_USE',
    message: new RegExp(app.name),
  })
  await t.throwsAsync(other.connect('work', { ip6: 'fd00:3::77' }), {
    code: 'ADDRESS_IN_USE',
    message: new RegExp(app.name),
  })
  await app.disconnect('work')
  // Refused, they have kept nothing back; given back, the address can be had.
  t.deepEqual((await other.connect('work', { ip: '10.3.0.77', ip6: 'fd00:3::77' })).addresses, [
    '10.3.0.77/24',
    'fd00:3::77/64',
  ])
})

test.serial('many at once', async (t) => {
  const { world, slipway } = await setUp(t, { web: {}, work: {}, rest: {} })
  const apps = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      world.create(slipway, `app-${index}`, { network: 'web', publish: ['80'] }),
    ),
  )
  await Promise.all(apps.flatMap((app) => [app.connect('work', { gwPriority: 1 }), app.connect('rest')]))
  const addresses = apps.flatMap(({ endpoints }) => endpoints.flatMap((endpoint) => endpoint.addresses))
  t.is(new Set(addresses).size, 12 * 3 * 2)
  for (const app of apps) {
    t.deepEqual(
      app.endpoints.map((endpoint) => endpoint.interface),
      ['eth0', 'eth1', 'eth2'],
    )
    t.deepEqual(defaultRoutes(app), [gatewayOf(addressesOf(app, 'work')[4]), gatewayOf(addressesOf(app, 'work')[6])])
  }
  await Promise.all(apps.flatMap((app) => ['work', 'web', 'rest'].map((network) => app.disconnect(network))))
  for (const set of ['published4', 'published6']) t.deepEqual(elements(world.host, set), [], set)
  // Given up once conntrack has forgotten them, behind our back.
  for (const set of ['addresses4', 'addresses6'])
    t.true(await eventually(() => elements(world.host, set).length === 0), set)
  t.true(
    await eventually(() =>
      ipJson<{ ifname: string }>(world.host, 'link').every(({ ifname }) => !ifname.startsWith('veth')),
    ),
  )
})

test.serial('disconnect with force: that it is not on the network is no error', async (t) => {
  const { world, slipway } = await setUp(t, { web: {}, work: {} })
  const app = await world.create(slipway, 'app', { network: 'web' })
  const before = app.endpoints
  await t.throwsAsync(app.disconnect('work'), {
    code: 'NOT_FOUND',
    message: /is not on the network work\. It is on web/,
  })
  await app.disconnect('work', { force: true })
  t.deepEqual(app.endpoints, before)
  await app.connect('work')
  await app.disconnect('work', { force: true })
  t.deepEqual(app.endpoints, before)
  await isRecorded(t, slipway, app)
  // What does not go does not go by force either.
  const host = await world.create(slipway, 'h', { network: 'host' })
  await t.throwsAsync(host.disconnect('host', { force: true }), { code: 'INVALID_ARGUMENT' })
  const other = await slipway.sandboxes.get(app.name)
  await app.remove()
  await t.throwsAsync(other.disconnect('work', { force: true }), { code: 'NOT_FOUND', message: /was removed/ })
})

/** Gateways of IPv4 and IPv6, as the kernel has them. */
function defaultRoutes(place: Place): (string | undefined)[] {
  return ['-4', '-6'].flatMap((family) =>
    ipJson<{ gateway: string }>(place, family, 'route', 'show', 'default').map(({ gateway }) => gateway),
  )
}

/** The tests' networks have it at 1. */
const gatewayOf = (address: string) => address.replace(/[0-9a-f]+$/, '1')

/** Who reads the record anew finds what this object says. */
async function isRecorded(t: ExecutionContext, slipway: Slipway, sandbox: Sandbox): Promise<void> {
  const found = await slipway.sandboxes.get(sandbox.name)
  t.deepEqual([found.endpoints, found.ports], [sandbox.endpoints, sandbox.ports])
}

test.serial('the networks that every host has go by their ids, too', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const idOf = async (name: string) => (await slipway.networks.get(name)).id
  const [bridge, none, host] = [await idOf('bridge'), await idOf('none'), await idOf('host')]
  const app = await world.create(slipway, 'app', { network: bridge })
  t.deepEqual([app.network, app.endpoints.map(({ network }) => network)], ['bridge', ['bridge']])
  t.is((await world.create(slipway, 'alone', { network: none.slice(0, 12) })).network, 'none')
  t.is((await world.create(slipway, 'shared', { network: host })).network, 'host')
  await app.disconnect(bridge.slice(0, 12))
  await app.connect(bridge)
  t.deepEqual(
    app.endpoints.map(({ network }) => network),
    ['bridge'],
  )
  await t.throwsAsync(app.connect(none), { code: 'INVALID_ARGUMENT', message: /"none"/ })
})
