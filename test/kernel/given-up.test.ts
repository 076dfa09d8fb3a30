import { getEventListeners } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { Slipway, type CallOptions, type Sandbox } from '#lib/index.js'
import { stateOf } from '../helpers/command.js'
import { lock } from '../helpers/locked-file.js'
import { readFiles } from '../helpers/snapshot.js'
import { World } from '../helpers/world.js'

/** Calls that a signal or a timeout ends. One that rejects has not happened. */

const LOCKED = 'a record that another process has locked'

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Each call that takes options, by its name. */
function callsOf(
  world: World,
  slipway: Slipway,
  app: Sandbox,
): Record<string, (options: CallOptions) => Promise<unknown>> {
  const network = () => slipway.networks.get('web')
  return {
    open: (options) => Slipway.open({ netns: world.host.path, stateDir: world.stateDir, ...options }),
    close: (options) => slipway.close(options),
    'pool.ready': (options) => slipway.pool.ready(options),
    'sandboxes.create': (options) => world.create(slipway, 'new', options),
    'sandboxes.create on a network': (options) => world.create(slipway, 'new', { network: 'web', ...options }),
    'sandboxes.create without': (options) =>
      world.create(slipway, 'new', { network: 'none', ephemeral: true, ...options }),
    'sandboxes.get': (options) => slipway.sandboxes.get(app.name, options),
    'sandboxes.list': (options) => slipway.sandboxes.list({ name: 'app', ...options }),
    'sandboxes.prune': (options) => slipway.sandboxes.prune(options),
    'networks.create': (options) => slipway.networks.create({ name: 'new', ...options }),
    'networks.get': (options) => slipway.networks.get('web', options),
    'networks.list': (options) => slipway.networks.list(options),
    'networks.prune': (options) => slipway.networks.prune(options),
    'network.inspect': async (options) => (await network()).inspect(options),
    'network.sandboxes': async (options) => (await network()).sandboxes(options),
    'network.remove': async (options) => (await network()).remove(options),
    refresh: (options) => app.refresh(options),
    connect: (options) => app.connect('web', options),
    disconnect: (options) => app.disconnect('bridge', options),
    publish: (options) => app.publish('8081:81', { protocol: 'tcp', containerPort: 82 }, options),
    unpublish: (options) => app.unpublish('8080:80', options),
    keep: (options) => app.keep(options),
    stats: (options) => app.stats(options),
    files: (options) => app.files(options),
    remove: (options) => app.remove(options),
  }
}

test('a call whose signal is aborted has not begun, and rejects with the reason of the signal', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  const app = await world.create(slipway, 'app', { publish: ['8080:80'], ephemeral: true })
  const before = stateOf(world)
  const reason = new Error('the caller has gone')
  for (const [name, call] of Object.entries(callsOf(world, slipway, app))) {
    t.is(await t.throwsAsync(call({ signal: AbortSignal.abort(reason) }), { any: true }), reason, name)
    // A system's error, as Node.js makes them, is the caller's reason too, and no value need be an error.
    const system = Object.assign(new Error('x'), { code: 'EIO', errno: -5, syscall: 'read' })
    t.is(await t.throwsAsync(call({ signal: AbortSignal.abort(system) }), { any: true }), system, name)
    for (const wrong of [{ signal: {} }, { signal: 7 }, { timeout: 0 }, { timeout: '5' }, { timeout: Infinity }])
      await t.throwsAsync(
        call(wrong as never),
        {
          name: 'SlipwayError',
          code: 'INVALID_ARGUMENT',
          message: /(signal must be an AbortSignal|timeout must be a number of milliseconds)/,
        },
        `${name} ${JSON.stringify(wrong)}`,
      )
  }
  t.deepEqual(stateOf(world), before)
  await t.throwsAsync(app.refresh(AbortSignal.abort() as never), { code: 'INVALID_ARGUMENT' })

  // With a signal that is never aborted, and time enough, each does what it does, and leaves no listener.
  const { signal } = new AbortController()
  const { close, remove, open, ...others } = callsOf(world, slipway, app)
  delete others['sandboxes.create on a network']
  delete others['sandboxes.create without']
  for (const [name, call] of Object.entries(others)) {
    if (name === 'network.remove') await app.disconnect('web', { force: true, signal })
    if (name === 'network.remove' || name === 'networks.prune') continue
    await t.notThrowsAsync(call({ signal, timeout: 60_000 }), name)
    t.is(getEventListeners(signal, 'abort').length, 0, name)
  }
  t.deepEqual(
    app.endpoints.map(({ network }) => network),
    ['web'],
  )
  for (const call of [remove, close]) await call?.({ signal, timeout: 60_000 })
  const again = (await open?.({ signal, timeout: 60_000 })) as Slipway
  await again.close()
  t.is(getEventListeners(signal, 'abort').length, 0)
})

