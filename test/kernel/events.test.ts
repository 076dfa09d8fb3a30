import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { EventOptions, Slipway, SlipwayEvent } from 'slipway'
import { COMMAND, done, start } from '../helpers/command.js'
import { eventually, execIn, World } from '../helpers/world.js'

/** What is told of what happens, by this process and by others. */

/** Listens, and keeps what comes. */
function listen(t: ExecutionContext, slipway: Slipway, options: EventOptions = {}): SlipwayEvent[] {
  const found: SlipwayEvent[] = []
  const events = slipway.events(options)
  void (async () => {
    for await (const event of events) found.push(event)
  })()
  t.teardown(() => events.return?.())
  return found
}

const short = ({ type, action, name, attributes }: SlipwayEvent): string =>
  [type, action, name, type === 'endpoint' ? attributes['network'] : attributes['containerPort']]
    .filter((word) => word !== undefined)
    .join(' ')

test('what this process does is told at once, in order', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const [old, app, web] = [world.name('old'), world.name('app'), 'web']
  const before = await world.create(slipway, 'old')
  const found = listen(t, slipway)
  const steps: [string, () => Promise<unknown>, string[]][] = [
    ['a network', () => slipway.networks.create({ name: web, labels: { team: 'blue' } }), [`network created ${web}`]],
    [
      'a sandbox on it',
      () => world.create(slipway, 'app', { network: web, publish: ['8080:80'], labels: { job: '7' } }),
      [`sandbox created ${app}`, `endpoint created ${app} ${web}`, `port created ${app} 80`],
    ],
    ['connect', () => before.connect(web), [`endpoint created ${old} ${web}`]],
    ['publish', () => before.publish('8081:81/udp'), [`port created ${old} 81`]],
    ['unpublish', () => before.unpublish('81/udp'), [`port removed ${old} 81`]],
    ['disconnect', () => before.disconnect(web), [`endpoint removed ${old} ${web}`]],
    ['a sandbox from before', () => before.remove(), [`endpoint removed ${old} bridge`, `sandbox removed ${old}`]],
    [
      'one that was made since',
      async () => (await slipway.sandboxes.get(app)).remove(),
      [`port removed ${app} 80`, `endpoint removed ${app} ${web}`, `sandbox removed ${app}`],
    ],
    ['the network', async () => (await slipway.networks.get(web)).remove(), [`network removed ${web}`]],
    // Nothing has happened.
    ['a refused create', () => t.throwsAsync(slipway.sandboxes.create({ network: 'none-such' })), []],
  ]
  for (const [what, step, expected] of steps) {
    const from = found.length
    await step()
    // An iterator takes a turn for each.
    await eventually(() => found.length >= from + expected.length)
    t.deepEqual(found.slice(from).map(short), expected, what)
  }
  const [network, sandbox, endpoint, port] = found
  t.like(network?.attributes, { team: 'blue', driver: 'bridge' })
  t.like(sandbox?.attributes, { job: '7', network: web, path: `/run/netns/${app}` })
  t.like(endpoint?.attributes, { sandbox: app, sandboxId: sandbox?.id, networkId: network?.id, interface: 'eth0' })
  t.deepEqual(port?.attributes, {
    sandbox: app,
    hostIp: '0.0.0.0',
    hostPort: '8080',
    containerPort: '80',
    protocol: 'tcp',
  })
  t.is(port?.id, sandbox?.id)
  for (const { time } of found) t.regex(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('what others do is told once, and so is what both do', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const found = listen(t, slipway)
  const other = await world.open()
  const [app, web] = [world.name('app'), 'web']
  await other.networks.create({ name: web })
  const theirs = await world.create(other, 'app', { network: web, publish: ['8080:80'] })
  const created = [
    `network created ${web}`,
    `sandbox created ${app}`,
    `endpoint created ${app} ${web}`,
    `port created ${app} 80`,
  ]
  t.true(await eventually(() => found.length >= created.length))
  t.deepEqual(found.map(short), created)
  await (await slipway.sandboxes.get(app)).connect('bridge')
  await theirs.disconnect(web)
  await (await slipway.sandboxes.get(app)).publish('8081:81')
  await theirs.remove()
  await (await slipway.networks.get(web)).remove()
  const later = [
    `endpoint created ${app} bridge`,
    `endpoint removed ${app} ${web}`,
    `port created ${app} 81`,
    `port removed ${app} 81`,
    `port removed ${app} 80`,
    `endpoint removed ${app} bridge`,
    `sandbox removed ${app}`,
    `network removed ${web}`,
  ]
  t.true(await eventually(() => found.length >= created.length + later.length))
  // Told by two, they may come in another order.
  t.deepEqual(found.slice(created.length).map(short).sort(), later.sort())
})

test('what is given back is told, and what cannot be', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const one = await world.create(slipway, 'one', { labels: { job: '7' } })
  const two = await world.create(slipway, 'two')
  const found = listen(t, slipway, { action: ['healed', 'lost'] })
  const labelled = listen(t, slipway, { action: 'healed', label: 'job=7', network: 'bridge' })
  execIn(world.host, 'nft', 'flush ruleset')
  await world.create(slipway, 'three')
  t.true(await eventually(() => found.length >= 2))
  t.deepEqual(found.map(short).sort(), [`sandbox healed ${one.name}`, `sandbox healed ${two.name}`])
  t.deepEqual(found.map(({ id }) => id).sort(), [one.id, two.id].sort())
  t.true(await eventually(() => labelled.length > 0))
  const attributes = { job: '7', network: 'bridge', path: one.path }
  t.like(labelled, [{ type: 'sandbox', action: 'healed', id: one.id, name: one.name, attributes }])
})

