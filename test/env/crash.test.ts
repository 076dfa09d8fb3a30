import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { World } from '../helpers/world.js'
import type { Options } from './child.js'
import { howItEnded, runChild, startChild, WELL } from './run-child.js'
import { injected } from '../helpers/injected.js'
import { onlyWholeSandboxes } from './whole.js'
import { momentsOf, THOROUGH } from '../helpers/thorough.js'

/** A process that is killed leaves nothing that the next open() does not adopt, finish or undo. */

const optionsFor = (world: World, rest: Partial<Options> = {}): Options => ({
  open: { netns: world.host.path, stateDir: world.stateDir },
  prefix: world.prefix,
  ...rest,
})

/** After a crash: what is there is whole, can be removed, and all of it can be had again. */
async function recovers(t: ExecutionContext, world: World, count: number, port: number): Promise<string> {
  const slipway = await world.open()
  const { adopted, collected, healed } = slipway.reconciled
  t.deepEqual(healed, [])
  await onlyWholeSandboxes(t, world, slipway)
  const sandboxes = await slipway.sandboxes.list()
  t.deepEqual(
    sandboxes.map(({ name }) => name),
    [...adopted].sort(),
  )
  await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))

  const again = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      world.create(slipway, `${index}`, { publish: [`${port + index}:80`, `${port + index}:53/udp`] }),
    ),
  )
  await onlyWholeSandboxes(t, world, slipway)
  await Promise.all(again.map((sandbox) => sandbox.remove()))
  await onlyWholeSandboxes(t, world, slipway)
  await slipway.close()
  return `${adopted.length} adopted, ${collected.length} collected`
}

test.serial('killed at a random moment of a burst', async (t) => {
  for (let round = 0; round < (THOROUGH ? 10 : 4); round++) {
    const world = new World(t)
    const child = startChild('churn', optionsFor(world, { count: 20, port: 8000 }))
    await child.saysMore()
    // Every other round meets the making of bridge and ruleset, the others everything else.
    const delay = Math.round(round % 2 === 0 ? 20 + Math.random() * 40 : 50 + Math.random() * 400)
    await sleep(delay)
    child.process.kill('SIGKILL')
    t.is((await child.ended).signal, 'SIGKILL')
    t.log(`after ${delay} ms: ${await recovers(t, world, 20, 8000)}`)
  }
})

// The calls of the executor that change something, each with how often they are at least made in such a life, and which
// of them are met. The kernel gets the signal instead of the call.
for (const [call, least, moments] of [
  ['sendto', 20, momentsOf(4)],
  ['mount', 2, momentsOf(1)],
  ['linkat', 1, momentsOf(1)],
  ['rename', 2, momentsOf(2)],
  ['umount2', 1, momentsOf(1)],
  ['unlink', 1, momentsOf(1)],
] as const) {
  test.serial(`killed before each ${call} of a life`, async (t) => {
    const outcomes: string[] = []
    for (let time = moments.first; time <= 100; time += moments.step) {
      const world = new World(t)
      const under = injected(call, `signal=SIGKILL:when=${time}`)
      const ended = await runChild('oneLife', optionsFor(world, { port: 8000 }), { under })
      if (ended.said.includes('done')) {
        t.like(howItEnded(ended), WELL)
        t.true(time > least, `only ${time - 1} calls were seen`)
        t.log(outcomes.join('; '))
        return
      }
      t.is(ended.signal, 'SIGKILL', ended.stderr)
      outcomes.push(`${time}: ${await recovers(t, world, 1, 8000)}`)
    }
    t.fail('more calls are made than were tried')
  })
}
