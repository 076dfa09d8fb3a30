import test from 'ava'
import { isAsBefore, kernelState } from '../helpers/snapshot.js'
import { momentsOf } from '../helpers/thorough.js'
import { execIn, ipJson, World, type Place } from '../helpers/world.js'
import { injected } from '../helpers/injected.js'
import { howItEnded, runChild, WELL } from './run-child.js'

/**
 * A process that is killed while it makes a further bridge, a sandbox there, or takes that away leaves nothing for
 * good.
 */

const WEB = {
  name: 'web',
  subnets: [{ subnet: '10.3.0.0/24' }, { subnet: 'fd00:3::/64' }],
  options: { 'com.docker.network.bridge.name': 'web0' },
}

/** What leads to single addresses, but for those of bridges. */
const leads = (host: Place): string[] => [
  ...['-4', '-6']
    .flatMap((family) => ipJson<{ dst: string; dev: string }>(host, family, 'route'))
    .filter(({ dst, dev }) => dev.startsWith('web0') && !dst.includes('/') && dst !== 'fd00:3::1')
    .map(({ dst, dev }) => `${dst} ${dev}`),
  ...['-4', '-6'].flatMap((family) =>
    execIn(host, 'ip', family, 'neighbor', 'show', 'proxy').split('\n').filter(Boolean),
  ),
]

// The calls of the executor that change something, each with how often they are at least made, and which of them are
// met: most of a hundred messages are questions. The kernel gets the signal instead of the call.
for (const [call, least, { first, step }] of [
  ['sendto', 40, momentsOf(30)],
  ['mount', 1, momentsOf(2)],
  ['umount2', 1, momentsOf(2)],
  ['unlink', 1, momentsOf(2)],
] as const) {
  test.serial(`killed before each ${call} of a life on a further bridge`, async (t) => {
    t.log(`from the ${first}. on`)
    for (let time = first; time <= 400; time += step) {
      const world = new World(t)
      const open = { netns: world.host.path, stateDir: world.stateDir, portsPerBridge: 1 }
      const slipway = await world.open(open)
      await slipway.networks.create(WEB)
      await (await slipway.networks.get('web')).remove()
      const before = kernelState(world.host)
      await slipway.networks.create(WEB)
      await world.create(slipway, 'stays', { network: 'web' })
      const under = injected(call, `signal=SIGKILL:when=${time}`)
      const ended = await runChild('leafLife', { open, prefix: world.prefix, port: 8000 }, { under })
      const done = ended.said.includes('done')
      if (done) t.like(howItEnded(ended), WELL)
      else t.is(ended.signal, 'SIGKILL', ended.stderr)

      const again = await world.open(open)
      const sandboxes = await again.sandboxes.list()
      await Promise.all(sandboxes.filter(({ name }) => name !== world.name('stays')).map((sandbox) => sandbox.remove()))
      const app = await world.create(again, 'app', { network: 'web', publish: ['8000:80'] })
      t.is(leads(world.host).length, 4, `${time}`)
      await app.remove()
      await (await again.sandboxes.get(world.name('stays'))).remove()
      await again.close({ wait: true })
      t.deepEqual(leads(world.host), [], `${time}`)
      const last = await world.open(open)
      t.deepEqual(last.reconciled, { adopted: [], healed: [], collected: [] }, `${time}`)
      await (await last.networks.get('web')).remove()
      await isAsBefore(t, world, before, `${time}`)
      if (!done) continue
      t.true(time > least, `only ${time - 1} calls were seen`)
      return
    }
    t.fail('more calls are made than were tried')
  })
}
