import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox } from '#lib/index.js'
import { end, start } from '../helpers/command.js'
import { putSameInode } from '../helpers/same-inode.js'
import { elements, settled, isAsBefore, readFiles } from '../helpers/snapshot.js'
import { eventually, ip, World } from '../helpers/world.js'

/** A path is no identity: what has come in the place of a sandbox's namespace is neither entered nor changed. */

/** What may be at a path by the time that it is used. */
const INSTEAD: Readonly<Record<string, (path: string, world: World, inode: number) => boolean | void>> = {
  nothing: () => undefined,
  'another namespace': (path) => void ip('netns', 'add', path.slice('/run/netns/'.length)),
  'another namespace with the same inode number': (path, world, inode) => putSameInode(world, path, inode),
  "the host's namespace": (path, { host }) => {
    writeFileSync(path, '')
    execFileSync('mount', ['--bind', host.path, path])
  },
  "another sandbox's namespace": (path, world) => {
    writeFileSync(path, '')
    execFileSync('mount', ['--bind', `/run/netns/${world.name('other')}`, path])
  },
  "a link to another sandbox's namespace": (path, world) => symlinkSync(`/run/netns/${world.name('other')}`, path),
  "a link to the host's namespace": (path, { host }) => symlinkSync(host.path, path),
  "a link to this process's namespace": (path) => symlinkSync('/proc/self/ns/net', path),
  'a namespace of another kind': (path) => {
    writeFileSync(path, '')
    execFileSync('mount', ['--bind', '/proc/self/ns/uts', path])
  },
  'a file': (path) => writeFileSync(path, ''),
  'a folder': (path) => mkdirSync(path),
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
  'a device': (path) => void execFileSync('mknod', [path, 'c', '1', '3']),
  'a device without an end': (path) => symlinkSync('/dev/zero', path),
  'a link to nothing': (path) => symlinkSync('/run/netns/nowhere', path),
  'a link to itself': (path) => symlinkSync(path, path),
}

function clear(path: string): void {
  // What a link leads to stays mounted.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return rmSync(path)
  try {
    execFileSync('umount', ['-l', path], { stdio: 'ignore' })
  } catch {
    // Nothing is mounted there.
  }
  rmSync(path, { recursive: true, force: true })
}

/** Makes a sandbox and has its namespace exchanged, once more where that cannot be had. */
async function exchanged(make: () => Promise<Sandbox>, exchange: (app: Sandbox) => boolean | void): Promise<Sandbox> {
  for (let tries = 0; tries < TRIES; tries++) {
    const app = await make()
    if (exchange(app) !== false) return app
    await app.remove()
  }
  throw new Error(`no inode number has come back in ${TRIES} tries`)
}
const TRIES = 20

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined

async function isRefused(t: ExecutionContext, app: Sandbox, what: string): Promise<void> {
  const gone = { code: 'NOT_FOUND', message: /not at .* any more.*Remove the sandbox/ }
  await t.throwsAsync(app.connect('web'), gone, `connect, ${what}`)
  await t.throwsAsync(app.publish('9000:90'), gone, `publish, ${what}`)
  await t.throwsAsync(app.stats(), gone, `stats, ${what}`)
  t.throws(() => app.enter(() => t.fail(`entered ${what}`)), gone, `enter, ${what}`)
  t.throws(() => app.spawn('true'), gone, `spawn, ${what}`)
}

/** What asks nothing of a namespace goes on; and none of it touches what is at the path. */
async function goesOn(t: ExecutionContext, world: World, app: Sandbox, what: string): Promise<void> {
  t.is(app.inspect()['SandboxKey'], app.path, what)
  await app.refresh()
  await t.notThrowsAsync(app.files(), what)
  await t.notThrowsAsync(app.unpublish('8081:81'), what)
  const other = await world.open()
  t.true(
    (await other.sandboxes.list()).some(({ name }) => name === app.name),
    what,
  )
  const found = await other.sandboxes.get(app.name)
  t.deepEqual([found.ports.length, found.endpoints.length], [1, 1], what)
  await isRefused(t, found, `${what}, in another process`)
  await other.close()
}

test.serial('a namespace of another program, by what is at its path later', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  await (await world.create(slipway, 'first')).remove()
  const path = `/run/netns/${world.name('theirs')}`
  t.teardown(() => clear(path))
  t.true(await eventually(() => elements(world.host, 'addresses4').length === 0), 'its address is given up')
  await world.create(slipway, 'other', { network: 'web' })
  const before = await settled(world)
  for (const [what, put] of Object.entries(INSTEAD)) {
    for (const leave of ['disconnect', 'remove'] as const) {
      const app = await exchanged(
        () => {
          ip('netns', 'add', world.name('theirs'))
          return world.create(slipway, 'app', { netns: path, publish: ['8080:80', '8081:81'] })
        },
        () => {
          const inode = statSync(path).ino
          clear(path)
          return put(path, world, inode)
        },
      )
      if (leave === 'disconnect') {
        await isRefused(t, app, what)
        await goesOn(t, world, app, what)
        t.deepEqual(
          app.endpoints.map(({ network }) => network),
          ['bridge'],
        )
        await t.notThrowsAsync(app.disconnect('bridge'), what)
      }
      await t.notThrowsAsync(app.remove(), what)
      t.is(isThere(path), what !== 'nothing', `${what} stays`)
      clear(path)
      await isAsBefore(t, world, before, what)
    }
  }
})