test('filters, limits and ends', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const byType = listen(t, slipway, { type: 'sandbox', action: ['created', 'removed'] })
  const byName = listen(t, slipway, { sandbox: world.name('two') })
  const byLabel = listen(t, slipway, { label: ['job=7'] })
  const byNetwork = listen(t, slipway, { network: 'bridge' })
  // Labels, and no attributes of the same name.
  const byAttribute = [`network=bridge`, 'path', '!path'].map((label) =>
    listen(t, slipway, { type: 'sandbox', action: 'created', label }),
  )
  const slow = slipway.events({ buffer: 2 })
  for (const [name, labels] of [
    ['one', { job: '7' }],
    ['two', {}],
  ] as const)
    await (await world.create(slipway, name, { labels })).remove()
  const [one, two] = [world.name('one'), world.name('two')]
  t.true(await eventually(() => byType.length === 4))
  t.deepEqual(byType.map(short), [
    `sandbox created ${one}`,
    `sandbox removed ${one}`,
    `sandbox created ${two}`,
    `sandbox removed ${two}`,
  ])
  t.deepEqual(
    byName.map(short).map((text) => text.split(' ', 2).join(' ')),
    ['sandbox created', 'endpoint created', 'endpoint removed', 'sandbox removed'],
  )
  t.deepEqual(
    byAttribute.map((one) => one.length),
    [0, 0, 2],
  )
  t.deepEqual(byLabel.map(short), [`sandbox created ${one}`, `sandbox removed ${one}`])
  t.deepEqual(
    byNetwork.filter(({ type }) => type === 'endpoint').map(({ action }) => action),
    ['created', 'removed', 'created', 'removed'],
  )
  // Two are kept, and it is said how many were not.
  const kept: SlipwayEvent[] = []
  for (let i = 0; i < 3; i++) kept.push((await slow.next()).value as SlipwayEvent)
  t.deepEqual(kept.slice(0, 2).map(short), [`sandbox created ${one}`, `endpoint created ${one} bridge`])
  t.like(kept[2], { type: 'host', action: 'skipped', attributes: { count: '6' } })
  // It goes on after that.
  const next = slow.next()
  await world.create(slipway, 'three')
  t.is(short((await next).value as SlipwayEvent), `sandbox created ${world.name('three')}`)
  await slow.return?.()
  t.deepEqual(await slow.next(), { done: true, value: undefined })
  const three = await slipway.sandboxes.get(world.name('three'))
  const byId = listen(t, slipway, { sandbox: three.id.slice(0, 20) })
  await three.publish('8080:80')
  await three.remove()
  t.true(await eventually(() => byId.length === 4))
  t.deepEqual(
    byId.map(({ type }) => type),
    ['port', 'port', 'endpoint', 'sandbox'],
  )
  // An aborted signal rejects with its reason, once.
  const reason = new Error('enough')
  const aborted = slipway.events({ signal: AbortSignal.abort(reason) })
  t.is(await t.throwsAsync(aborted.next()), reason)
  t.true((await aborted.next()).done)
  for (const [options, expected] of [
    [{ type: 'volume' }, /events: type must be one of sandbox, endpoint/],
    [{ action: 'start' }, /events: action must be one of created/],
    [{ since: '1h' }, /events: there is no option "since"/],
    [{ buffer: 0 }, /events: buffer must be a number from 1/],
    [{ signal: 7 }, /events: signal must be an AbortSignal/],
    [null, /events takes an object of options/],
  ] as const)
    t.throws(() => slipway.events(options as never), { code: 'INVALID_ARGUMENT', message: expected })
  // Closing ends it.
  const last = slipway.events()
  const ended = last.next()
  await slipway.close()
  t.true((await ended).done)
  t.true((await slipway.events().next()).done)
})

test('a loop that computes costs no events of others', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const found = listen(t, slipway, { type: 'sandbox' })
  // The thread is there once it has told something.
  await done(world, 'create', '--name', world.name('first'))
  t.true(await eventually(() => found.length === 1))
  const child = start(world, ['create', '--name', world.name('app')])
  const busy = new Int32Array(new SharedArrayBuffer(4))
  const namespace = () => world.namespaces().includes(world.name('app'))
  for (let i = 0; i < 1000 && !namespace(); i++) Atomics.wait(busy, 0, 0, 10)
  if (child.exitCode === null) await once(child, 'exit')
  t.true(await eventually(() => found.length === 2))
  await done(world, 'rm', world.name('first'), world.name('app'))
  t.true(await eventually(() => found.length === 4))
})

