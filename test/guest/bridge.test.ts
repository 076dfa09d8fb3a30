import test from 'ava'
import type { Slipway } from '#lib/index.js'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { holds, serveBoth } from '../helpers/reach-table.js'
import { isAsBefore, settled, without } from '../helpers/snapshot.js'

/**
 * A bridge network from its first call to its last, on a kernel that is not the one of development: that the guest
 * carries the library at all, and that this kernel takes its messages. Everything else about bridges is in test/kernel,
 * and runs here, too, when it is named.
 */

const NETWORK = { name: 'web', subnets: [{ subnet: '10.3.0.0/24' }, { subnet: 'fd00:3::/64' }] }
const GATEWAY = { 4: '10.3.0.1', 6: 'fd00:3::1' }

const TABLE = `
  from       app:80   other:80  host:8080  neighbour:8000
  app        app      app       gateway    host
  other      other    other     gateway    host
  host       gateway  gateway   host       host
  neighbour  -        -         neighbour  .
`

const removeNetwork = async (slipway: Slipway): Promise<void> => (await slipway.networks.get(NETWORK.name)).remove()

for (const bridgeCallsIptables of [true, false]) {
  test.serial(
    `br_netfilter ${bridgeCallsIptables ? 'on' : 'off'}: two sandboxes reach each other, the world and a published port, and leave nothing behind`,
    async (t) => {
      const world = new DualStackWorld(t, bridgeCallsIptables)
      const slipway = await world.open()
      // The ruleset stays, and so do the folders of records.
      await slipway.networks.create(NETWORK)
      await removeNetwork(slipway)
      // Servers of the test end with it.
      const before = without(await settled(world), 'descriptors')

      await slipway.networks.create(NETWORK)
      const app = await world.create(slipway, 'app', { network: NETWORK.name, publish: ['8080:80/tcp', '8080:80/udp'] })
      const other = await world.create(slipway, 'other', { network: NETWORK.name })
      for (const sandbox of [app, other]) serveBoth(t, sandbox, 80)
      serveBoth(t, world.neighbour, 8000)
      await holds(
        t,
        {
          app: { place: app, at: addressesOf(app) },
          other: { place: other, at: addressesOf(other) },
          host: { place: world.host, at: HOST },
          neighbour: { place: world.neighbour, at: NEIGHBOUR },
          gateway: { place: world.host, at: GATEWAY },
        },
        TABLE,
      )

      for (const sandbox of [app, other]) await sandbox.remove()
      await removeNetwork(slipway)
      await isAsBefore(t, world, before)
    },
  )
}