/** What doctor says of what is left of sandboxes, and whether all else is well. */
async function leftovers(world: World): Promise<unknown> {
  const { status, stdout } = await end(start(world, ['doctor', '--json']))
  const found = JSON.parse(stdout) as { check: string }[]
  return { status, found: found.filter(({ check }) => check === 'leftovers') }
}

/** How a name comes to lead to another namespace. */
const AGAIN: Readonly<Record<string, (app: Sandbox, world: World) => boolean | void>> = {
  'made anew': ({ name }) => {
    ip('netns', 'delete', name)
    ip('netns', 'add', name)
  },
  'made anew with the same inode number': ({ name, path }, world) => {
    const inode = statSync(path).ino
    ip('netns', 'delete', name)
    return putSameInode(world, path, inode)
  },
}

test.serial('a sandbox whose name in /run/netns was deleted and made anew', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  for (const [what, again] of Object.entries(AGAIN)) {
    for (const network of ['bridge', 'none']) {
      const app = await exchanged(
        () => world.create(slipway, 'app', { network }),
        (one) => again(one, world),
      )
      t.throws(() => app.enter(() => t.fail('entered another')), { code: 'NOT_FOUND' }, what)
      t.throws(() => app.spawn('true'), { code: 'NOT_FOUND' }, what)
      if (network === 'bridge') await isRefused(t, app, what)
      await app.remove()
      t.true(await slipway.sandboxes.list().then((list) => list.length === 0))
      await settled(world)
      t.true(isThere(app.path), `it is not ours to remove, ${what}`)
      t.is(ip('-n', app.name, '-o', 'link').trim().split('\n').length, 1)
      ip('netns', 'delete', app.name)
    }
  }
})

test.serial('another process finds a sandbox whose name was made anew, from the first change on', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  const findings: unknown[] = []
  for (const [what, again] of Object.entries(AGAIN)) {
    const app = await exchanged(
      async () => {
        const made = await world.create(slipway, 'app', { publish: ['8081:81'] })
        await made.publish('8080:80')
        return made
      },
      (one) => again(one, world),
    )
    await isRefused(t, app, what)
    await goesOn(t, world, app, what)
    findings.push(await leftovers(world))
    await t.notThrowsAsync(app.disconnect('bridge'), what)
    t.is(ip('-n', app.name, '-o', 'link').trim().split('\n').length, 1, what)
    await t.notThrowsAsync(app.remove(), what)
    await settled(world)
    t.true(isThere(app.path), `it is not ours to remove, ${what}`)
    ip('netns', 'delete', app.name)
  }
  t.deepEqual(findings[1], findings[0])
})

test.serial('records of earlier versions do not say which namespace it was: never the host', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  const path = `/run/netns/${world.name('theirs')}`
  t.teardown(() => clear(path))
  ip('netns', 'add', world.name('theirs'))
  const app = await world.create(slipway, 'app', { netns: path })
  const [file = ''] = Object.keys(readFiles(world.stateDir)).filter(
    (name) => name.includes('/sandboxes/') && name.endsWith(`${app.name}.json`),
  )
  const record = file.startsWith('/') ? file : join(world.stateDir, file)
  const { namespace, ...old } = JSON.parse(readFileSync(record, 'utf8')) as Record<string, unknown>
  t.like(namespace, { boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() })
  writeFileSync(record, `${JSON.stringify(old)}\n`)
  const again = await (await world.open()).sandboxes.get(app.name)
  await again.connect('web')
  t.deepEqual(
    again.endpoints.map(({ network }) => network),
    ['bridge', 'web'],
  )
  t.like(JSON.parse(readFileSync(record, 'utf8')), { namespace })

  writeFileSync(record, `${JSON.stringify(old)}\n`)
  clear(path)
  INSTEAD["the host's namespace"]?.(path, world, 0)
  const links = ip('-n', world.host.name, '-o', 'address', 'show', 'up')
  const last = await (await world.open()).sandboxes.get(app.name)
  await t.throwsAsync(last.connect('web'), { code: 'NOT_FOUND' })
  t.throws(() => last.enter(() => t.fail('entered the host')), { code: 'NOT_FOUND' })
  t.is(ip('-n', world.host.name, '-o', 'address', 'show', 'up'), links)
  await last.remove()
  t.true(isThere(path))
})
