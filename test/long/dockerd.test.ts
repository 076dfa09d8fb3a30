import test, { type ExecutionContext } from 'ava'
import { IMAGE } from '../../build-bench/peers/docker/image.js'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { CutOffPlugin } from '../helpers/cut-off-plugin.js'
import { RealDockerd } from '../helpers/real-dockerd.js'
import { fetchFrom, NO_ANSWER, REFUSED, serveTcp } from '../helpers/traffic.js'
import { eventually, execIn, ipJson, runIn, type Place, type World } from '../helpers/world.js'

/** A real dockerd, with Slipway as the driver of its networks and addresses. */

const { serial } = test

const OURS = ['--driver', 'slipway', '--ipam-driver', 'slipway']
const WEB = [...OURS, '--ipv6', '--subnet', '10.30.0.0/16', '--subnet', 'fd00:30::/64', 'web']

async function setUp(t: ExecutionContext) {
  const world = new DualStackWorld(t, true)
  const dockerd = await RealDockerd.start(t, world)
  const slipway = await world.open()
  return { world, dockerd, slipway }
}

/** All of the host that a network or a container of dockerd's could leave. */
const stateOf = (world: World): string[] => [
  ...ipJson<{ ifname: string }>(world.host, 'link').map(({ ifname }) => ifname),
  ...execIn(world.host, 'nft', 'list', 'ruleset')
    .split('\n')
    .filter((line) => /comment "(docker-|network docker-)/.test(line)),
]

const defaultRoutes = (place: Place): string[] =>
  [[], ['-6']].flatMap((family) =>
    JSON.parse(execIn(place, 'ip', '-j', ...family, 'route', 'show', 'default') || '[]').map(
      ({ gateway, dev }: { gateway: string; dev: string }) => `${gateway} ${dev}`,
    ),
  )

serial('containers on networks of Slipway reach whom they should, and are reached from everywhere', async (t) => {
  const { world, dockerd, slipway } = await setUp(t)
  const before = stateOf(world)
  await dockerd.done('network', 'create', ...WEB)
  await dockerd.done('network', 'create', ...OURS, '--subnet', '10.31.0.0/16', 'other')
  await dockerd.done('network', 'create', ...OURS, '--subnet', '10.32.0.0/16', '--internal', 'inside')
  const [app, friend, stranger] = await Promise.all([
    dockerd.run('app', '--network', 'web', '--ip', '10.30.0.9', '-p', '8080:80', '-p', '127.0.0.1:8081:80'),
    dockerd.run('friend', '--network', 'web'),
    dockerd.run('stranger', '--network', 'other'),
  ])
  serveTcp(t, app, 80)

  for (const [from, url, seen] of [
    [world.neighbour, `http://${HOST[4]}:8080`, NEIGHBOUR[4]],
    [world.neighbour, `http://[${HOST[6]}]:8080`, NEIGHBOUR[6]],
    [world.neighbour, `http://${HOST[4]}:8081`, REFUSED],
    [world.host, `http://${HOST[4]}:8080`, HOST[4]],
    [world.host, 'http://127.0.0.1:8080', '10.30.0.1'],
    [world.host, 'http://127.0.0.1:8081', '10.30.0.1'],
    [friend, `http://${HOST[4]}:8080`, '10.30.0.1'],
    [friend, 'http://10.30.0.9', '10.30.0.2'],
    [app, `http://${HOST[4]}:8080`, '10.30.0.1'],
    // Networks are apart, and published ports are everybody's.
    [stranger, 'http://10.30.0.9', NO_ANSWER],
    [stranger, `http://${HOST[4]}:8080`, '10.31.0.2'],
    // Nobody but the host's own speaks to a port that is not published.
    [world.neighbour, 'http://10.30.0.9', NO_ANSWER],
  ] as const)
    t.is(await fetchFrom(from, url, { expected: seen }), seen, `${from.name} ${url}`)

  // dockerd answers names, and knows both addresses.
  const names = await dockerd.done('exec', 'friend', '/bin/busybox', 'nslookup', 'app', '127.0.0.11')
  t.regex(names, /10\.30\.0\.9/)
  t.regex(names, /fd00:30::/)
  t.deepEqual(defaultRoutes(app), ['10.30.0.1 eth0', 'fd00:30::1 eth0'])
  t.regex((await dockerd.docker('network', 'rm', 'web')).stderr, /has active endpoints/)
  const clash = await dockerd.docker('run', '-d', '--network', 'other', '-p', '8080:80', 'busybox-here', 'sleep', '9')
  t.regex(clash.stderr, /8080.*docker-[0-9a-f]{12}/s)

  // Another network more and less: the way to the world stays, and the address there is another.
  await dockerd.done('network', 'connect', 'inside', 'stranger')
  await dockerd.done('network', 'connect', 'web', 'stranger')
  t.is(await fetchFrom(stranger, 'http://10.30.0.9'), '10.30.0.3')
  t.is(defaultRoutes(stranger).length, 2)
  await dockerd.done('network', 'disconnect', 'web', 'stranger')
  t.is(await fetchFrom(stranger, 'http://10.30.0.9', { expected: NO_ANSWER }), NO_ANSWER)
  t.deepEqual(defaultRoutes(stranger), ['10.31.0.1 eth0'])
  await dockerd.done('network', 'disconnect', 'other', 'stranger')
  t.deepEqual(defaultRoutes(stranger), [])

  // A stopped container has nothing; when it starts again, all is as it was.
  await dockerd.done('stop', '--time', '0', 'app')
  t.is(await fetchFrom(world.neighbour, `http://${HOST[4]}:8080`, { expected: REFUSED }), REFUSED)
  t.is((await slipway.sandboxes.list({ network: (await ourNetworks(slipway))['10.30.0.0/16'] ?? '' })).length, 1)
  await dockerd.done('start', 'app')
  serveTcp(t, await dockerd.placeOf('app'), 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST[4]}:8080`), NEIGHBOUR[4])

  await dockerd.done('rm', '--force', ...(await dockerd.done('ps', '-aq')).split('\n'))
  await dockerd.done('network', 'rm', 'web', 'other', 'inside')
  t.true(await eventually(() => JSON.stringify(stateOf(world)) === JSON.stringify(before)), stateOf(world).join('\n'))
  t.deepEqual(dockerd.kept(), [])
})

const ourNetworks = async (slipway: Awaited<ReturnType<World['open']>>): Promise<Record<string, string>> =>
  Object.fromEntries((await slipway.networks.list({ type: 'custom' })).map(({ name, subnets }) => [subnets[0], name]))

serial('a container beside a network of another driver has the interface that its network names', async (t) => {
  const { dockerd } = await setUp(t)
  await dockerd.done('network', 'create', ...OURS, '-o', 'com.docker.network.container_iface_prefix=lan', 'lan')
  await dockerd.run('app', '--network', 'lan', '-p', '8080:80')
  await dockerd.done('network', 'connect', 'bridge', 'app')
  const links = await dockerd.done('exec', 'app', '/bin/busybox', 'ip', '-o', 'link')
  t.deepEqual([...links.matchAll(/^\d+: (\w+)/gm)].map(([, name]) => name).sort(), ['eth0', 'lan0', 'lo'])
  await dockerd.done('network', 'disconnect', 'lan', 'app')
  t.regex(await dockerd.done('port', 'app'), /80\/tcp -> 0\.0\.0\.0:8080/)
})

serial('forty containers come and go at once, and leave nothing', async (t) => {
  const { world, dockerd, slipway } = await setUp(t)
  const before = stateOf(world)
  await dockerd.done('network', 'create', ...WEB)
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`)
  const places = await Promise.all(
    names.map((name, index) => dockerd.run(name, '--network', 'web', '-p', `${9000 + index}:80`, '-p', '53/udp')),
  )
  const sandboxes = await slipway.sandboxes.list()
  t.is(new Set(sandboxes.flatMap(({ endpoints }) => endpoints.flatMap(({ addresses }) => addresses))).size, 80)
  for (const place of places) serveTcp(t, place, 80)
  const answers = await Promise.all(
    names.map((_, index) => runIn(world.neighbour, 'curl', '-s', '-m', '10', `http://${HOST[4]}:${9000 + index}`)),
  )
  t.deepEqual([...new Set(answers.map(({ stdout }) => stdout))], [NEIGHBOUR[4]])
  await Promise.all(names.map((name) => dockerd.done('rm', '--force', name)))
  await dockerd.done('network', 'rm', 'web')
  t.true(await eventually(() => JSON.stringify(stateOf(world)) === JSON.stringify(before)), stateOf(world).join('\n'))
  t.deepEqual([dockerd.kept(), await slipway.sandboxes.list()], [[], []])
})

