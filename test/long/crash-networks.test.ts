import test, { type ExecutionContext } from 'ava'
import { World } from '../helpers/world.js'
import { kernelIsAsListed } from '../env/invariants.js'
import { injected } from '../helpers/injected.js'
import { howItEnded, runChild, WELL } from '../env/run-child.js'

/** A process that is killed while it makes, joins, leaves and removes networks leaves nothing half. */

const OTHERS = ['networks', 'theirs'] as const

/** After a crash: what is there is whole, what is a neighbour's is untouched, all can be removed, and had again. */
async function recovers(t: ExecutionContext, world: World, what: string): Promise<string> {
  const slipway = await world.open()
  await kernelIsAsListed(t, world, slipway, what)
  const { adopted, healed, collected } = slipway.reconciled
  t.true(adopted.includes(world.name(OTHERS[1])), what)
  // What an open has ended, the next has nothing to say of.
  const again = await world.open()
  t.like(again.reconciled, { healed: [], collected: [] }, what)
  await again.close()
  for (const sandbox of await slipway.sandboxes.list()) await sandbox.remove()
  for (const network of await slipway.networks.list()) if (network.userDefined) await network.remove()
  await kernelIsAsListed(t, world, slipway, `${what}, all removed`)
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8000:80'] })
  await kernelIsAsListed(t, world, slipway, `${what}, made again`)
  await app.remove()
  await slipway.close()
  return `${adopted.length} adopted, ${healed.length} healed, ${collected.length} collected`
}

// Calls of the executor that change something. The kernel gets the signal instead of the call.
const CALLS = ['sendto', 'mount', 'linkat', 'rename', 'umount2', 'unlink']
/**
 * A life makes hundreds of calls of the first kind, and some dozens of the others: each so-many-th of them is tried.
 */
const EVERY = { first: 13, other: 2 }

for (const [offset, call] of CALLS.entries()) {
  test.serial(`killed before a ${call} of a life with networks`, async (t) => {
    const outcomes: string[] = []
    const step = offset === 0 ? EVERY.first : EVERY.other
    for (let time = 1 + (offset % step); time <= 300; time += step) {
      const world = new World(t)
      const before = await world.open()
      await before.networks.create({ name: OTHERS[0], subnets: [{ subnet: '10.9.0.0/24' }] })
      await world.create(before, OTHERS[1], { network: OTHERS[0], publish: ['7000:70'] })
      await before.close()
      const under = injected(call, `signal=SIGKILL:when=${time}`)
      const ended = await runChild(
        'networkLife',
        { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix, port: 8000 },
        { under },
      )
      if (ended.said.includes('done')) {
        t.like(howItEnded(ended), WELL)
        t.true(outcomes.length > 0)
        t.log(outcomes.join('; '))
        return
      }
      t.is(ended.signal, 'SIGKILL', ended.stderr)
      outcomes.push(`${time}: ${await recovers(t, world, `${call} ${time}`)}`)
    }
    t.fail('more calls are made than were tried')
  })
}
