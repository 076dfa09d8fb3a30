import { once } from 'node:events'
import { createServer } from 'node:net'
import test from 'ava'
import { enter } from '#lib/kernel/native.js'
import { listenIn } from '../helpers/listen.js'
import { eventually, World } from '../helpers/world.js'
import { howItEnded, startChild, WELL } from './run-child.js'

/** Descriptors are scarce: a process holds ports with half of them at most, whatever it publishes. */

const LIMIT = 200

/** Ports from `first` on that no program of the host can have, of a hundred. */
async function held({ host }: World, first: number): Promise<number> {
  const outcomes = await listenIn(
    host,
    ...Array.from({ length: 100 }, (_, index) => ['tcp', '0.0.0.0', first + index] as const),
  )
  return outcomes.filter((outcome) => outcome === 'EADDRINUSE').length
}

test.serial(
  'more ports than descriptors: half stays free, what is given back is used again, another process holds the rest',
  async (t) => {
    const world = new World(t)
    const child = startChild(
      'scarce',
      { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix },
      { under: ['prlimit', `--nofile=${LIMIT}`] },
    )
    const next = async () => {
      child.process.kill('SIGUSR2')
      await child.saysMore()
    }
    await child.saysMore()
    const mine = await held(world, 9000)
    t.true(mine > 20 && mine < LIMIT / 2, `${mine} of the first hundred are held`)
    // One or two in place of what a thread had open for a moment.
    const few = await held(world, 9100)
    t.true(few <= 2, `${few} more are held`)

    // Unpublished: none of those. Published with what was free again: all of these, as far as as many had been held
    // before.
    await next()
    t.is(await held(world, 9300), Math.min(50, mine))

    const program = enter(world.host.path, () => createServer().listen(9400))
    await once(program, 'listening')
    await next()
    program.close()

    const slipway = await world.open()
    t.is(await held(world, 9100), 100)
    t.is(await held(world, 9000), 50)
    t.is(await held(world, 9300), 50)
    // Told of what it has taken over and is published no more.
    await next()
    t.true(await eventually(async () => (await held(world, 9100)) === 0))
    t.is((await held(world, 9000)) + (await held(world, 9300)), 0)
    await slipway.close()

    child.process.kill('SIGUSR2')
    const ended = await child.ended
    t.deepEqual(howItEnded(ended), WELL)
    const [first, second, refused, descriptors] = ended.said as [
      { left: number },
      { left: number },
      { code: string },
      { before: string[]; after: string[] },
    ]
    t.true(first.left >= LIMIT / 2, `${first.left} left of ${LIMIT}`)
    t.true(second.left >= LIMIT / 2, `${second.left} left of ${LIMIT}`)
    t.is(refused.code, 'PORT_IN_USE')
    t.deepEqual(descriptors.after, descriptors.before)
  },
)
