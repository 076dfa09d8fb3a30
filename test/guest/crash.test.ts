import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions } from 'slipway'
import { killedBefore, type Killed } from '../env/segments-killed.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { momentsOf } from '../helpers/thorough.js'
import { ip, World } from '../helpers/world.js'

/**
 * What test/env/crash-segments.test.ts is for macvlan, for the links that the kernel of a machine may lack. A few of
 * the calls are met in one run: the guest is slow.
 */

const lan = (driver: string, rest: Partial<CreateNetworkOptions>): CreateNetworkOptions => ({
  name: 'lan',
  driver,
  ...rest,
})

/** The neighbour is on VLAN 50, too. */
function worldWithVlan(t: ExecutionContext): World {
  const world = new World(t)
  const { name } = world.neighbour
  ip('-n', name, 'link', 'add', 'link', 'eth0', 'name', 'eth0.50', 'type', 'vlan', 'id', '50')
  ip('-n', name, 'address', 'add', '10.50.50.9/24', 'dev', 'eth0.50')
  ip('-n', name, 'link', 'set', 'eth0.50', 'up')
  return world
}

const NETWORKS: Readonly<Record<string, Killed>> = {
  'an ipvlan in mode l2, with a shim': {
    network: lan('ipvlan', {
      subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
      options: { parent: 'uplink', host_shim: 'true' },
    }),
    world: (t) => new World(t),
    reached: { neighbour: true, host: true },
  },
  'an ipvlan in mode l3': {
    network: lan('ipvlan', {
      subnets: [{ subnet: '10.60.0.0/24' }],
      options: { parent: 'uplink', ipvlan_mode: 'l3' },
    }),
    world: (t) => new DualStackWorld(t, true),
    reached: { neighbour: true, host: false },
    routes: ['link eth0'],
    routed: true,
  },
  'an ipvlan in mode l3s': {
    network: lan('ipvlan', {
      subnets: [{ subnet: '10.60.0.0/24' }],
      options: { parent: 'uplink', ipvlan_mode: 'l3s' },
    }),
    // Nobody answers ARP for it: the neighbour routes.
    world: (t) => new DualStackWorld(t, true),
    reached: { neighbour: true, host: false },
    routes: ['link eth0'],
    routed: true,
  },
  'an internal macvlan with a parent': {
    network: lan('macvlan', {
      internal: true,
      subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
      options: { parent: 'uplink' },
    }),
    world: (t) => new World(t),
    reached: { neighbour: true, host: false },
  },
  'a macvlan on a VLAN, with a shim': {
    network: lan('macvlan', {
      subnets: [{ subnet: '10.50.50.0/24' }],
      options: { parent: 'uplink.50', host_shim: 'true' },
    }),
    world: worldWithVlan,
    reached: { neighbour: true, host: true },
  },
  'a macvlan without a parent': {
    network: lan('macvlan', { subnets: [{ subnet: '10.50.51.0/24' }] }),
    world: (t) => new World(t),
    reached: { neighbour: false, host: false },
  },
}

for (const [title, killed] of Object.entries(NETWORKS))
  test.serial(`killed before some of its calls, on ${title}`, (t) => killedBefore(t, 'sendto', momentsOf(47), killed))
