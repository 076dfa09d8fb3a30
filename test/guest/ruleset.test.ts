import test from 'ava'
import { Host } from '#lib/kernel/host.js'
import { RULESET_FAMILIES, RULESET_FINGERPRINTS, USERS_CHAIN } from '#lib/policy/ruleset.js'
import { TABLE } from '#lib/policy/sets.js'
import { askedOn } from '../helpers/asked-on.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { addressesOn, answersTo } from '../helpers/segment.js'
import { ip } from '../helpers/world.js'

/**
 * Rules that an older kernel could refuse or take for others: those of routers, and the one that refuses. And whether
 * it tells all of them as they were written, as that is compared.
 */

const subnets = (number: number) => [{ subnet: `10.${number}.0.0/24` }, { subnet: `fd00:${number}::/64` }]

for (const forwarding of [true, false])
  test.serial(`${forwarding ? 'a router passes' : 'a sandbox that is none does not pass'} on echoes`, async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await slipway.networks.create({ name: 'left', ipv6: true, subnets: subnets(1) })
    await slipway.networks.create({ name: 'right', ipv6: true, subnets: subnets(2) })
    const router = await world.create(slipway, 'router', { network: 'left', forwarding })
    await router.connect('right')
    const one = await world.create(slipway, 'one', { network: 'left' })
    const two = await world.create(slipway, 'two', { network: 'right' })
    for (const [side, from, to] of [
      [one, 'left', 2],
      [two, 'right', 1],
    ] as const) {
      const via = addressesOf(router, from)
      for (const [index, { subnet }] of subnets(to).entries())
        ip('-n', side.name, 'route', 'add', subnet, 'via', index === 0 ? via[4] : via[6])
    }
    const answer = forwarding ? 'yes' : 'no'
    for (const [side, other, network] of [
      [one, two, 'right'],
      [two, one, 'left'],
    ] as const)
      t.deepEqual(await answersTo(side, addressesOn(other, network), forwarding ? 'patient' : 'brief'), [
        answer,
        answer,
      ])
    // Each reaches the router itself.
    t.deepEqual(await answersTo(one, addressesOn(router, 'left')), ['yes', 'yes'])
  })

test.serial('a published port of UDP that is asked at a link-local address of the host refuses', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', ipv6: true, subnets: subnets(1) })
  await world.create(slipway, 'app', { network: 'web', publish: ['8080:80/tcp', '8080:80/udp'] })
  // A process holds the port, and takes what comes without a word: it is the rule that refuses.
  for (const kind of ['udp', 'tcp'] as const)
    t.is(await askedOn(world.neighbour, 'eth0', kind, 'fe80::1', 8080), 'refused', kind)
})

test.serial('this kernel tells the ruleset as it was written', async (t) => {
  const world = new DualStackWorld(t, false)
  await world.create(await world.open(), 'app')
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  const told = await Promise.all(
    RULESET_FAMILIES.map(async (family) => {
      const { whole } = await host.ask('fingerprints', { family, name: TABLE, kept: USERS_CHAIN })
      return [family, whole] as const
    }),
  )
  t.deepEqual(Object.fromEntries(told), RULESET_FINGERPRINTS)
})
