import { channel } from 'node:diagnostics_channel'
import test from 'ava'
import type { WarningMessage } from '#lib/index.js'
import { end, start } from '../helpers/command.js'
import { eventually, execIn, ip, NEIGHBOUR_ADDRESS, setSysctl, World } from '../helpers/world.js'

/** Forwarding that is off on the host is no refusal: calls, the channel and the command warn of it. */

const MODES = { 4: 'net.ipv4.ip_forward', 6: 'net.ipv6.conf.all.forwarding' } as const
const UPLINK = 'net/ipv4/conf/uplink/forwarding'

test.serial('what is off on the host is said by the call that meets it, and told when it happens', async (t) => {
  const world = new World(t)
  const told: string[] = []
  const listen = (message: unknown) => told.push((message as WarningMessage).setting)
  channel('slipway:warning').subscribe(listen)
  t.teardown(() => channel('slipway:warning').unsubscribe(listen))
  ip('-n', world.host.name, 'route', 'add', 'default', 'via', NEIGHBOUR_ADDRESS)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'six', ipv6: true })
  await slipway.networks.create({ name: 'shut', internal: true })
  let count = 0
  const create = (network: string) => world.create(slipway, `app${count++}`, { network })
  const warned = async (network: string) => (await create(network)).warnings.map((text) => text.split(' is 0 ')[0])
  t.deepEqual(await warned('bridge'), [])
  t.deepEqual(await warned('six'), [])
  t.deepEqual(told, [])

  setSysctl(world.host, MODES[4], '0')
  // The kernel tells it at once, and this process hears it with its next turn: after what is done by then.
  t.true(await eventually(() => told.length > 0))
  t.deepEqual(await warned('bridge'), [MODES[4]])
  t.deepEqual(await warned('six'), [MODES[4]])
  t.deepEqual(await warned('shut'), [], 'an internal network needs none')
  t.deepEqual(told, [MODES[4]], 'once')
  const app = await create('shut')
  await app.connect('bridge')
  t.deepEqual(app.warnings.length, 1)
  t.regex(app.warnings[0] ?? '', /: sysctl -w net\.ipv4\.ip_forward=1$/)
  setSysctl(world.host, MODES[4], '1')
  await app.publish('8080:80')
  t.deepEqual(app.warnings, [])

  // With no call at all.
  setSysctl(world.host, MODES[6], '0')
  t.true(await eventually(() => told.includes(MODES[6])))
  t.deepEqual(await warned('bridge'), [], 'what has no IPv6 does not need it')
  t.deepEqual(await warned('six'), [MODES[6]])
  setSysctl(world.host, MODES[6], '1')
  t.deepEqual(await warned('six'), [])

  // Links that come and go say something of themselves in the same groups.
  for (let turn = 0; turn < 3; turn++) await (await create('bridge')).remove()
  t.deepEqual(told, [MODES[4], MODES[6]])
  setSysctl(world.host, UPLINK, '0')
  const other = await world.open()
  t.deepEqual((await world.create(other, 'late')).warnings.length, 1)
  t.is(told.at(-1), UPLINK)
})

test.serial('a network that is made says what its sandboxes will meet', async (t) => {
  const world = new World(t)
  ip('-n', world.host.name, 'route', 'add', 'default', 'via', NEIGHBOUR_ADDRESS)
  const slipway = await world.open()
  t.deepEqual((await slipway.networks.create({ name: 'well' })).warnings, [])
  setSysctl(world.host, UPLINK, '0')
  const other = await world.open()
  for (const [name, options, warned] of [
    ['web', {}, 1],
    ['shut', { internal: true }, 0],
    ['isle', { internal: true, options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' } }, 0],
    ['six', { ipv4: false, ipv6: true }, 0],
    ['lan', { driver: 'macvlan', options: { parent: 'uplink' } }, 0],
  ] as const) {
    const { warnings } = await other.networks.create({ name, ...options })
    t.is(warnings.length, warned, name)
    t.true(
      warnings.every((text) => text.startsWith(`${UPLINK} is 0 `)),
      warnings[0],
    )
  }
  t.deepEqual((await other.networks.get('web')).warnings, [])
  const { status, stderr } = await end(start(world, ['network', 'create', 'late']))
  t.is(status, 0, stderr)
  t.regex(stderr, /^slipway: warning: net\/ipv4\/conf\/uplink\/forwarding is 0 on this host.*\n$/)
})

test.serial('the command says it, and does not turn on what an administrator has turned off', async (t) => {
  const world = new World(t)
  await world.create(await world.open(), 'app')
  setSysctl(world.host, MODES[4], '0')
  for (const args of [
    ['create', '--name', world.name('other')],
    ['run', '--name', world.name('run'), '--', 'true'],
    ['publish', world.name('app'), '8080:80'],
  ]) {
    const { status, stderr } = await end(start(world, args))
    t.is(status, 0, stderr)
    t.regex(
      stderr,
      /^slipway: warning: net\.ipv4\.ip_forward is 0 on this host: .*sysctl -w net\.ipv4\.ip_forward=1\n$/,
    )
  }
})

test.serial(
  'who listens to events hears that another firewall drops, at the beginning and when it comes',
  async (t) => {
    const world = new World(t)
    const slipway = await world.open()
    await world.create(slipway, 'app')
    const listen = () => {
      const messages: string[] = []
      const controller = new AbortController()
      t.teardown(() => controller.abort())
      void (async () => {
        for await (const { attributes } of slipway.events({ action: 'warning', signal: controller.signal }))
          messages.push(attributes['message'] ?? '')
      })().catch(() => undefined)
      return messages
    }
    const first = listen()
    const drop =
      'add table inet filter; add chain inet filter forward { type filter hook forward priority 0; policy drop; }'
    execIn(world.host, 'nft', drop)
    t.true(await eventually(() => first.length > 0))
    t.regex(
      first[0] ?? '',
      /^inet filter, chain forward \(forward\): its policy drops packets of ours: .*\(docker0\).*\. Let it through: nft '/,
    )
    // What changes nothing for ours is not told, nor what was told.
    execIn(world.host, 'nft', 'add rule inet filter forward tcp dport 22 accept')
    const second = listen()
    await world.create(slipway, 'other')
    execIn(world.host, 'nft', 'delete table inet filter')
    await new Promise((resolve) => setTimeout(resolve, 2500))
    t.is(new Set(first).size, first.length)
    const before = first.length
    execIn(world.host, 'nft', drop)
    t.true(await eventually(() => first.length > before))
    t.true(await eventually(() => second.length > 0))
  },
)
