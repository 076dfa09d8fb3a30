import test from 'ava'
import { elements } from '../helpers/snapshot.js'
import { eventually, ipJson, World } from '../helpers/world.js'
import { injected } from '../helpers/injected.js'
import { howItEnded, runChild, WELL } from '../env/run-child.js'

/**
 * A process that is killed while it disconnects a sandbox from its last network, or connects it: the sandbox stays,
 * whole on the network or off it, whoever meets it first, and no port leads to an address that it has not.
 */

// Each with the step in which its calls are met in one run: the messages before the first change are questions.
for (const [call, first, step] of [
  ['rename', 1, 1],
  ['sendto', 24, 9],
] as const) {
  test.serial(`killed before each ${call}`, async (t) => {
    const world = new World(t)
    const open = { netns: world.host.path, stateDir: world.stateDir }
    const slipway = await world.open()
    const { id } = await world.create(slipway, 'app', { publish: ['8000:80'] })
    await slipway.close({ wait: true })
    const living = await world.open()
    const path = `/run/netns/${world.name('app')}`
    for (let time = first + Math.floor(Math.random() * step); time <= 200; time += step) {
      const under = injected(call, `signal=SIGKILL:when=${time}`)
      const ended = await runChild('leaveAndComeBack', { open, prefix: world.prefix }, { under })
      const done = ended.said.includes('done')
      if (done) t.like(howItEnded(ended), WELL)
      else t.is(ended.signal, 'SIGKILL', ended.stderr)

      // The next that opens the host, or one that has had it open all the time and changes the sandbox.
      const again = time % 2 === 1 ? await world.open() : living
      const app = await again.sandboxes.get(world.name('app'))
      if (again === living)
        await app.publish('8001:80').then(
          () => app.unpublish('8001:80'),
          () => undefined,
        )
      t.is(app.id, id, `${time}`)
      const addresses = app.endpoints.flatMap((endpoint) => endpoint.addresses)
      const place = { name: app.name, path }
      const inside = ipJson<{ ifname: string; addr_info: { local: string; prefixlen: number }[] }>(
        place,
        '-4',
        'address',
      ).filter(({ ifname }) => ifname !== 'lo')
      t.deepEqual(
        inside.flatMap(({ addr_info }) => addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`)),
        addresses,
        `${time}`,
      )
      t.is(ipJson(place, 'route', 'show', 'default').length, addresses.length, `${time}`)
      // Addresses that it had are given up by who opens the host.
      if (again === living) await (await world.open()).close()
      const bare = addresses.map((address) => address.split('/')[0] ?? '')
      t.true(
        await eventually(
          () =>
            elements(world.host, 'addresses4')
              .map(({ key }) => key)
              .join() === bare.join(),
        ),
        `${time}`,
      )
      t.deepEqual(
        elements(world.host, 'published4').map(({ data }) => data),
        bare.map((address) => `${address} . 80`),
        `${time}`,
      )
      if (addresses.length === 0) await app.connect('bridge')
      if (again !== living) await again.close({ wait: true })
      if (!done) continue
      t.true(time > first + step, `only ${time - 1} calls were seen`)
      return
    }
    t.fail('more calls are made than were tried')
  })
}
