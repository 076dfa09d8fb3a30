import { execFileSync } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { thisProcess } from '#lib/store/maker.js'
import { done } from '../helpers/command.js'
import { elements } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, World } from '../helpers/world.js'

/**
 * Whatever lies in a state folder: the host opens and works, and nothing outside of the folder is changed, followed or
 * waited for.
 */

const ID = 'f'.repeat(64)
const DEAD = '4194304-1'
const LIVING = `${process.pid}-${thisProcess().started}`

/** By what a name stands for. */
const NAMES: Readonly<Record<string, string>> = {
  'a record': 'sandboxes/x.json',
  'a half written record': 'sandboxes/x.json.next',
  'the room of the sandboxes': 'sandboxes/.reserve',
  'a record of a network': 'networks/x.json',
  'a half written record of a network': 'networks/x.json.next',
  'the room of the networks': 'networks/.reserve',
  'files of a sandbox': `files/${ID}`,
  'a mark of a pool whose process has died': `pool/${DEAD}-abcdef`,
  'a mark of a pool whose process lives': `pool/${LIVING}-abcdef`,
  'a holder that has died': `holders/${DEAD}-abcdef01`,
  'a holder that lives': `holders/${LIVING}-abcdef01`,
  'no name of ours': 'files/cafe',
  'no name of ours beside holders': 'holders/notes',
}

const THINGS: Readonly<Record<string, (path: string, elsewhere: string) => void>> = {
  'a file': (path) => writeFileSync(path, 'text'),
  'a long file': (path) => writeFileSync(path, 'x\n'.repeat(1 << 20)),
  'a folder': (path) => mkdirSync(path),
  'a folder with something in it': (path) => {
    mkdirSync(path)
    writeFileSync(join(path, 'text'), '')
  },
  'a link to a file': (path, elsewhere) => symlinkSync(join(elsewhere, 'file'), path),
  'a link to a folder': (path, elsewhere) => symlinkSync(elsewhere, path),
  'a link to nothing': (path) => symlinkSync('/nowhere', path),
  'a link to itself': (path) => symlinkSync(path, path),
  'a device without an end': (path) => symlinkSync('/dev/zero', path),
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
}

const state = (folder: string) =>
  readdirSync(folder).map((name) => `${name}: ${readFileSync(join(folder, name), 'utf8')}`)

test.serial('whatever stands in the place of a file of ours', async (t) => {
  const world = new World(t)
  const first = await world.open()
  const net = await first.networks.create({ name: 'net' })
  const app = await world.create(first, 'app', { network: 'net', publish: ['8080:80'] })
  const [host = ''] = readdirSync(world.stateDir)
  const folder = join(world.stateDir, host)
  const elsewhere = join(world.stateDir, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'file'), 'precious')
  const before = state(elsewhere)
  for (const [name, place] of Object.entries(NAMES)) {
    for (const [what, make] of Object.entries(THINGS)) {
      const path = join(folder, place)
      mkdirSync(dirname(path), { recursive: true })
      rmSync(path, { recursive: true, force: true })
      make(path, elsewhere)
      const { ino } = lstatSync(path)
      const message = `${name} is ${what}`
      await t.notThrowsAsync(async () => {
        const slipway = await world.open()
        t.deepEqual(slipway.reconciled.adopted, [app.name])
        const more = await world.create(slipway, 'more', { network: 'net', publish: ['8081:80'] })
        await more.files()
        await more.unpublish('8081:80')
        await more.remove()
        await slipway.close({ wait: true })
      }, message)
      t.deepEqual(state(elsewhere), before, message)
      if (name.startsWith('no name')) t.is(lstatSync(path).ino, ino, message)
      rmSync(path, { recursive: true, force: true })
    }
  }
  await app.remove()
  await net.remove()
})

