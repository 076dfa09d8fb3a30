import test from 'ava'
import type { CreateNetworkOptions } from 'slipway'
import type { Plan } from '#lib/plan/operation.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { failEverywhere } from '../helpers/fail-everywhere.js'
import { having } from '../helpers/refuse.js'
import { isAsBefore, settled } from '../helpers/snapshot.js'

/** What test/kernel/undo-segments.test.ts is for macvlan, for the links that the kernel of a machine may lack. */

const NETWORKS: Readonly<Record<string, CreateNetworkOptions>> = {
  'an ipvlan in mode l3': {
    name: 'lan',
    driver: 'ipvlan',
    subnets: [{ subnet: '10.60.0.0/24' }, { subnet: 'fd00:60::/64' }],
    options: { parent: 'uplink', ipvlan_mode: 'l3' },
  },
  'an ipvlan on a VLAN, with a shim': {
    name: 'lan',
    driver: 'ipvlan',
    subnets: [{ subnet: '10.50.50.0/24' }],
    options: { parent: 'uplink.50', host_shim: 'true' },
  },
  'a macvlan without a parent': { name: 'lan', driver: 'macvlan', subnets: [{ subnet: '10.50.51.0/24' }] },
}

const makesLink = (plan: Plan): boolean =>
  plan.some(({ op }) => op === 'file.create') && (having('link.create')(plan) || plan.length < 3)

for (const [title, options] of Object.entries(NETWORKS))
  test.serial(`network and sandbox are undone wherever they are refused: ${title}`, async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    // Forwarding stays on once it is.
    await world.create(slipway, 'first')
    const before = await settled(world)
    await failEverywhere(
      t,
      makesLink,
      () => slipway.networks.create(options),
      (what) => isAsBefore(t, world, before, `network: ${what}`),
    )
    const made = await settled(world)
    await failEverywhere(
      t,
      having('netns.create'),
      () => world.create(slipway, 'app', { network: 'lan' }),
      (what) => isAsBefore(t, world, made, `sandbox: ${what}`),
    )
  })
