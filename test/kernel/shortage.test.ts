import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { Slipway, type Sandbox } from '#lib/index.js'
import { howItEnded, runChild, WELL } from '../env/run-child.js'
import { World } from '../helpers/world.js'

/**
 * A state folder that cannot be written, and a process that can open nothing: every call says so in words, and nothing
 * is lost.
 */

async function onTmpfs(t: ExecutionContext): Promise<{ world: World; slipway: Slipway; app: Sandbox; folder: string }> {
  const world = new World(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', world.stateDir])
  t.teardown(() => execFileSync('umount', ['--lazy', world.stateDir]))
  const slipway = await world.open()
  await slipway.networks.create({ name: 'net' })
  const app = await world.create(slipway, 'app', { network: 'net', publish: ['8080:80'] })
  await app.files()
  return { world, slipway, app, folder: join(world.stateDir, readdirSync(world.stateDir)[0] ?? '') }
}

test('a state folder on a file system that can only be read', async (t) => {
  const { world, slipway, app, folder } = await onTmpfs(t)
  const short = await world.create(slipway, 'short', { network: 'none', ephemeral: true })
  const other = await world.open()
  rmSync(join(folder, 'ephemeral'), { recursive: true })
  execFileSync('mount', ['-o', 'remount,ro', world.stateDir])
  const said = {
    name: 'SlipwayError',
    code: 'KERNEL',
    message: /^\/\S+ is on a file system that can only be read \(EROFS\)\./,
  }
  const calls: Record<string, () => Promise<unknown>> = {
    create: () => world.create(slipway, 'more'),
    'networks.create': () => slipway.networks.create({ name: 'more' }),
    connect: () => app.connect('bridge'),
    disconnect: () => app.disconnect('net'),
    publish: () => app.publish('9000:90'),
    unpublish: () => app.unpublish('8080:80'),
    remove: () => app.remove(),
    keep: () => short.keep(),
    'files, which nobody has asked for before': () => short.files(),
    'create, ephemeral': () => world.create(other, 'more', { ephemeral: true }),
  }
  for (const [call, make] of Object.entries(calls)) {
    const error = await t.throwsAsync(make(), said, call)
    // Nobody wants to read a record in an error.
    t.notRegex(inspect(error, { depth: 9 }), /printf|"version"/, call)
  }
  const later = await world.open()
  t.deepEqual(later.reconciled, { adopted: [app.name, short.name], healed: [], collected: [] })
  await (await world.open({ pool: { size: 1 } })).pool.ready().then(
    () => t.fail('a mark was written'),
    (error: unknown) => t.like(error, { name: 'SlipwayError', code: 'KERNEL' }),
  )
  execFileSync('mount', ['-o', 'remount,rw', world.stateDir])
  await app.remove()
})

test('a folder of namespaces that can only be read, and a process that may write no large file', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'a')
  const script = `
    process.on('SIGXFSZ', () => undefined)
    const { Slipway } = await import('#lib/index.js')
    const slipway = await Slipway.open(${JSON.stringify({ netns: world.host.path, stateDir: world.stateDir })})
    const said = async (call) => call.then(() => 'done', ({ name, code, message }) => [name, code, message].join(' '))
    console.log(await said(slipway.sandboxes.create({ name: '${world.name('more')}' })))
    console.log(await said(slipway.networks.create({ name: 'more' })))
    await slipway.close()`
  const run = (before: string) =>
    execFileSync(
      'unshare',
      [
        '--mount',
        '--propagation',
        'private',
        'sh',
        '-c',
        `${before}; exec "$@"`,
        'sh',
        process.execPath,
        '--input-type=module',
        '--eval',
        script,
      ],
      { encoding: 'utf8', timeout: 30_000 },
    ).split('\n')
  const [create, network] = run('mount --rbind /run/netns /run/netns && mount -o remount,bind,ro /run/netns')
  t.is(
    create,
    `SlipwayError KERNEL /run/netns/${world.name('more')} is on a file system that can only be read (EROFS). Mount it so that it can be written.`,
  )
  t.is(network, 'done')
  await (await slipway.networks.get('more')).remove()
  for (const line of run('ulimit -f 0').slice(0, 2))
    t.regex(
      line,
      /^SlipwayError KERNEL This process may write no file as large as \S+more\.json \(EFBIG\)\. Raise its limit: ulimit -f\.$/,
    )
})

test('files of sandboxes on a file system that can only be read: a removal is done, and close() says what is left', async (t) => {
  const { world, app, folder } = await onTmpfs(t)
  const own = await Slipway.open({ netns: world.host.path, stateDir: world.stateDir })
  const files = join(folder, 'files')
  execFileSync('mount', ['--bind', files, files])
  t.teardown(() => execFileSync('umount', ['--lazy', files]))
  execFileSync('mount', ['-o', 'remount,ro,bind', files])
  await (await own.sandboxes.get(app.name)).remove()
  await t.throwsAsync(own.close({ wait: true }), {
    name: 'SlipwayError',
    code: 'KERNEL',
    message: /files\/\S+ is on a file system that can only be read \(EROFS\)\./,
  })
  t.false(existsSync(app.path))
})

test("a folder of sandboxes' records that has no room kept for removals gets it with the next open()", async (t) => {
  const { world, slipway, app, folder } = await onTmpfs(t)
  const reserve = join(folder, 'sandboxes', '.reserve')
  rmSync(reserve)
  await slipway.close()
  const again = await world.open()
  t.true(statSync(reserve).blocks * 512 >= 65536)
  await (await again.sandboxes.get(app.name)).remove()
})

test('a process without a descriptor left: calls say so, no record is taken for damaged and no sandbox for gone', async (t) => {
  const world = new World(t)
  const ended = await runChild(
    'short',
    { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix },
    { under: ['prlimit', '--nofile=200'] },
  )
  t.deepEqual(howItEnded(ended), WELL)
  const [refused, left] = ended.said as [Record<string, { code: string; message: string }>, string[]]
  t.deepEqual(left, [world.name('a')])
  for (const [call, { code, message }] of Object.entries(refused))
    t.regex(`${code}: ${message}`, /^KERNEL: This process has as many files open as it may \(EMFILE/, call)
  for (const call of ['create', 'get', 'list', 'connect', 'enter', 'open', 'unpublish', 'remove'])
    t.truthy(refused[call], call)
})