test('a state folder that is taken away and made again is read again, and a copy of a record is not', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const found = listen(t, slipway)
  const other = await world.open()
  const told = (wanted: string) => eventually(() => found.map(short).includes(wanted))
  const hears = async (name: string) => {
    const sandbox = await world.create(other, name)
    t.true(await told(`sandbox created ${world.name(name)}`), `${name} is created`)
    return sandbox
  }
  await hears('one')
  const [host = ''] = readdirSync(world.stateDir)
  const folder = join(world.stateDir, host, 'sandboxes')
  // A copy with its id is damaged: nothing that becomes of it is told of the sandbox.
  const [one, copy] = [world.name('one'), world.name('copy')]
  const record = readFileSync(join(folder, `${one}.json`), 'utf8')
  writeFileSync(join(folder, `${copy}.json`), record.replace(`"name":"${one}"`, `"name":"${copy}"`), { mode: 0o700 })
  await hears('two')
  rmSync(join(folder, `${copy}.json`))
  await hears('three')
  t.deepEqual(found.filter(({ name }) => name === one || name === copy).map(short), [
    `sandbox created ${one}`,
    `endpoint created ${one} bridge`,
  ])
  for (const name of ['three', 'four']) {
    rmSync(folder, { recursive: true })
    t.true(await told(`sandbox removed ${world.name(name)}`))
    t.true(await eventually(() => existsSync(folder)))
    t.is(statSync(folder).mode & 0o777, 0o755)
    await hears(name === 'three' ? 'four' : 'five')
  }
})

test('the command prints a line each, until Ctrl-C', async (t) => {
  const world = new World(t)
  const [app] = [world.name('app')]
  await done(world, 'create', '--name', world.name('old'))
  const run = (...args: string[]) => {
    const line = [COMMAND, `--netns=${world.host.path}`, `--state-dir=${world.stateDir}`, 'events', ...args]
    const child = spawn(process.execPath, line, { timeout: 60_000 })
    let [out, err] = ['', '']
    child.stdout.on('data', (part: Buffer) => (out += part.toString()))
    child.stderr.on('data', (part: Buffer) => (err += part.toString()))
    return { child, out: () => out, err: () => err }
  }
  const plain = run()
  const json = run('--json', '--filter', 'type=endpoint')
  const formatted = run('--filter', `container=${app}`, '--format', '{{.Action}} {{.Name}} {{.Attribute "hostPort"}}')
  // They listen once they have told something.
  let made = 0
  t.true(
    await eventually(async () => {
      await done(world, 'create', '--name', world.name(`probe${made}`))
      await done(world, 'rm', world.name(`probe${made++}`))
      await done(world, 'create', '--name', app, '-p', '8080:80')
      await done(world, 'rm', app)
      return [plain, json, formatted].every(({ out }) => out().includes(app))
    }, 30_000),
  )
  // Nobody else listens to the kernel here, and nobody heals.
  execIn(world.host, 'nft', 'flush', 'ruleset')
  const damaged = /host damaged .*omething of the ruleset.* was changed or deleted, by nft .* leaves it so/
  t.true(await eventually(() => damaged.test(plain.out())), plain.out())
  t.is(execIn(world.host, 'nft', 'list', 'ruleset'), '')
  for (const { child } of [plain, json, formatted]) {
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    t.deepEqual(await ended, [130, null])
  }
  t.regex(
    plain.out(),
    new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z sandbox created ${app} [0-9a-f]{12} \\(network=bridge, path=`, 'm'),
  )
  const first = JSON.parse(json.out().split('\n')[0] ?? '') as SlipwayEvent
  t.like(first, { type: 'endpoint', attributes: { network: 'bridge' } })
  t.regex(formatted.out(), new RegExp(`^created ${app} 8080$`, 'm'))
  for (const { err } of [plain, json, formatted]) t.is(err(), '')
  await (await world.open()).close()
  await done(world, 'rm', world.name('old'))
})

test('a parent that goes is told once, each time that it goes, and that it is back', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const links = (...args: string[]) => execIn(world.host, 'ip', 'link', ...args)
  const add = () => {
    links('add', 'lan0', 'type', 'veth', 'peer', 'name', 'lan1')
    links('set', 'lan0', 'up')
  }
  add()
  await slipway.networks.create({ name: 'lan', driver: 'macvlan', options: { parent: 'lan0' } })
  await world.create(slipway, 'app', { network: 'lan' })
  const found = listen(t, slipway, { action: ['lost', 'healed'] })
  for (const round of [1, 2]) {
    links('delete', 'lan0')
    t.true(await eventually(() => found.filter(({ action }) => action === 'lost').length === round))
    add()
    t.true(await eventually(() => found.filter(({ type }) => type === 'sandbox').length === round, 10_000))
    t.is(found.filter(({ action }) => action === 'lost').length, round)
  }
  t.is(found[0]?.attributes['message'], 'network lan: its parent lan0 is gone. It heals when that is back.')
})
