import test from 'ava'
import type { PlanMessage } from '#lib/kernel/host.js'
import { done, slipway, stateOf } from '../helpers/command.js'
import { execIn, World } from '../helpers/world.js'

/** `slipway explain`: the commands it would have taken. */

test('explain: prints what it would take, and changes nothing', async (t) => {
  const world = new World(t)
  const app = world.name('app')
  const before = stateOf(world)
  const create = await done(world, 'explain', 'create', '--name', app, '-p', '8080:80')
  for (const line of [
    /^create table inet slipway /m,
    /^ip link add name docker0 .*type bridge( |$)/m,
    /^sysctl -qw net\.ipv4\.ip_forward=1$/m,
    new RegExp(`^ip netns add ${app}$`, 'm'),
    /tcp \. 8080 .*: 172\.17\.0\.2 \. 80 }$/m,
  ]) {
    t.regex(create, line)
  }
  const run = await done(world, 'explain', 'run', '--name', app, '--network', 'none', '--', 'sh', '-c', 'a b')
  t.regex(run, new RegExp(`\nip netns exec ${app} sh -c 'a b'\n`))
  t.regex(run, new RegExp(`\nip netns delete ${app}\n`))
  const plan = JSON.parse(await done(world, 'explain', 'create', '--json', '--name', app)) as PlanMessage['plan']
  t.true(plan.some((operation) => operation.op === 'netns.create' && operation.path === `/run/netns/${app}`))
  t.deepEqual(stateOf(world), before)

  // Beside one that is there, only what is missing.
  await done(world, 'create', '--name', app)
  const there = stateOf(world)
  const second = await done(world, 'explain', 'create')
  t.notRegex(second, /type bridge( |$)/m)
  t.regex(second, /172\.17\.0\.3/)
  t.deepEqual(stateOf(world), there)

  // And after somebody's flush, all that is.
  execIn(world.host, 'nft', 'flush', 'ruleset')
  const flushed = stateOf(world)
  const third = await done(world, 'explain', 'create')
  t.regex(third, /^create table inet slipway /m)
  t.regex(third, /^create element inet slipway bridges { "docker0" /m)
  t.deepEqual(stateOf(world), flushed)
  const healing = await slipway(world, 'rm', app)
  t.like(healing, { status: 0, stdout: `${app}\n` })
})

test('explain network create: the plan, and nothing of it', async (t) => {
  const world = new World(t)
  const before = stateOf(world)
  const options = [
    '--subnet',
    '10.7.0.0/24',
    '--ipv6',
    '--subnet',
    'fd00:7::/64',
    '--internal',
    '-o',
    'com.docker.network.bridge.name=br7',
    'web',
  ]
  const printed = await done(world, 'explain', 'network', 'create', ...options)
  for (const line of [
    /^create table inet slipway /m,
    /^ip link add name br7 .*type bridge( |$)/m,
    /^ip address add 10\.7\.0\.1\/24 .*dev br7$/m,
    /^ip address add fd00:7::1\/64 dev br7 nodad$/m,
    /^create element inet slipway internal { "br7" /m,
  ]) {
    t.regex(printed, line)
  }
  const plan = JSON.parse(
    await done(world, 'explain', 'network', 'create', '--json', ...options),
  ) as PlanMessage['plan']
  t.true(plan.some((operation) => operation.op === 'link.create' && operation.name === 'br7'))
  t.deepEqual(stateOf(world), before)

  // The library tells the same, but for what is new each time.
  const library = await world.open()
  const lasting = (text: string) => text.split('\n').filter((line) => !/\/networks\b/.test(line))
  const told = await library.networks.explain({
    name: 'web',
    subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
    internal: true,
    options: { 'com.docker.network.bridge.name': 'br7' },
  })
  t.deepEqual(lasting(told), lasting(printed))
  t.deepEqual(stateOf(world), before)
  await library.close()

  // A sandbox on a network that is there.
  await done(world, 'network', 'create', ...options)
  const app = world.name('app')
  const joined = await done(world, 'explain', 'create', '--name', app, '--network', 'web', '--ip', '10.7.0.9')
  t.regex(joined, new RegExp(`^ip -n ${app} address add 10\\.7\\.0\\.9/24 .*dev eth0$`, 'm'))
  t.notRegex(joined, /type bridge( |$)/m)
  await done(world, 'network', 'rm', 'web')
})