/** Fetches the page of the container again and again, until it comes. */
const isServed = (world: World): Promise<boolean> =>
  eventually(async () => (await fetchFrom(world.neighbour, `http://${HOST[4]}:8080`)) === NEIGHBOUR[4], 10_000)

serial('containers and their networks outlive Slipway, dockerd and both', async (t) => {
  const { world, dockerd, slipway } = await setUp(t)
  await dockerd.done('network', 'create', ...WEB)
  const app = await dockerd.run('app', '--network', 'web', '-p', '8080:80')
  serveTcp(t, app, 80)
  const killServe = () => dockerd.killServe()
  const serve = () => dockerd.serve()
  const killDaemon = () => dockerd.killDaemon()
  const startDaemon = () => dockerd.startDaemon()
  // dockerd waits for its drivers before it answers.
  const startBoth = async () => {
    const { missed } = dockerd
    const started = startDaemon()
    t.true(await eventually(() => dockerd.missed > missed, 20_000))
    await serve()
    await started
  }
  for (const [what, steps] of [
    ['Slipway', [killServe, serve]],
    ['dockerd', [killDaemon, startDaemon]],
    ['both, and Slipway is there first', [killServe, killDaemon, serve, startDaemon]],
    ['both, and dockerd is there first', [killDaemon, killServe, startBoth]],
  ] as const) {
    for (const step of steps) await step()
    t.true(await isServed(world), what)
    t.is((await slipway.sandboxes.list()).length, 1, what)
    // What comes now, works as ever.
    const other = await dockerd.run('other', '--network', 'web')
    t.is(await fetchFrom(other, `http://${HOST[4]}:8080`), '10.30.0.1', what)
    await dockerd.done('rm', '--force', 'other')
  }
  // After its own start, dockerd revokes nothing: the port is free all the same.
  await dockerd.done('stop', '--time', '0', 'app')
  await dockerd.run('next', '--network', 'web', '-p', '8080:80')
  await dockerd.done('rm', '--force', 'app', 'next')
  await dockerd.done('network', 'rm', 'web')
  t.deepEqual([dockerd.kept(), await slipway.sandboxes.list()], [[], []])
})

