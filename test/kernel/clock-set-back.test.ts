import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { eventually, ip, ipJson, World } from '../helpers/world.js'

/** Sandboxes and networks that were made while the clock of the day was ahead are as old as any other. */

/** Makes of all records ones that were written an hour from now. */
function setBack({ stateDir }: World): void {
  for (const file of readdirSync(stateDir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  )) {
    const path = join(stateDir, file)
    const record = JSON.parse(readFileSync(path, 'utf8')) as { created: string }
    const created = new Date(Date.parse(record.created) + 3_600_000).toISOString()
    writeFileSync(path, `${JSON.stringify({ ...record, created })}\n`)
  }
}

test('a network is given back its bridge at once, and nobody takes it for one in the making', async (t) => {
  const world = new World(t)
  const before = await world.open()
  const { bridge = '' } = await before.networks.create({ name: 'web' })
  // Its maker lives on.
  await before.close({ wait: true })
  setBack(world)
  await world.open({ heal: true })
  ip('-n', world.host.name, 'link', 'delete', bridge)
  const names = () => ipJson<{ ifname: string }>(world.host, 'link').map(({ ifname }) => ifname)
  t.false(names().includes(bridge))
  t.true(await eventually(() => names().includes(bridge)))
})

test('they are no news to who begins to listen', async (t) => {
  const world = new World(t)
  const before = await world.open()
  await before.networks.create({ name: 'web' })
  await world.create(before, 'app', { network: 'web' })
  await before.close({ wait: true })
  setBack(world)
  const slipway = await world.open()
  const told: string[] = []
  const events = slipway.events({ type: ['sandbox', 'network'] })
  t.teardown(() => events.return?.())
  void (async () => {
    for await (const { action, name } of events) told.push(`${action} ${name}`)
  })()
  // What was there is read before what comes.
  await (await world.open()).networks.create({ name: 'new' })
  t.true(await eventually(() => told.includes('created new')))
  t.deepEqual(told, ['created new'])
})
