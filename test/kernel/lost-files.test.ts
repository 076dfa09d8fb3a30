import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { giveBackFiles } from '#lib/heal/give-back-files.js'
import { findNameless } from '#lib/heal/restore-names.js'
import { Host } from '#lib/kernel/host.js'
import { readNetworkRecord } from '#lib/store/network-records.js'
import { listRecords, readRecord, type SandboxRecord, type StoredRecord } from '#lib/store/records.js'
import { stateFolder } from '../helpers/damages.js'
import { eventually, execIn, World } from '../helpers/world.js'

/** Records and names that somebody deletes while others change or remove what they are of. */

const recordOf = (world: World, { name }: Pick<Sandbox, 'name'>) => `${stateFolder(world)}/sandboxes/${name}.json`
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8')) as SandboxRecord

function listenFor(t: ExecutionContext, slipway: Slipway): string[] {
  const heard: string[] = []
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  void (async () => {
    for await (const { action, attributes } of slipway.events({
      action: ['lost', 'healed'],
      signal: controller.signal,
    }))
      heard.push(`${action} ${attributes['message'] ?? ''}`)
  })().catch(() => undefined)
  return heard
}

test('a record does not come back of what is removed while it is given back', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  const network = await slipway.networks.create({ name: 'web' })
  const made = [
    await world.create(slipway, 'on-web', { network: 'web', publish: ['8080:80'] }),
    await world.create(slipway, 'on-none', { network: 'none' }),
  ]
  const sandboxes: StoredRecord[] = []
  for (const one of made) {
    const found = await readRecord(dirname(recordOf(world, one)), one.name)
    if (found) sandboxes.push(found)
  }
  const networks = [await readNetworkRecord(`${stateFolder(world)}/networks`, 'web')].flatMap((one) => one ?? [])
  t.is(sandboxes.length + networks.length, 3)
  for (const one of made) await one.remove()
  await network.remove()
  t.true(await eventually(() => [...sandboxes, ...networks].every(({ path }) => !existsSync(path))))
  // It has looked before they were removed.
  t.deepEqual(await giveBackFiles({ host }, { sandboxes, networks, nameless: [] }), { healed: [], lost: [] })
  for (const { path } of [...sandboxes, ...networks]) t.false(existsSync(path), path)
})

test('a network that has nothing in the kernel stays removed, where another process removes it', async (t) => {
  const world = new World(t)
  const first = await world.open({ heal: true })
  const options = { parent: 'uplink' }
  await first.networks.create({ name: 'lan', driver: 'macvlan', subnets: [{ subnet: '192.0.2.0/24' }], options })
  const heard = listenFor(t, first)
  const second = await world.open()
  await (await second.networks.get('lan')).remove()
  // Long after the folder has told of it.
  await second.networks.create({ name: 'web' })
  execIn(world.host, 'nft', 'flush', 'set', 'inet', 'slipway', 'bridges')
  t.true(await eventually(() => heard.length > 0))
  t.false(existsSync(`${stateFolder(world)}/networks/lan.json`))
  t.false(
    heard.some((one) => one.includes('lan')),
    heard.join('\n'),
  )
})

test('of processes that have changed a sandbox, the last gives its record back', async (t) => {
  const world = new World(t)
  const first = await world.open({ heal: true })
  const last = await world.open({ heal: true })
  for (let round = 0; round < 3; round++) {
    const sandbox = await world.create(first, `s${round}`, { publish: [`${8080 + round}:80`] })
    await (await last.sandboxes.get(sandbox.name)).publish(`${9090 + round}:90`)
    const path = recordOf(world, sandbox)
    rmSync(path)
    t.true(await eventually(() => existsSync(path)))
    t.is(read(path).ports.length, 2)
  }
})

test('where the last has ended, the record comes back as it was before', async (t) => {
  const world = new World(t)
  const first = await world.open({ heal: true })
  const last = await world.open()
  const sandbox = await world.create(first, 's', { publish: ['8080:80'] })
  await (await last.sandboxes.get(sandbox.name)).publish('9090:90')
  await last.close()
  const path = recordOf(world, sandbox)
  rmSync(path)
  t.true(await eventually(() => existsSync(path), 10_000))
  t.is(read(path).ports.length, 1)
})

test('the record of a sandbox does not come back under the name of a later one', async (t) => {
  const world = new World(t)
  const first = await world.open({ heal: true })
  const old = await world.create(first, 's', { network: 'none' })
  const other = await world.open()
  await (await other.sandboxes.get(old.name)).remove()
  const later = await world.create(other, 's', { network: 'none' })
  const path = recordOf(world, later)
  rmSync(path)
  // Once this one has its record again, news of the other have been looked at.
  const next = await world.create(first, 'next')
  rmSync(recordOf(world, next))
  t.true(await eventually(() => existsSync(recordOf(world, next))))
  t.false(existsSync(path))
})

test('what is no file is left in the place of a record, and told', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ heal: true })
  const heard = listenFor(t, slipway)
  const sandbox = await world.create(slipway, 's')
  const path = recordOf(world, sandbox)
  for (const put of [
    () => mkdirSync(path),
    () => symlinkSync('/etc/passwd', path),
    () => execFileSync('mkfifo', [path]),
  ]) {
    heard.length = 0
    rmSync(path)
    put()
    t.true(await eventually(() => heard.some((one) => one.startsWith(`lost sandbox ${sandbox.name}: in the place of`))))
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) rmdirSync(path)
    else rmSync(path)
    t.true(await eventually(() => existsSync(path)))
  }
  await sandbox.remove()
})

test('where many names are missing, each namespace is visited once to find whose it is', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const sandboxes = await Promise.all(Array.from({ length: 8 }, (_, index) => world.create(slipway, `s${index}`)))
  const inside = sandboxes.map((one) => one.spawn('sleep', ['300']))
  t.teardown(() => inside.map((one) => one.kill('SIGKILL')))
  for (const { path } of sandboxes) execFileSync('umount', [path])
  const stored = await listRecords(dirname(recordOf(world, { name: '' })))
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  const visited: string[] = []
  const find = host.find.bind(host)
  host.find = ((what: 'links into the host', question: { netns: string }) => {
    if (what === 'links into the host') visited.push(question.netns)
    return find(what, question)
  }) as typeof host.find
  const found = await findNameless(host, stored)
  t.deepEqual(
    found.map(({ record, from }) => [record.name, execIn({ name: '', path: from }, 'ip', '-br', 'address').length > 0]),
    stored.map(({ record }) => [record.name, true]),
  )
  t.deepEqual(visited, [...new Set(visited)])
  t.true(visited.length >= sandboxes.length)
})
