import test from 'ava'
import type { CreateNetworkOptions } from 'slipway'
import { everythingOf } from '../helpers/everything.js'
import { addressesOn, answersTo, linksIn } from '../helpers/segment.js'
import { ip, World } from '../helpers/world.js'

/** What test/kernel/pool-segments.test.ts is for macvlan, for the links that the kernel of a machine may lack. */

const SUBNETS = [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }]

const NETWORKS: Readonly<Record<string, Omit<CreateNetworkOptions, 'name'>>> = {
  'an ipvlan in mode l2, with a shim': {
    driver: 'ipvlan',
    subnets: SUBNETS,
    options: { parent: 'uplink', host_shim: 'true' },
  },
  'an ipvlan in mode l3s': { driver: 'ipvlan', subnets: SUBNETS, options: { parent: 'uplink', ipvlan_mode: 'l3s' } },
  'an ipvlan without a parent': { driver: 'ipvlan', subnets: [{ subnet: '10.50.51.0/24' }] },
  'a macvlan on a VLAN': {
    driver: 'macvlan',
    subnets: [{ subnet: '10.50.50.0/24' }],
    options: { parent: 'uplink.50' },
  },
}

for (const [title, network] of Object.entries(NETWORKS))
  test.serial(`a sandbox from the pool is what it would have been: ${title}`, async (t) => {
    const states = []
    for (const size of [0, 2]) {
      const world = new World(t)
      const { name } = world.neighbour
      ip('-n', name, 'link', 'add', 'link', 'eth0', 'name', 'eth0.50', 'type', 'vlan', 'id', '50')
      ip('-n', name, 'address', 'add', '10.50.50.9/24', 'dev', 'eth0.50')
      ip('-n', name, 'link', 'set', 'eth0.50', 'up')
      const slipway = await world.open({ pool: { size, networks: ['lan'] } })
      await slipway.networks.create({ name: 'lan', ...network })
      await slipway.pool.ready()
      const first = await world.create(slipway, 'first', { network: 'lan' })
      const next = await world.create(slipway, 'next', { network: 'lan' })
      t.is(slipway.pool.networks[0]?.claimed ?? 0, size)
      t.deepEqual(await answersTo(first, addressesOn(next)), ['yes'])
      const outside = await answersTo(world.neighbour, addressesOn(first), 'brief')
      await slipway.close()
      const { inside, record, inspect } = everythingOf(world, first)
      states.push({
        outside,
        addresses: inside['addresses'],
        routes: inside['routes'],
        links: linksIn(first).length,
        record: record.length,
        inspect: Object.keys(inspect as object),
      })
    }
    t.deepEqual(states[1], states[0])
  })