serial('a container that ends while Slipway is away is taken off its network when it is back', async (t) => {
  const { world, dockerd, slipway } = await setUp(t)
  await dockerd.done('network', 'create', ...WEB)
  await dockerd.run('app', '--network', 'web', '-p', '8080:80')
  await dockerd.killServe()
  await dockerd.done('kill', 'app')
  // dockerd has given up by now.
  await dockerd.done('wait', 'app')
  t.is((await slipway.sandboxes.list()).length, 1)
  await dockerd.serve()
  t.regex(dockerd.logged, /left over from a process that died: sandbox docker-[0-9a-f]{12}/)
  t.deepEqual(await slipway.sandboxes.list(), [])
  await dockerd.done('start', 'app')
  serveTcp(t, await dockerd.placeOf('app'), 80)
  t.true(await isServed(world))
})

/** What `docker run` and `docker rm` call. */
const CALLS = [
  'RequestAddress',
  'CreateEndpoint',
  'Join',
  'ProgramExternalConnectivity',
  'EndpointOperInfo',
  'RevokeExternalConnectivity',
  'Leave',
  'DeleteEndpoint',
  'ReleaseAddress',
]

async function setUpCuts(t: ExecutionContext) {
  const world = new DualStackWorld(t, true)
  const between = await CutOffPlugin.start(t, '/run/docker/plugins/slipway.sock', '/run/behind.sock')
  const dockerd = await RealDockerd.start(t, world, '/run/behind.sock')
  const victims = {
    Slipway: async () => {
      await dockerd.killServe()
      await dockerd.serve()
    },
    dockerd: async () => {
      await dockerd.killDaemon()
      await dockerd.startDaemon()
    },
  }
  return { world, between, dockerd, victims, slipway: await world.open() }
}

for (const victim of ['Slipway', 'dockerd'] as const) {
  serial(`${victim} is killed in each call, and nothing is left of the container`, async (t) => {
    const { world, between, dockerd, slipway, victims } = await setUpCuts(t)
    await dockerd.done('network', 'create', ...WEB)
    for (const method of CALLS)
      for (const when of ['before', 'after'] as const) {
        between.cut({ method, when, strike: victims[victim], holds: victim === 'Slipway' })
        const sleeps = ['-d', '--name', 'app', '--network', 'web', '-p', '8080:80', IMAGE, 'sleep', '600']
        const run = await dockerd.docker('run', ...sleeps)
        const what = `${method}, ${when}: ${run.status === 0 ? 'done' : run.stderr.trim().split('\n')[0]}`
        t.log(what)
        await dockerd.docker('rm', '--force', 'app')
        t.true(await between.wasCut(), what)
        // The dockerd that was asked to is gone.
        await dockerd.done('rm', '--force', 'app')
        t.true(await eventually(async () => (await slipway.sandboxes.list()).length === 0), what)
        const next = await dockerd.run('next', '--network', 'web', '-p', '8080:80')
        serveTcp(t, next, 80)
        t.true(await isServed(world), what)
        await dockerd.done('rm', '--force', 'next')
      }
    await dockerd.done('network', 'rm', 'web')
    t.deepEqual(dockerd.kept(), [])
  })

  serial(`${victim} is killed while a network is made or removed, and it is made and removed then`, async (t) => {
    const { between, dockerd, slipway, victims } = await setUpCuts(t)
    for (const method of ['RequestPool', 'CreateNetwork', 'ReleasePool', 'DeleteNetwork'])
      for (const when of ['before', 'after'] as const) {
        between.cut({ method, when, strike: victims[victim], holds: victim === 'Slipway' })
        const made = await dockerd.docker('network', 'create', ...WEB)
        if (method.startsWith('R') || method.startsWith('C')) await between.wasCut()
        const removed = await dockerd.docker('network', 'rm', 'web')
        const what = `${method}, ${when}: ${made.stderr}${removed.stderr}`
        t.true(await between.wasCut(), what)
        t.log(what.trim())
        await dockerd.docker('network', 'rm', 'web')
        await dockerd.done('network', 'create', ...WEB)
        await dockerd.run('app', '--network', 'web')
        await dockerd.done('rm', '--force', 'app')
        await dockerd.done('network', 'rm', 'web')
        t.deepEqual([await slipway.networks.list({ type: 'custom' }), dockerd.kept()], [[], []], what)
      }
  })
}
