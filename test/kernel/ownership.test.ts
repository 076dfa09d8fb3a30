import test from 'ava'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Slipway, SlipwayError } from '#lib/index.js'
import { World } from '../helpers/world.js'

test.serial('another state directory is refused: to it, every sandbox would be a leftover', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  const other = mkdtempSync(join(tmpdir(), 'slipway-other-'))
  t.teardown(() => rmSync(other, { recursive: true }))

  const error = await t.throwsAsync(Slipway.open({ netns: world.host.path, stateDir: other }), {
    instanceOf: SlipwayError,
    code: 'CONFLICT',
  })
  t.true(error?.message.includes(world.stateDir))

  const again = await world.open()
  t.deepEqual(again.reconciled, { adopted: [app.name], healed: [], collected: [] })
})

test.serial('an object of a sandbox that was removed does not enter the next of its name', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const first = await world.create(slipway, 'app')
  await first.remove()
  await world.create(slipway, 'app')
  t.throws(() => first.enter(() => true), { instanceOf: SlipwayError, code: 'NOT_FOUND' })
  t.throws(() => first.spawn('true'), { instanceOf: SlipwayError, code: 'NOT_FOUND' })
})
