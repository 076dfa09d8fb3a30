import test from 'ava'
import { World } from '../helpers/world.js'
import { kernelIsAsListed } from './invariants.js'
import { howItEnded, runChild, WELL } from './run-child.js'

/** Two processes that make, use and remove the same network, and change the same sandbox, at the same time. */

const ROUNDS = 40

test('one network and one sandbox in the hands of two processes', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const stays = await world.create(slipway, 'shared', { publish: ['7000:70'] })
  const options = {
    open: { netns: world.host.path, stateDir: world.stateDir },
    prefix: world.prefix,
    count: ROUNDS,
    port: 8000,
  }
  const ended = await Promise.all([runChild('networkChurn', options), runChild('networkChurn', options)])
  for (const one of ended) {
    t.like(howItEnded(one), WELL)
    const said = one.said.at(-1) as { refused: Record<string, number>; wrong: string[] }
    t.deepEqual(said.wrong, [])
    t.log(said.refused)
  }
  await kernelIsAsListed(t, world, slipway)
  await stays.refresh()
  t.deepEqual(
    stays.endpoints.filter(({ network }) => network !== 'web').map(({ network }) => network),
    ['bridge'],
  )
  for (const sandbox of await slipway.sandboxes.list()) await sandbox.remove()
  for (const network of await slipway.networks.list()) if (network.userDefined) await network.remove()
  await kernelIsAsListed(t, world, slipway, 'all removed')
  const { reconciled } = await world.open()
  t.deepEqual(reconciled, { adopted: [], healed: [], collected: [] })
})