/** Waits for a record that another process has locked. */
async function locked(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  const [path = ''] = Object.keys(readFiles(world.stateDir)).filter((file) =>
    file.endsWith(`/sandboxes/${app.name}.json`),
  )
  return { world, slipway, app, ...(await lock(t, path.startsWith('/') ? path : `${world.stateDir}/${path}`)) }
}

/** While it waits for what is locked. */
async function isGivenUp(t: ExecutionContext, call: (options: CallOptions) => Promise<unknown>, name: string) {
  // On a busy machine it may not have come that far.
  let what
  for (let timeout = 30; what !== LOCKED && timeout < 10_000; timeout *= 4) {
    const { message = '' } =
      (await t.throwsAsync(call({ timeout }), { name: 'SlipwayError', code: 'TIMEOUT' }, name)) ?? {}
    what = /^[\w.]+ took longer than \d+ ms \(it was waiting for (.*)\) and was given up: nothing was changed\./.exec(
      message,
    )?.[1]
  }
  t.is(what, LOCKED, name)
}

test('what waits for a locked record, or behind what waits for it, is given up, and has not happened', async (t) => {
  const { world, slipway, app, unlock } = await locked(t)
  const before = stateOf(world)
  for (const [name, call] of [
    ['publish', (options: CallOptions) => app.publish('8081:81', options)],
    ['connect', (options: CallOptions) => app.connect('web', options)],
    ['disconnect', (options: CallOptions) => app.disconnect('bridge', options)],
    ['remove', (options: CallOptions) => app.remove(options)],
    ['keep', (options: CallOptions) => app.keep(options)],
    // It notes there that it has joined.
    [
      'create',
      (options: CallOptions) => world.create(slipway, 'side', { network: `container:${app.name}`, ...options }),
    ],
  ] as const) {
    await isGivenUp(t, call, name)
  }
  const controller = new AbortController()
  const { signal } = controller
  const first = app.publish('8081:81', { signal, timeout: 60_000 })
  const second = app.connect('web', { signal })
  const third = app.publish('8082:82')
  // Closing waits for those, and is given up: it stays open.
  await t.throwsAsync(slipway.close({ timeout: 30 }), { code: 'TIMEOUT', message: /waiting for calls in flight/ })
  t.is((await slipway.sandboxes.list()).length, 1)
  t.is(getEventListeners(signal, 'abort').length, 1)
  controller.abort()
  for (const call of [first, second]) t.is(await t.throwsAsync(call, { any: true, name: 'AbortError' }), signal.reason)
  t.is(getEventListeners(signal, 'abort').length, 0)
  t.deepEqual(stateOf(world), before)
  await unlock()
  await third
  t.deepEqual(
    app.ports.map(({ hostPort }) => hostPort).filter((port) => port !== 8080),
    [8082],
  )
  await app.publish('8081:81')
  await app.connect('web', { timeout: 60_000 })
  await app.remove({ signal: new AbortController().signal })
})

