import { readdirSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { OpenOptions, Sandbox } from 'slipway'
import { elements, isAsBefore, settled, without } from '../helpers/snapshot.js'
import { THOROUGH } from '../helpers/thorough.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, ipJson, World } from '../helpers/world.js'

/** Many sandboxes, at once and one after the other. */

const CHURN = THOROUGH ? 2000 : 500
/** This many sandboxes are there at once while they come and go. */
const AT_ONCE = 50
const CROWD = THOROUGH ? 500 : 250
/** More than a bridge takes. */
const MANY = 1100
/** So long, in milliseconds, the kernel may take to take all of them down where the machine is busy. */
const GONE_MS = 20_000
/** What a process may grow by while so many come and go, in bytes: the heap's own breathing, not a leak. */
// A sanitizer's build (SLIPWAY_ADDON) keeps what was freed on purpose.
const GROWTH = process.env['SLIPWAY_ADDON'] ? Infinity : 32 << 20

/** Does a job many times, so many at once. */
async function times(count: number, atOnce: number, job: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await job(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

const veths = (world: World) =>
  ipJson<{ ifname: string }>(world.host, 'link').filter(({ ifname }) => ifname.startsWith('veth')).length

/** All but that of the sandbox that stays: the kernel takes them down behind our back. */
async function linksAreGone(t: ExecutionContext, world: World): Promise<void> {
  t.true(await eventually(() => veths(world) === 1, 20_000))
}

async function setUp(t: ExecutionContext, options: OpenOptions = {}) {
  const world = new World(t)
  const slipway = await world.open(options)
  await world.create(slipway, 'stays', { publish: ['5000:50/udp'] })
  return { world, slipway }
}

test.serial(`${CHURN} sandboxes come and go, and nothing stays`, async (t) => {
  const { world, slipway } = await setUp(t)
  const comeAndGo = async (index: number) => {
    const app = await world.create(slipway, `app-${index}`, { publish: index % 10 === 0 ? ['80', '53/udp'] : ['80'] })
    await app.remove()
  }
  // Until memory has what it wants to keep.
  await times(CHURN / 4, AT_ONCE, comeAndGo)
  await linksAreGone(t, world)
  const before = await settled(world)
  const resident = process.memoryUsage.rss()
  await times(CHURN, AT_ONCE, comeAndGo)
  await linksAreGone(t, world)
  await isAsBefore(t, world, before)
  const growth = process.memoryUsage.rss() - resident
  t.log(`grown by ${Math.round(growth / 1024)} KiB`)
  t.true(growth < GROWTH, `grown by ${growth} bytes`)
})

test.serial(`${CROWD} at once, each with an address, a port and a name of its own`, async (t) => {
  const { world, slipway } = await setUp(t, { portsPerBridge: 1023 })
  const before = await settled(world)
  const apps = await Promise.all(
    Array.from({ length: CROWD }, (_, index) =>
      world.create(slipway, `app-${index}`, { publish: ['80', `${10_000 + index}:81`] }),
    ),
  )
  const distinct = (of: (app: Sandbox) => unknown) => new Set(apps.map(of)).size
  t.is(
    distinct(({ endpoints }) => endpoints[0]?.addresses[0]),
    CROWD,
  )
  t.is(
    distinct(({ endpoints }) => endpoints[0]?.mac),
    CROWD,
  )
  t.is(
    distinct(({ ports }) => ports[0]?.hostPort),
    CROWD,
  )
  t.is(elements(world.host, 'addresses4').length, CROWD + 1)
  t.is(elements(world.host, 'published4').length, 2 * CROWD + 1)
  t.is(veths(world), CROWD + 1)
  for (const app of [apps[0], apps[CROWD >> 1], apps[CROWD - 1]]) {
    if (!app) continue
    serveTcp(t, app, 80)
    t.is(await fetchFrom(world.host, `http://${HOST_ADDRESS}:${app.ports[0]?.hostPort}/`), HOST_ADDRESS)
  }
  t.is((await slipway.sandboxes.list()).length, CROWD + 1)

  await Promise.all(apps.map((app) => app.remove()))
  t.is(elements(world.host, 'published4').length, 1)
  t.true(await eventually(() => readdirSync('/run/netns').every((name) => !name.startsWith(world.name('app-')))))
  // Three servers of this test still hold their namespaces, but the links go all the same.
  await linksAreGone(t, world)
  await isAsBefore(t, world, without(before, 'descriptors'))
})

test.serial('600 ports on one sandbox in one call, and gone in one', async (t) => {
  const { world, slipway } = await setUp(t)
  const before = await settled(world)
  const app = await world.create(slipway, 'app', { publish: ['20000-20599:1000-1599', '20000-20599:1000-1599/udp'] })
  serveTcp(t, app, 1599)
  t.is(elements(world.host, 'published4').length, 1201)
  t.is(await fetchFrom(world.host, `http://${HOST_ADDRESS}:20599/`), HOST_ADDRESS)
  const [, ...published] = await app.publish('30000-30599:2000-2599')
  t.is(published.length, 599)
  t.is(elements(world.host, 'published4').length, 1801)
  await app.unpublish('30000-30599:2000-2599')
  t.is(elements(world.host, 'published4').length, 1201)
  await app.remove()
  t.is(elements(world.host, 'published4').length, 1)
  await isAsBefore(t, world, without(before, 'descriptors'))
})

test.serial(`${MANY} at once, on as many bridges as they need`, async (t) => {
  const { world, slipway } = await setUp(t)
  const apps = await Promise.all(
    Array.from({ length: MANY }, (_, index) =>
      world.create(slipway, `app-${index}`, { publish: [`${10_000 + index}:80`] }),
    ),
  )
  const links = ipJson<{ ifname: string; master?: string }>(world.host, 'link')
  const ports = (bridge: string) => links.filter(({ master }) => master === bridge).length
  t.deepEqual(['docker0', 'docker0-1', 'docker0-2', 'docker0-3', 'docker0-4'].map(ports), [
    256,
    256,
    256,
    256,
    MANY + 1 - 4 * 256,
  ])
  t.is(new Set(apps.map(({ endpoints }) => endpoints[0]?.addresses[0])).size, MANY)
  const routes = () =>
    ipJson<{ dev: string }>(world.host, 'route').filter(({ dev }) => dev.startsWith('docker0-')).length
  t.is(routes(), MANY + 1 - 256)
  const [first, last] = [apps[0], apps[MANY - 1]]
  if (!first || !last) return
  for (const [index, app] of [
    [0, first],
    [MANY - 1, last],
  ] as const) {
    serveTcp(t, app, 80)
    t.is(await fetchFrom(world.host, `http://${HOST_ADDRESS}:${10_000 + index}/`), HOST_ADDRESS)
  }
  t.is(await fetchFrom(first, `http://${addressOf(last)}/`), addressOf(first))
  t.is(await fetchFrom(last, `http://${addressOf(first)}/`), addressOf(last))
  const again = await world.open()
  t.deepEqual(again.reconciled.collected, [])
  t.is(again.reconciled.adopted.length, MANY + 1)

  await Promise.all(apps.map((app) => app.remove()))
  t.true(await eventually(() => routes() === 0, GONE_MS))
  t.true(await eventually(() => elements(world.host, 'addresses4').length === 1, GONE_MS))
  await linksAreGone(t, world)
})

const addressOf = ({ endpoints }: Sandbox) => endpoints[0]?.addresses[0]?.split('/')[0] ?? ''
