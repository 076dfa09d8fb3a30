import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { World } from '../helpers/world.js'

test('calls come to their end in a process that has faked its timers', async (t) => {
  const world = new World(t)
  const script = `
    import { mock } from 'node:test'
    const { Slipway } = await import('#lib/index.js')
    const real = Date.now()
    const slipway = await Slipway.open(${JSON.stringify({ netns: world.host.path, stateDir: world.stateDir })})
    mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'] })
    // As others fake them, whose clocks stand still.
    performance.now = () => 0
    globalThis.queueMicrotask = () => undefined
    await slipway.networks.create({ name: 'web' })
    for (let round = 0; round < 2; round++) {
      const app = await slipway.sandboxes.create({ name: '${world.name('app')}', network: 'web', publish: ['53/udp'] })
      await app.connect('bridge')
      await app.disconnect('web')
      await app.remove()
    }
    await Promise.all(Array.from({ length: 40 }, (_, n) => slipway.sandboxes.create({ name: '${world.name('s')}' + n })))
    for (const sandbox of await slipway.sandboxes.list()) await sandbox.remove()
    const slow = await slipway.sandboxes.create({ timeout: 60_000, signal: new AbortController().signal, ephemeral: true })
    if (Math.abs(Date.parse(slow.created) - real) > 60_000) throw new Error(slow.created)
    await slow.remove({ timeout: 60_000 })
    await slipway.close({ wait: true })
    console.log('done')`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], {
    timeout: 20_000,
  })
  t.is(stdout, 'done\n')
})
