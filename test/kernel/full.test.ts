import { execFileSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, statfsSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { done } from '../helpers/command.js'
import { inOtherProcess } from '../helpers/other-process.js'
import { elements, readFiles } from '../helpers/snapshot.js'
import { World } from '../helpers/world.js'

/** What makes room needs no room: a state file system without a block or without an inode left. */

/** A record of several pages. */
const MANY_PORTS = 200

function fillBlocks(folder: string): void {
  const file = openSync(join(folder, 'fill'), 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    closeSync(file)
  }
}

function fillInodes(folder: string): void {
  mkdirSync(join(folder, 'fill'), { recursive: true })
  try {
    for (let number = 0; ; number++) writeFileSync(join(folder, 'fill', String(number)), '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

async function setUp(t: ExecutionContext): Promise<{ world: World; slipway: Slipway }> {
  const world = new World(t)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,nr_inodes=100', 'none', world.stateDir])
  t.teardown(() => execFileSync('umount', ['--lazy', world.stateDir]))
  return { world, slipway: await world.open() }
}

for (const [what, fill] of [
  ['blocks', fillBlocks],
  ['inodes', fillInodes],
] as const) {
  test(`with no ${what} left, everything can still be taken away`, async (t) => {
    const { world, slipway } = await setUp(t)
    await slipway.networks.create({ name: 'net' })
    const app = await world.create(slipway, 'app', { publish: ['8080:80', '8081:81'] })
    await app.connect('net')
    const paths = await app.files()
    const many = await world.create(slipway, 'many', {
      publish: [`10000-${10000 + MANY_PORTS - 1}:10000-${10000 + MANY_PORTS - 1}`],
    })
    const other = await world.create(slipway, 'other', { network: 'net' })
    await world.create(slipway, 'command')
    fill(world.stateDir)
    if (what === 'blocks') t.is(statfsSync(world.stateDir).bfree, 0)
    const error = await t.throwsAsync(world.create(slipway, 'more'), { name: 'SlipwayError', code: 'KERNEL' })
    t.regex(error?.message ?? '', /^There is no room for \/.*\.json \(ENOSPC;/)

    // Another process cannot leave a note to the one that holds the port, and leaves nothing half written.
    await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['unpublish', app.name, '8080:80'])
    t.deepEqual(
      Object.keys(readFiles(world.stateDir)).filter((path) => path.includes('/holders/')),
      [],
    )
    t.deepEqual(
      elements(world.host, 'published4').filter(({ key }) => key === 'tcp . 8080'),
      [],
    )
    await t.throwsAsync((await slipway.networks.get('net')).remove(), { code: 'CONFLICT', message: /in use by/ })
    await app.refresh()
    await app.disconnect('net')
    t.deepEqual(
      app.ports.map(({ hostPort }) => hostPort),
      [8081],
    )
    t.truthy(paths.hosts)
    await done(world, 'rm', world.name('command'))
    await app.remove()
    await many.remove()
    await other.remove()
    await (await slipway.networks.get('net')).remove()
    await slipway.close({ wait: true })
    t.deepEqual(world.namespaces(), [world.name('host'), world.name('neighbour')])
    const [host = ''] = readdirSync(world.stateDir).filter((name) => name !== 'fill')
    for (const folder of ['sandboxes', 'networks'])
      t.deepEqual(
        readdirSync(join(world.stateDir, host, folder)).filter((name) => name !== '.reserve'),
        [],
      )
  })
}
