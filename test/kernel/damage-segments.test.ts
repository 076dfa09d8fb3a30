import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import type { OpenOptions } from 'slipway'
import { listenFor } from '../helpers/damaged-host.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, onSegment } from '../helpers/segment.js'
import { segmentCondition, SHIM_DAMAGES, type DamagedSegment } from '../helpers/segment-damages.js'
import { difference } from '../helpers/snapshot.js'
import { eventually, lasting, ipJson } from '../helpers/world.js'

/** What others do on the host to a network on a segment (helpers/segment-damages.ts), and who notices it. */

async function setUp(t: ExecutionContext, options: OpenOptions) {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open(options)
  await onSegment(slipway, { options: { host_shim: 'true' } })
  const app = await world.create(slipway, 'app', { network: 'lan' })
  // For a second, a network that is new is looked at because of its parent, and is given what it lacks.
  await sleep(2000)
  const shim = ipJson<{ ifname: string }>(world.host, 'link').find(({ ifname }) => ifname.startsWith('sh-'))
  return { world, slipway, app, link: shim?.ifname ?? '' } satisfies DamagedSegment & { slipway: unknown }
}

test.serial('a process that is open gives it back at once, and tells', async (t) => {
  const scene = await setUp(t, { heal: true })
  const heard = listenFor(t, scene.slipway)
  const before = segmentCondition(scene)
  for (const [what, { do: damage, late }] of Object.entries(SHIM_DAMAGES)) {
    if (late) continue
    heard.length = 0
    damage(scene)
    t.true(await eventually(() => heard.some(({ action }) => action === 'healed')), what)
    t.deepEqual(await lasting(() => difference(before, segmentCondition(scene))), [], what)
    t.true(
      heard.some(({ action }) => action === 'damaged'),
      what,
    )
    t.false(
      heard.some(({ action }) => action === 'lost'),
      what,
    )
  }
  t.deepEqual(await answersTo(scene.world.host, addressesOn(scene.app)), ['yes', 'yes'])
})

test.serial('with heal: false, it only tells; the next open() gives it back', async (t) => {
  const scene = await setUp(t, { heal: false })
  const heard = listenFor(t, scene.slipway)
  const before = segmentCondition(scene)
  for (const [what, { do: damage, late }] of Object.entries(SHIM_DAMAGES)) {
    heard.length = 0
    damage(scene)
    if (!late) t.true(await eventually(() => heard.some(({ action }) => action === 'damaged')), what)
    t.deepEqual([...new Set(heard.map(({ action }) => action))], late ? [] : ['damaged'], what)
    const slipway = await scene.world.open()
    t.true(slipway.reconciled.healed.length > 0, what)
    await slipway.close()
    t.deepEqual(difference(before, segmentCondition(scene)), [], what)
  }
  t.deepEqual(await answersTo(scene.world.host, addressesOn(scene.app)), ['yes', 'yes'])
})
