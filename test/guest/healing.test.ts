import test from 'ava'
import { listenFor, setUpDamaged } from '../helpers/damaged-host.js'
import { conditionOf, DAMAGES } from '../helpers/damages.js'
import { difference } from '../helpers/snapshot.js'
import { eventually } from '../helpers/world.js'

/**
 * That this kernel tells what others do (helpers/damages.ts), and that it is given back. A look at the host takes ten
 * seconds here, and the library gets nothing done meanwhile: so events are waited for, and the host is looked at
 * last.
 */
const TRIED = [
  'nft flush ruleset',
  'one rule deleted',
  'a published port deleted',
  'docker0 down',
  'docker0 without its address',
  'a link off its bridge',
  "the bridge's entry for a MAC address led to another port",
]
const EVENT_MS = 10_000

test.serial('a process that is open gives back what others have damaged, and so does open()', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const heard = listenFor(t, scene.slipway)
  const before = conditionOf(scene)
  for (const what of TRIED) {
    heard.length = 0
    DAMAGES[what]?.do(scene)
    for (const told of ['damaged', 'healed'])
      t.true(await eventually(() => heard.some(({ action }) => action === told), EVENT_MS), `${what}: ${told}`)
  }
  t.deepEqual(difference(before, conditionOf(scene)), [])
  await scene.slipway.close()
  for (const what of ['nft flush ruleset', 'docker0 deleted']) DAMAGES[what]?.do(scene)
  const { reconciled } = await scene.world.open()
  t.true(reconciled.healed.length > 0)
  t.is(reconciled.lost, undefined)
  t.deepEqual(difference(before, conditionOf(scene)), [])
})
