import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import type { CreateOptions, Slipway } from '#lib/index.js'
import { links, start } from '../helpers/command.js'
import { inOtherProcess } from '../helpers/other-process.js'
import { elements, readFiles } from '../helpers/snapshot.js'
import { World } from '../helpers/world.js'

/** Sandboxes that go when their maker has ended, and which of the others a prune takes. */

/** Another process makes sandboxes and waits. `before`: what is run in between. */
async function maker(
  t: ExecutionContext,
  world: World,
  creates: readonly CreateOptions[],
  { next = '', before = [] }: { next?: string; before?: readonly string[] } = {},
): Promise<ChildProcess> {
  const script = `
    const { Slipway } = await import('#lib/index.js')
    const slipway = await Slipway.open(${JSON.stringify({ netns: world.host.path, stateDir: world.stateDir })})
    const made = []
    for (const options of ${JSON.stringify(creates)}) made.push(await slipway.sandboxes.create(options))
    ${next}
    console.log('made')
    setInterval(() => {}, 1000)`
  const [program = '', ...args] = [...before, process.execPath, '--input-type=module', '--eval', script]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], timeout: 60_000 })
  t.teardown(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}

const names = async (slipway: Slipway) => (await slipway.sandboxes.list()).map(({ name }) => name)

/** Waits for a state of the host, for as long as another process may take to see it. */
async function until(is: () => Promise<boolean>): Promise<boolean> {
  for (let step = 0; step < 300; step++) {
    if (await is()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

test('what is ephemeral goes when its maker was killed, by whoever has the host open or opens it next', async (t) => {
  const world = new World(t)
  const name = (what: string) => world.name(what)
  const staying = await world.open()
  await staying.networks.create({ name: 'web', ipv6: true })
  const creates: CreateOptions[] = [
    { name: name('app'), network: 'web', publish: ['8080:80', '53:53/udp'], ephemeral: true },
    { name: name('joined'), network: `container:${name('app')}`, ephemeral: true },
    { name: name('none'), network: 'none', ephemeral: true },
    { name: name('kept'), ephemeral: true },
    { name: name('stays'), publish: ['8081:80'] },
  ]
  const more = 'await made[0].connect("bridge"); await made[0].files(); await made[3].keep()'
  const before = Object.keys(readFiles(world.stateDir)).length

  const first = await maker(t, world, creates, { next: more })
  // Its maker lives: nobody takes it away.
  const visiting = await world.open()
  t.deepEqual(visiting.reconciled.collected, [])
  t.is((await names(staying)).length, creates.length)
  t.is((await staying.sandboxes.list({ ephemeral: true })).length, 3)
  await visiting.close()

  await kill(first)
  t.true(await until(async () => (await names(staying)).length === 2), 'a process that has the host open collects')
  t.deepEqual(await names(staying), [name('kept'), name('stays')])
  t.true(await until(async () => world.namespaces().every((one) => !/(app|joined|none)$/.test(one))))
  for (const set of ['published4', 'published6'])
    t.deepEqual(
      elements(world.host, set).filter(({ key }) => /8080| 53$/.test(key)),
      [],
    )
  // The name, the ports and the addresses are anybody's again.
  const again = await staying.sandboxes.create({ name: name('app'), network: 'web', publish: ['8080:80', '53:53/udp'] })
  for (const sandbox of [again, ...(await staying.sandboxes.list({ name: ['kept', 'stays'] }))]) await sandbox.remove()
  await staying.close({ wait: true })

  await kill(
    await maker(t, world, creates.slice(0, 3), { next: 'await made[0].connect("bridge"); await made[0].files()' }),
  )
  const next = await world.open()
  t.deepEqual(
    next.reconciled.collected,
    ['app', 'joined', 'none'].map((one) => `sandbox ${name(one)}: ephemeral, and its maker has ended, removed`),
  )
  t.deepEqual([next.reconciled.adopted, next.reconciled.healed], [[], []])
  t.deepEqual(await names(next), [])
  await next.close({ wait: true })
  t.is(Object.keys(readFiles(world.stateDir)).length, before, 'no file is left')
})

test('a maker is its number, its start and its pid namespace, and a mark is not more than its records', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const own = await world.create(slipway, 'own', { ephemeral: true })
  // Opened by others, also from a pid namespace of their own, while this process lives.
  await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['list'])
  t.deepEqual(await names(slipway), [own.name])
  const other = await maker(t, world, [{ name: world.name('other'), ephemeral: true }], {
    before: ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', '--propagation', 'unchanged'],
  })
  t.deepEqual(await names(slipway), [world.name('other'), own.name])
  await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['list'])
  t.deepEqual(await names(slipway), [world.name('other'), own.name])
  await kill(other)
  await own.remove()
  // A refused one leaves no mark.
  await t.throwsAsync(world.create(slipway, 'refused', { ephemeral: true, ip: '192.0.2.77' }), {
    code: 'INVALID_ARGUMENT',
  })
  const marks = () =>
    Object.keys(readFiles(world.stateDir)).filter((path) => path.includes(`/ephemeral/${process.pid}-`))
  t.deepEqual(marks(), [])
  const kept = await world.create(slipway, 'kept', { ephemeral: true })
  t.is(marks().length, 1)
  await kept.keep()
  await kept.keep()
  t.false(kept.ephemeral)
  await slipway.close()
  t.deepEqual(marks(), [])
})

