import { execFileSync } from 'node:child_process'
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { Host } from '#lib/kernel/host.js'
import type { Operation } from '#lib/plan/operation.js'
import { World } from '../helpers/world.js'

/**
 * What lies where a record is to be may have been put there by another program. It is not followed, not waited for, and
 * not changed.
 */

const SECRET = 'secret'
const OPERATIONS: ((path: string) => Operation)[] = [
  (path) => ({ op: 'file.create', path, content: 'ours' }),
  (path) => ({ op: 'file.check', path, expected: SECRET }),
  (path) => ({ op: 'file.replace', path, content: 'ours', expected: SECRET }),
  (path) => ({ op: 'file.delete', path }),
]
const PLANTED: Record<string, (path: string, elsewhere: string) => void> = {
  'a link to a file': (path, elsewhere) => symlinkSync(elsewhere, path),
  'a link to nothing': (path) => symlinkSync('/nowhere', path),
  'a FIFO': (path) => execFileSync('mkfifo', [path]),
  'a folder': (path) => mkdirSync(path),
  'a device without an end': (path) => symlinkSync('/dev/zero', path),
}

for (const [what, plant] of Object.entries(PLANTED)) {
  test(`${what} in the place of a record`, async (t) => {
    const world = new World(t)
    const host = new Host(world.host.path)
    const folder = join(world.stateDir, 'planted')
    mkdirSync(folder, { recursive: true })
    const path = join(folder, 'app.json')
    const elsewhere = join(world.stateDir, 'elsewhere')
    writeFileSync(elsewhere, SECRET)
    plant(path, elsewhere)
    const { ino } = lstatSync(path)
    for (const make of OPERATIONS) {
      await t.throwsAsync(host.run([make(path)]), undefined, make(path).op)
      t.is(lstatSync(path).ino, ino)
      t.is(readFileSync(elsewhere, 'utf8'), SECRET)
    }
    await host.close()
  })
}

test('a FIFO or a link where the next text of a record is written', async (t) => {
  const world = new World(t)
  const host = new Host(world.host.path)
  const path = join(world.stateDir, 'app.json')
  mkdirSync(world.stateDir, { recursive: true })
  writeFileSync(path, SECRET)
  const next = `${path}.next`
  const elsewhere = join(world.stateDir, 'elsewhere')
  for (const plant of Object.values(PLANTED)) {
    writeFileSync(elsewhere, SECRET)
    plant(next, elsewhere)
    const done = await host.run([{ op: 'file.replace', path, content: 'ours', expected: SECRET }]).then(
      () => true,
      () => false,
    )
    t.true(lstatSync(path).isFile())
    t.deepEqual([readFileSync(path, 'utf8'), readFileSync(elsewhere, 'utf8')], [done ? 'ours' : SECRET, SECRET])
    writeFileSync(path, SECRET)
    rmSync(next, { recursive: true, force: true })
  }
  await host.close()
})

test('no record is made by way of a folder that is a link', async (t) => {
  const world = new World(t)
  const host = new Host(world.host.path)
  const elsewhere = join(world.stateDir, 'elsewhere')
  mkdirSync(elsewhere, { recursive: true })
  symlinkSync(elsewhere, join(world.stateDir, 'sandboxes'))
  await t.throwsAsync(
    host.run([{ op: 'file.create', path: join(world.stateDir, 'sandboxes', 'app.json'), content: 'ours' }]),
  )
  t.throws(() => lstatSync(join(elsewhere, 'app.json')))
  await host.close()
})

test.serial('nobody else may write what is made in a state folder, whatever the umask is', async (t) => {
  const world = new World(t)
  const umask = process.umask(0)
  t.teardown(() => process.umask(umask))
  const shared: string[] = []
  const look = () => {
    for (const entry of readdirSync(world.stateDir, { recursive: true, encoding: 'utf8' })) {
      const { mode } = lstatSync(join(world.stateDir, entry))
      if ((mode & 0o022) !== 0) shared.push(`${entry} ${(mode & 0o777).toString(8)}`)
    }
  }
  const slipway = await world.open({ pool: { size: 1 } })
  const events = slipway.events()
  const first = events.next()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'], ephemeral: true })
  await app.files()
  await slipway.networks.create({ name: 'net' })
  await slipway.pool.ready()
  t.false((await first).done)
  look()
  t.deepEqual(shared, [])
  await t.notThrowsAsync(world.open())
  await events.return?.()
  await slipway.close()
})
