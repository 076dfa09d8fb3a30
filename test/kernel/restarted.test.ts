import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import test from 'ava'
import { slipway as command } from '../helpers/command.js'
import { ip, World } from '../helpers/world.js'

/** A /run that outlives what the kernel had: files stay, namespaces and mounts do not. */

const otherBoot = (text: string) => text.replaceAll(/"boot":"[^"]+"/g, '"boot":"00000000-0000-0000-0000-000000000000"')
/** The process that wrote it has ended. */
const dead = (text: string) => text.replaceAll(/"pid":\d+/g, '"pid":4194304')

interface Left {
  folder: string
  file: string
}

/** Gives a world what a host that is gone has left: its state folder, and the file that a namespace was bound over. */
async function leave(world: World, change: (text: string) => string, number = '4026500001'): Promise<Left> {
  const slipway = await world.open()
  await slipway.networks.create({ name: 'net' })
  const app = await world.create(slipway, 'gone', { network: 'net', publish: ['8080:80'] })
  await world.create(slipway, 'host', { network: 'host' }).catch(() => undefined)
  await app.files()
  await slipway.close()
  const own = join(world.stateDir, readdirSync(world.stateDir)[0] ?? '')
  const copied = join(world.stateDir, 'copied')
  const folder = join(world.stateDir, number)
  cpSync(own, copied, { recursive: true })
  for (const path of readdirSync(copied, { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.json')) writeFileSync(join(copied, path), change(readFileSync(join(copied, path), 'utf8')))
  const again = await world.open()
  for (const sandbox of await again.sandboxes.list()) await sandbox.remove()
  await (await again.networks.get('net')).remove().catch(() => undefined)
  await again.close({ wait: true })
  writeFileSync(app.path, '')
  renameSync(copied, folder)
  return { folder, file: app.path }
}

test('leftovers of a host that is gone are collected, and its names can be had', async (t) => {
  for (const change of [dead, otherBoot]) {
    const world = new World(t)
    const { folder, file } = await leave(world, change)
    const doctor = await command(world, 'doctor')
    t.regex(doctor.stdout, new RegExp(`note +leftovers +state folder ${folder}: the namespace of its host is gone`))
    t.true(existsSync(folder) && existsSync(file))

    const slipway = await world.open()
    t.deepEqual(slipway.reconciled.collected, [`state folder ${folder}: the namespace of its host is gone, removed`])
    t.false(existsSync(folder))
    const app = await slipway.sandboxes.create({ name: basename(file) })
    t.is(app.path, file)
    await app.remove()
  }
})

test('of several starts, everything goes', async (t) => {
  const world = new World(t)
  const { folder } = await leave(world, dead)
  const second = join(world.stateDir, '4026500002')
  cpSync(folder, second, { recursive: true })
  const slipway = await world.open()
  t.is(slipway.reconciled.collected.length, 2)
  t.deepEqual(readdirSync(world.stateDir).length, 1)
})

test('what may live stays: its process, its namespace, a file that is none of it', async (t) => {
  const world = new World(t)
  const { folder, file } = await leave(world, dead)
  const record = join(folder, 'sandboxes', `${basename(file)}.json`)
  const text = readFileSync(record, 'utf8')
  const stays = async (why: string) => {
    const slipway = await world.open()
    t.deepEqual(slipway.reconciled.collected, [], why)
    t.true(existsSync(folder), why)
    await slipway.close()
  }
  writeFileSync(record, text.replace('"pid":4194304', `"pid":${process.pid}`))
  await stays('its maker lives')
  t.regex(
    (await command(world, 'doctor')).stdout,
    new RegExp(`note +leftovers +state folder ${folder}: no process here`),
  )
  writeFileSync(record, '{')
  await stays('a record cannot be read')
  writeFileSync(record, text)
  rmSync(file)
  await stays('the files that its namespaces were bound over are not here')
  ip('netns', 'add', basename(file))
  await stays('a namespace is bound there')
  ip('netns', 'delete', basename(file))

  chownSync(folder, 1000, 0)
  writeFileSync(file, '')
  await stays("it is another user's")
  chownSync(folder, 0, 0)
  rmSync(file)

  // A namespace that is bound somewhere, which is the host of that folder.
  ip('netns', 'add', world.name('other'))
  const other = await world.open({ netns: `/run/netns/${world.name('other')}`, bridgeName: 'other0' })
  await world.create(other, 'there')
  await other.close()
  await stays('another host')

  writeFileSync(file, 'text of somebody')
  writeFileSync(record, otherBoot(text))
  for (const name of readdirSync(join(folder, 'sandboxes')))
    if (name !== basename(record)) rmSync(join(folder, 'sandboxes', name))
  for (const name of readdirSync(join(folder, 'networks'))) rmSync(join(folder, 'networks', name))
  const slipway = await world.open()
  t.is(slipway.reconciled.collected.length, 1)
  t.is(readFileSync(file, 'utf8'), 'text of somebody')
  rmSync(file)
})

test('in the same namespace, what an earlier boot has left is collected, and networks come back', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'net' })
  const app = await world.create(slipway, 'app', { network: 'net' })
  const shares = await world.create(slipway, 'shares', { network: 'host' })
  await slipway.close()
  const folder = join(world.stateDir, readdirSync(world.stateDir)[0] ?? '')
  const kept = join(world.stateDir, 'kept')
  mkdirSync(kept)
  const copy = (from: string, to: string, change: (text: string) => string) =>
    writeFileSync(to, change(readFileSync(from, 'utf8')))
  for (const { name } of [app, shares])
    copyFileSync(join(folder, 'sandboxes', `${name}.json`), join(kept, `${name}.json`))
  const again = await world.open()
  for (const sandbox of await again.sandboxes.list()) await sandbox.remove()
  await again.close({ wait: true })
  for (const { name } of [app, shares])
    copy(join(kept, `${name}.json`), join(folder, 'sandboxes', `${name}.json`), otherBoot)
  writeFileSync(app.path, '')
  const after = await world.open()
  t.deepEqual(after.reconciled.adopted, [])
  t.is(after.reconciled.collected.length, 2, after.reconciled.collected.join('\n'))
  t.false(existsSync(app.path))
  const anew = await world.create(after, 'app', { network: 'net' })
  t.is(anew.path, app.path)
})
