import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { lock } from '../helpers/locked-file.js'
import { World } from '../helpers/world.js'

/** What a process that died has left beside the records that it was writing. */

async function setUp(world: World) {
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  const { name } = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80'] })
  await slipway.close({ wait: true })
  const folder = join(world.stateDir, readdirSync(world.stateDir)[0] ?? '')
  return { sandbox: join(folder, 'sandboxes', `${name}.json`), network: join(folder, 'networks', 'web.json') }
}

const sentence = (path: string) => `file ${path}: half written, removed`

test('open() removes what is half written of a sandbox, of a network, and of what has gone, and says so', async (t) => {
  const world = new World(t)
  const { sandbox, network } = await setUp(world)
  const texts = [sandbox, network].map((path) => readFileSync(path, 'utf8'))
  const left = [sandbox, network].flatMap((path) => [`${path}.next`, `${path.replace('.json', '-gone.json')}.next`])
  for (const [index, path] of left.entries()) writeFileSync(path, texts[index >> 1]?.slice(0, 100) ?? '')
  const slipway = await world.open()
  t.deepEqual([...slipway.reconciled.collected].sort(), left.map(sentence).sort())
  t.deepEqual(slipway.reconciled.adopted, [world.name('app')])
  for (const path of left) t.false(existsSync(path), path)
  t.deepEqual(
    [sandbox, network].map((path) => readFileSync(path, 'utf8')),
    texts,
  )
  // The records are written as ever.
  const app = await slipway.sandboxes.get(world.name('app'))
  await app.publish('8081:81')
  await app.remove()
  await (await slipway.networks.get('web')).remove()
  await slipway.close({ wait: true })
  t.false(existsSync(sandbox))
  t.false(existsSync(network))
})

test('what a living process is writing beside a record stays', async (t) => {
  const world = new World(t)
  const { sandbox, network } = await setUp(world)
  const left = [sandbox, network].map((path) => `${path}.next`)
  for (const path of left) writeFileSync(path, '{')
  const locks = [await lock(t, sandbox), await lock(t, network)]
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.collected, [])
  for (const path of left) t.is(readFileSync(path, 'utf8'), '{')
  for (const one of locks) await one.unlock()
  const next = await world.open()
  t.deepEqual([...next.reconciled.collected].sort(), left.map(sentence).sort())
})
