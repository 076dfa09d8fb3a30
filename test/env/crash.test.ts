import { setTimeout as sleep } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { World } from '../helpers/world.js'
import type { Options } from './child.js'
import { startChild } from './run-child.js'
import { onlyWholeSandboxes } from './whole.js'
import { THOROUGH } from '../helpers/thorough.js'

/** A process that is killed in a burst leaves nothing that the next open() does not adopt, finish or undo. */

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
  for (let round = 0; round < (THOROUGH ? 10 : 2); round++) {
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
