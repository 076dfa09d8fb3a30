import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { SlipwayError } from '#lib/index.js'
import { Holders } from '#lib/claims/ports/holders.js'
import type { HostPort } from '#lib/base/port-mapping.js'
import { InterruptedHost } from '../helpers/interrupted-host.js'
import { listenIn } from '../helpers/listen.js'
import { eventually, World } from '../helpers/world.js'

/** A port that is taken over the very moment in which somebody else publishes it: nobody is told that it is in use. */

const PORT: HostPort = { protocol: 'tcp', hostIp: '0.0.0.0', hostPort: 8080 }
const tryPort = ({ host }: World) => listenIn(host, ['tcp', PORT.hostIp, PORT.hostPort])

/** One that opens the host while others work on it, as far as it holds ports. */
function opening(t: ExecutionContext, world: World): { host: InterruptedHost; holders: Holders; folder: string } {
  const host = new InterruptedHost(world.host.path)
  const folder = join(world.stateDir, `${host.identity}`, 'holders')
  const holders = new Holders(host, folder)
  t.teardown(async () => {
    await host.close()
    holders.close()
  })
  return { host, holders, folder }
}

test('a port that leads nowhere is not held for a moment, whatever a record says', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'app', { publish: ['8081:80'] })
  const { host, holders } = opening(t, world)
  await holders.takeOver([PORT, { ...PORT, hostPort: 8081 }])
  const tried = host.ran.flat().flatMap((operation) => (operation.op === 'port.hold' ? [operation.port] : []))
  t.deepEqual(tried, [8081])
})

test('one that is published anew while it is taken over for who had it before', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  const { host, holders, folder } = opening(t, world)
  let next: Promise<unknown> = Promise.resolve()
  // It was published when it was looked up, and is not when it is held.
  host.beforeRun(async () => {
    await app.unpublish('8080:80')
    // Held by now, and about to be let go of.
    host.afterAnswer('element', async () => {
      t.deepEqual(await tryPort(world), ['EADDRINUSE'])
      next = world.create(slipway, 'next', { publish: ['8080:80'] })
      next.catch(() => undefined)
      // Refused, it asks whether somebody holds the port for nobody.
      const asked = eventually(() =>
        readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((path) => /^[^/]+\/[^./][^/]*$/.test(path)),
      )
      t.true(
        await Promise.race([
          asked,
          next.then(
            () => false,
            () => false,
          ),
        ]),
      )
    })
  })
  await holders.takeOver([PORT])
  await t.notThrowsAsync(next)
  t.false(host.holds({ protocol: 'tcp', address: '0.0.0.0', port: 8080 }))
  t.deepEqual(await tryPort(world), ['EADDRINUSE'])
})

test('one that a program has is refused, though somebody is taking over others', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const { holders } = opening(t, world)
  holders.join()
  const { host: program } = opening(t, world)
  await program.run([{ op: 'port.hold', protocol: 'tcp', address: '0.0.0.0', port: 8080 }])
  const refused = await t.throwsAsync(world.create(slipway, 'app', { publish: ['8080:80'] }), {
    instanceOf: SlipwayError,
    code: 'PORT_IN_USE',
  })
  t.regex(refused?.message ?? '', /by a process on the host/)
})
