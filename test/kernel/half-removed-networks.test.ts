import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { thisProcess, type Maker } from '#lib/store/maker.js'
import { kernelIsAsListed } from '../env/invariants.js'
import { readFiles } from '../helpers/snapshot.js'
import { ipJson, World } from '../helpers/world.js'

/** The process that removes a network dies, or is at it still, when another opens the host. */

const DEAD: Maker = { ...thisProcess(), pid: 4194304, started: '1' }

function recordOf(world: World, network: string): string {
  const found = Object.keys(readFiles(world.stateDir)).find((path) => path.endsWith(`/networks/${network}.json`))
  return join(world.stateDir, (found ?? '').replace(world.stateDir, ''))
}

/** As a removal begins. */
function beginRemoval(world: World, network: string, removing: Maker): string {
  const path = recordOf(world, network)
  const before = readFileSync(path, 'utf8')
  writeFileSync(path, `${JSON.stringify({ ...(JSON.parse(before) as object), removing })}\n`)
  return before
}

const bridges = (world: World) =>
  ipJson<{ ifname: string }>(world.host, 'link', 'show', 'type', 'bridge').map(({ ifname }) => ifname)

test('whose remover has died goes, or stays where a sandbox is on it', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web' })
  const lone = await slipway.networks.create({
    name: 'lone',
    subnets: [{ subnet: '10.9.0.0/24' }, { subnet: 'fd00:9::/64' }],
  })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80'] })
  await slipway.close({ wait: true })
  const before = beginRemoval(world, 'web', DEAD)
  beginRemoval(world, 'lone', DEAD)
  const next = await world.open()
  t.deepEqual(next.reconciled.adopted, [app.name])
  t.true(next.reconciled.collected.includes('network lone: half removed, removed'))
  t.deepEqual(
    (await next.networks.list()).filter(({ userDefined }) => userDefined).map(({ name }) => name),
    ['web'],
  )
  t.is(readFileSync(recordOf(world, 'web'), 'utf8'), before)
  t.false(bridges(world).includes(lone.bridge ?? ''))
  await kernelIsAsListed(t, world, next)
  t.deepEqual((await world.open()).reconciled.collected, [])
  // It is a network as before.
  await (await world.create(next, 'more', { network: 'web' })).remove()
  await (await next.sandboxes.get(app.name)).remove()
  await (await next.networks.get('web')).remove()
  t.false(bridges(world).includes(web.bridge ?? ''))
  await next.networks.create({ name: 'lone', subnets: [{ subnet: '10.9.0.0/24' }] })
})

test('whose remover lives is left to it, and is no network to anybody', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web' })
  const app = await world.create(slipway, 'app', { network: 'web' })
  const before = beginRemoval(world, 'web', thisProcess())
  const other = await world.open()
  t.deepEqual(other.reconciled, { adopted: [app.name], healed: [], collected: [] })
  t.true(bridges(world).includes(web.bridge ?? ''))
  t.deepEqual(
    (await other.networks.list()).filter(({ userDefined }) => userDefined),
    [],
  )
  await t.throwsAsync(other.networks.get('web'), { code: 'NOT_FOUND' })
  await t.throwsAsync(other.sandboxes.create({ network: 'web' }), { code: 'NOT_FOUND' })
  await t.throwsAsync(slipway.sandboxes.create({ network: 'web' }), { code: 'NOT_FOUND' })
  await t.throwsAsync(other.networks.create({ name: 'web' }), { code: 'CONFLICT' })
  // It finds that it is in use.
  writeFileSync(recordOf(world, 'web'), before)
  await (await world.create(other, 'more', { network: 'web' })).remove()
  t.is((await other.sandboxes.get(app.name)).endpoints.length, 1)
})
