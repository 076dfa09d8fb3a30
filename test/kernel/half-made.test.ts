import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { howItEnded, startChild, WELL, type Child } from '../env/run-child.js'
import { elements, isAsBefore, snapshot, without } from '../helpers/snapshot.js'
import { injected } from '../helpers/injected.js'
import { eventually, execIn, ipJson, World } from '../helpers/world.js'

/**
 * A sandbox that another process is making at this moment: it has a record already, and not yet all that goes with it.
 */

interface Scene {
  world: World
  slipway: Slipway
  /**
   * Begins to make a sandbox `late` in another process, which waits for half a second at its first call of this kind.
   */
  begin: (call: string, when: 'enter' | 'exit') => Promise<Child>
}

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  await world.create(slipway, 'first', { publish: ['8000:80'] })
  return {
    world,
    slipway,
    async begin(call, when) {
      const under = injected(call, `delay_${when}=500000:when=1`)
      const create = [{ name: world.name('late'), publish: ['8080:80'] }]
      const child = startChild(
        'attempt',
        { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix, create },
        { under },
      )
      const record = join(
        world.stateDir,
        String(statSync(world.host.path).ino),
        'sandboxes',
        `${world.name('late')}.json`,
      )
      t.true(await eventually(() => existsSync(record), 20_000))
      return child
    },
  }
}

const deeds: Record<string, (scene: Scene) => Promise<unknown>> = {
  'removes it': async ({ world, slipway }) => (await slipway.sandboxes.get(world.name('late'))).remove(),
  'connects it to another network, and removes it then': async ({ world, slipway }) => {
    const late = await slipway.sandboxes.get(world.name('late'))
    await late.connect('web', { gwPriority: 1 })
    await late.remove()
  },
}

for (const [what, deed] of Object.entries(deeds)) {
  test(`who ${what} does so when it has been made, and nothing of it is left`, async (t) => {
    const scene = await setUp(t)
    const { world, begin } = scene
    const before = snapshot(world)
    const child = await begin('mknodat', 'enter')
    await deed(scene)
    const ended = await child.ended
    t.like(howItEnded(ended), WELL)
    t.like(ended.said[1], { name: world.name('late') })
    await isAsBefore(t, world, without(before, 'descriptors'))
  })
}

for (const [when, call, moment] of [
  ['has claimed what it is to have', 'mknodat', 'enter'],
  ['has yet to claim it', 'linkat', 'exit'],
] as const) {
  test(`the ruleset is written again while its maker ${when}: it has its claims in the end, and nobody else has them`, async (t) => {
    const { world, slipway, begin } = await setUp(t)
    const child = await begin(call, moment)
    execIn(world.host, 'nft', 'flush', 'ruleset')
    await world.create(slipway, 'more')
    const ended = await child.ended
    t.like(howItEnded(ended), WELL)
    t.like(ended.said[1], { name: world.name('late') }, JSON.stringify(ended.said))
    const late = await slipway.sandboxes.get(world.name('late'))
    const claimed = elements(world.host, 'addresses4').map(({ key, comment }) => `${comment?.split(' ')[0]} ${key}`)
    const listed = (await slipway.sandboxes.list()).map(
      ({ name, endpoints }) => `${name} ${endpoints[0]?.addresses[0]?.split('/')[0]}`,
    )
    t.deepEqual(claimed.sort(), listed.sort())
    t.true(elements(world.host, 'published4').some(({ key }) => key === 'tcp . 8080'))
    t.is(ipJson(late, 'route', 'show', 'default').length, 1)
    t.deepEqual((await world.open()).reconciled.healed, [])
  })
}