test.serial('whatever stands in the place of the routes through routers', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  for (const name of ['left', 'right']) await slipway.networks.create({ name })
  const one = await world.create(slipway, 'one', { network: 'left' })
  const [host = ''] = readdirSync(world.stateDir)
  const path = join(world.stateDir, host, 'routes.json')
  const elsewhere = join(world.stateDir, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'file'), 'precious')
  const before = state(elsewhere)
  let good = ''
  const written = (change: (text: string) => string | Buffer) => (place: string) => writeFileSync(place, change(good))
  const some = ['a file', 'a folder with something in it', 'a link to a file', 'a device without an end', 'a FIFO']
  const things: typeof THINGS = {
    ...Object.fromEntries(Object.entries(THINGS).filter(([what]) => some.includes(what))),
    'no text': written((text) => Buffer.from(text.replace('br-', 'br-\u00ff'), 'latin1')),
    'text with a mark of its order': written((text) => `\ufeff${text}`),
    'text with a zero': written((text) => `${text}\0`),
    'a route by an address of the other IP version': written((text) =>
      text.replaceAll(/"via":"[^"]*"/g, '"via":"fd00::1"'),
    ),
    'a route to an address within a subnet': written((text) => text.replaceAll('.0/', '.7/')),
    'a route by a zone': written((text) => text.replaceAll(/"via":"[^"]*"/g, '"via":"fe80::1%lo"')),
    'a hole of many bytes': (place) => {
      writeFileSync(place, '')
      truncateSync(place, 100 << 20)
    },
  }
  const routes = () =>
    execIn(one, 'ip', '-4', 'route', 'show', 'proto', '115').trim().split('\n').filter(Boolean).length
  for (const [what, make] of Object.entries(things)) {
    const router = await world.create(slipway, 'router', { network: 'left', forwarding: true })
    await router.connect('right')
    t.is(routes(), 1, what)
    good = readFileSync(path, 'utf8')
    const steps: Readonly<Record<string, [routes: 1 | undefined, call: () => Promise<unknown>]>> = {
      disconnect: [undefined, () => router.disconnect('right')],
      connect: [1, () => router.connect('right')],
      'a create': [1, async () => (await world.create(slipway, 'more', { network: 'left' })).remove()],
      open: [1, async () => (await world.open()).close()],
      remove: [undefined, () => router.remove()],
    }
    for (const [step, [expected, call]] of Object.entries(steps)) {
      rmSync(path, { recursive: true, force: true })
      make(path, elsewhere)
      await t.notThrowsAsync(call, `${step}: it is ${what}`)
      // What nobody knows any more is taken from nobody.
      if (expected) t.true(routes() >= expected, `${step}: it is ${what}`)
      t.deepEqual(state(elsewhere), before, `${step}: it is ${what}`)
      if (step === 'a create') await (await world.open()).close()
    }
    execIn(one, 'ip', '-4', 'route', 'flush', 'proto', '115')
  }
})

test.serial('whatever stands in the place of a namespace', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const other = await world.create(slipway, 'other')
  const elsewhere = join(world.stateDir, 'elsewhere')
  mkdirSync(elsewhere)
  const things: typeof THINGS = {
    ...THINGS,
    'a link to what is no path': (path) => symlinkSync('x'.repeat(300), path),
    'a link beyond a file': (path) => symlinkSync('/etc/passwd/x', path),
    'a link to the namespace of another sandbox': (path) => symlinkSync(other.path, path),
    "a link to this process's": (path) => symlinkSync('/proc/self/ns/net', path),
    nothing: () => undefined,
  }
  for (const [what, make] of Object.entries(things)) {
    const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
    ip('netns', 'delete', app.name)
    make(app.path, elsewhere)
    await t.notThrowsAsync(async () => {
      const again = await world.open()
      t.true(again.reconciled.adopted.includes(other.name), what)
      await (await world.create(again, 'more')).remove()
      await again.close({ wait: true })
    }, what)
    rmSync(app.path, { recursive: true, force: true })
    await app.remove().catch((error: { code: string }) => t.is(error.code, 'NOT_FOUND', what))
    t.deepEqual(elements(world.host, 'published4'), [], what)
  }
  t.deepEqual(ipJson(other, 'address', 'show', 'eth0').length, 1)
})

test.serial('notes of other processes to who holds a port', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  const [host = ''] = readdirSync(world.stateDir)
  const holders = join(world.stateDir, host, 'holders')
  const own = join(holders, readdirSync(holders)[0] ?? '')
  const elsewhere = join(world.stateDir, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'file'), 'tcp 0.0.0.0 8080\n')
  for (const [what, make] of Object.entries(THINGS)) make(join(own, what.replaceAll(' ', '-')), elsewhere)
  for (const line of [
    '',
    'tcp',
    'tcp 0.0.0.0',
    'tcp 0.0.0.0 99999',
    'tcp 0.0.0.0 -1',
    'tcp ../x 80',
    'tcp :: 9007199254740993',
    'icmp 0.0.0.0 80',
    'tcp uplink 80',
    '\u0000',
    '{}',
  ]) {
    writeFileSync(join(own, `n${line.length}`), `${line}\n`)
  }
  // What is told by a note is let go of all the same.
  await done(world, 'unpublish', app.name, '8080:80')
  t.deepEqual(elements(world.host, 'published4'), [])
  const again = await world.open()
  await t.notThrowsAsync(world.create(again, 'again', { publish: ['8080:80'] }))
  t.true(await eventually(() => readdirSync(elsewhere).length === 1))
  t.is(readFileSync(join(elsewhere, 'file'), 'utf8'), 'tcp 0.0.0.0 8080\n')
  await app.remove()
})