test('what waits for the locked file of all routers is given up, and has not happened', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  for (const name of ['web', 'work', 'more']) await slipway.networks.create({ name })
  const router = await world.create(slipway, 'router', { network: 'web', forwarding: true })
  await router.connect('work')
  const [file = ''] = Object.keys(readFiles(world.stateDir)).filter((path) => path.endsWith('/routes.json'))
  const { unlock } = await lock(t, file.startsWith('/') ? file : `${world.stateDir}/${file}`)
  const before = stateOf(world)
  await isGivenUp(t, (options) => router.connect('more', options), 'connect')
  await isGivenUp(t, (options) => router.disconnect('work', options), 'disconnect')
  await isGivenUp(t, (options) => router.remove(options), 'remove')
  t.deepEqual(stateOf(world), before)
  await unlock()
  await router.remove()
})

test('a call that is aborted at any moment has happened as a whole, or not at all', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ pool: { size: 1, networks: ['web'] } })
  await slipway.networks.create({ name: 'web', ipv6: true })
  await slipway.pool.ready()
  const app = await world.create(slipway, 'app')
  /** Whether each has happened. */
  const changes: [string, (signal: AbortSignal) => Promise<unknown>, () => Promise<boolean>, () => Promise<unknown>][] =
    [
      [
        'create',
        (signal) => world.create(slipway, 'new', { network: 'web', publish: ['8080:80', '81'], signal }),
        async () => (await slipway.sandboxes.list({ name: 'new' })).length > 0,
        async () => (await slipway.sandboxes.get(world.name('new'))).remove(),
      ],
      [
        'connect',
        (signal) => app.connect('web', { signal }),
        async () => (await app.refresh()).endpoints.length === 2,
        () => app.disconnect('web'),
      ],
      [
        'publish',
        (signal) => app.publish('8081:81', '82', { signal }),
        async () => (await app.refresh()).ports.length > 0,
        () => app.unpublish('81', '82'),
      ],
      [
        'networks.create',
        (signal) => slipway.networks.create({ name: 'other', signal }),
        async () => (await slipway.networks.list({ name: 'other' })).length > 0,
        async () => (await slipway.networks.get('other')).remove(),
      ],
    ]
  const ends = { happened: 0, not: 0 }
  for (const [name, change, hasHappened, takeBack] of changes) {
    for (let turns = 0; turns < 6; turns++) {
      const controller = new AbortController()
      const call = change(controller.signal).then(
        () => true,
        (error: unknown) => {
          t.is(error, controller.signal.reason, name)
          return false
        },
      )
      for (let step = 0; step < turns; step++) await turn()
      controller.abort()
      const happened = await call
      t.is(await hasHappened(), happened, `${name}, aborted after ${turns} turns`)
      ends[happened ? 'happened' : 'not']++
      if (happened) await takeBack()
    }
  }
  t.true(ends.not >= changes.length, JSON.stringify(ends))
  t.log(JSON.stringify(ends))
  // A crowd, of which one signal ends all that have not begun.
  const controller = new AbortController()
  const { signal } = controller
  const crowd = Array.from({ length: 60 }, (_, number) =>
    world.create(slipway, `c${number}`, { network: 'web', publish: ['80'], signal }).then(
      (sandbox) => sandbox.name,
      (error: unknown) => {
        t.is(error, signal.reason)
        return undefined
      },
    ),
  )
  await Promise.race(crowd)
  controller.abort()
  const made = (await Promise.all(crowd)).filter((name) => name !== undefined)
  t.true(made.length > 0 && made.length < 60, String(made.length))
  t.deepEqual(
    (await slipway.sandboxes.list({ name: `${world.prefix}-c` })).map(({ name }) => name),
    made.sort(),
  )
  t.is(getEventListeners(signal, 'abort').length, 0)
  for (const sandbox of await slipway.sandboxes.list()) await sandbox.remove()
  await slipway.close({ wait: true })
  // What was taken for calls that were given up is free: the next open() finds nothing to collect.
  const next = await world.open()
  t.deepEqual(next.reconciled, { adopted: [], healed: [], collected: [] })
  t.deepEqual(
    Object.keys(readFiles(world.stateDir)).filter((path) => path.includes('/sandboxes/')),
    [],
  )
})