test('a run that was killed leaves nothing after the next open', async (t) => {
  const world = new World(t)
  const name = world.name('job')
  const run = start(world, [
    'run',
    '--name',
    name,
    '-p',
    '8080:80',
    '-l',
    'ci=1',
    '--',
    'sh',
    '-c',
    'echo $$; exec sleep 60',
  ])
  const [pid] = (await once(run.stdout ?? run, 'data')) as [Buffer]
  // What it has run goes on, and is off the network.
  t.teardown(() => process.kill(Number(pid), 'SIGKILL'))
  await kill(run)
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.collected, [`sandbox ${name}: ephemeral, and its maker has ended, removed`])
  t.deepEqual(await names(slipway), [])
  await slipway.close({ wait: true })
  t.deepEqual(links(world), ['docker0', 'lo', 'uplink'])
  t.false(world.namespaces().includes(name))
})

test('prune takes what nobody uses: no maker, no process and no socket inside, joined by none', async (t) => {
  const world = new World(t)
  const name = (what: string) => world.name(what)
  const labels = { ci: 'yes' }
  const child = await maker(t, world, [
    { name: name('empty'), labels },
    { name: name('host'), network: 'host', labels },
    { name: name('joined'), labels },
    { name: name('joiner'), network: `container:${name('joined')}` },
    { name: name('listening'), labels },
    { name: name('other'), labels: { ci: 'no' } },
    { name: name('process'), labels },
  ])
  const slipway = await world.open()
  t.deepEqual(await slipway.sandboxes.prune(), [], 'their maker lives')
  await kill(child)
  const inside = (await slipway.sandboxes.get(name('process'))).spawn('sleep', ['60'], { stdio: 'ignore' })
  t.teardown(() => inside.kill('SIGKILL'))
  const { createServer } = await import('node:net')
  const server = (await slipway.sandboxes.get(name('listening'))).enter(() => createServer().listen(80))
  t.teardown(() => server.close())
  await world.create(slipway, 'own', { labels })
  t.deepEqual(await slipway.sandboxes.prune({ label: 'ci=yes', until: '1h' }), [], 'younger than an hour')
  t.deepEqual(await slipway.sandboxes.prune({ label: 'ci=yes' }), [name('empty'), name('host')])
  t.deepEqual(await slipway.sandboxes.prune({ label: ['ci', '!ci=yes'] }), [name('other')])
  t.deepEqual(await slipway.sandboxes.prune(), [name('joined'), name('joiner')])
  server.close()
  const gone = once(inside, 'exit')
  inside.kill('SIGKILL')
  await gone
  t.deepEqual(await slipway.sandboxes.prune({ until: new Date(Date.now() + 1000) }), [
    name('listening'),
    name('process'),
  ])
  t.deepEqual(await names(slipway), [name('own')])
})
