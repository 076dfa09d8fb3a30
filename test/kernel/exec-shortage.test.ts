import { closeSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import test from 'ava'
import type { SlipwayError } from '#lib/index.js'
import { closing } from '../helpers/inside.js'
import { limiter } from '../helpers/descriptors.js'
import { World } from '../helpers/world.js'

/** A process that has as many files open as it may is told so, and goes on as before once it has closed some. */

/** Opens what may be opened. */
function fill(): number[] {
  const opened: number[] = []
  for (;;) {
    try {
      opened.push(openSync('/dev/null', 'r'))
    } catch {
      return opened
    }
  }
}

test('sockets, programs and waiting without a descriptor left', async (t) => {
  const world = new World(t)
  const app = await world.create(await world.open(), 'app', { network: 'none' })
  const calls: Record<string, () => Promise<unknown>> = {
    listen: () => app.listen(closing(t, createServer())),
    connectTcp: () => app.connectTcp({ host: '127.0.0.1', port: 1 }),
    lookup: () => app.connectTcp({ host: 'nobody.', port: 1 }),
    bindUdp: async () => (await app.bindUdp()).close(),
    exec: () => app.exec('true'),
    waitForPort: () => app.waitForPort(1, { timeout: 1 }),
    enter: async () => app.enter(() => undefined),
  }
  const limit = limiter(t)
  await limit(400)
  t.teardown(() => limit(1024))
  const held = fill()
  for (let free = 0; free < 16; free++) {
    for (const [name, call] of Object.entries(calls)) {
      const error = (await call().then(
        () => undefined,
        (reason: unknown) => reason,
      )) as SlipwayError | undefined
      const expected = { connectTcp: 'ECONNREFUSED', lookup: 'EAI_AGAIN' }[name]
      t.true(
        [expected, 'EMFILE'].includes(error?.errnoName) && (free > 0 || error?.errnoName === 'EMFILE'),
        `${name}, ${free} free: ${error}`,
      )
      if (error) t.true(error.name === 'SlipwayError' && error.message.endsWith('.'), `${name}: ${error}`)
    }
    const one = held.pop()
    if (one !== undefined) closeSync(one)
  }
  for (const fd of held) closeSync(fd)
  t.is((await app.exec('true')).exitCode, 0)
  await app.listen(closing(t, createServer()))
  await t.throwsAsync(app.connectTcp({ host: '127.0.0.1', port: 1 }), { code: 'UNREACHABLE' })
  await t.throwsAsync(app.connectTcp({ host: 'nobody.', port: 1 }), { code: 'UNREACHABLE' })
  await t.throwsAsync(app.waitForPort(1, { timeout: 1 }), { code: 'TIMEOUT' })
})
