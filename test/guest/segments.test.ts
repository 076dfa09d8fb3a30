import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions, Slipway } from 'slipway'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, linksIn, onSegment, routesIn } from '../helpers/segment.js'
import { eventually, ip, ipJson, type World } from '../helpers/world.js'

/** What needs links that the kernel of a machine may lack: ipvlan, VLANs, dummies. */

const YES = ['yes', 'yes']
const NO = ['no', 'no']

async function open(t: ExecutionContext): Promise<{ world: World; slipway: Slipway }> {
  const world = new DualStackWorld(t, true)
  return { world, slipway: await world.open() }
}

const links = (world: World, kind: string): string[] =>
  ipJson<{ ifname: string; linkinfo?: { info_kind?: string } }>(world.host, '-d', 'link')
    .filter(({ linkinfo }) => linkinfo?.info_kind === kind)
    .map(({ ifname }) => ifname)

async function twoOn(t: ExecutionContext, options: Partial<CreateNetworkOptions>) {
  const { world, slipway } = await open(t)
  const network = await onSegment(slipway, { driver: 'ipvlan', ...options })
  const [one, other] = [
    await world.create(slipway, 'one', { network: 'lan' }),
    await world.create(slipway, 'other', { network: 'lan' }),
  ]
  return { world, slipway, network, one, other }
}

for (const [flag, siblings] of [
  [undefined, YES],
  ['bridge', YES],
  ['private', NO],
  ['vepa', NO],
] as const) {
  test.serial(`ipvlan l2 ${flag ?? 'without a flag'}: who reaches whom`, async (t) => {
    const { world, one, other } = await twoOn(t, { options: flag === undefined ? {} : { ipvlan_flag: flag } })
    const [first, second] = [addressesOn(one), addressesOn(other)]
    t.deepEqual(await answersTo(one, second), siblings)
    t.deepEqual(await answersTo(one, Object.values(NEIGHBOUR)), YES)
    t.deepEqual(await answersTo(world.neighbour, first), YES)
    t.deepEqual(await answersTo(world.host, first, 'brief'), NO)
    const uplink = ipJson<{ address: string }>(world.host, 'link', 'show', 'uplink')[0]?.address
    t.deepEqual(
      [one, other].map((sandbox) => linksIn(sandbox).map(({ address, linkinfo }) => [address, linkinfo?.info_kind])),
      [[[uplink, 'ipvlan']], [[uplink, 'ipvlan']]],
    )
    t.is(one.endpoints[0]?.mac, uplink)
    await one.disconnect('lan')
    t.deepEqual(await answersTo(world.neighbour, first, 'brief'), NO)
    await other.remove()
    t.deepEqual(await answersTo(world.neighbour, second, 'brief'), NO)
  })
}

test.serial('ipvlan l2 with host_shim: the host and sandboxes reach each other', async (t) => {
  const { world, one } = await twoOn(t, { options: { host_shim: 'true' } })
  t.deepEqual(await answersTo(world.host, addressesOn(one)), YES)
  t.deepEqual(await answersTo(world.host, Object.values(NEIGHBOUR)), YES)
  t.deepEqual(await answersTo(world.neighbour, Object.values(HOST)), YES)
})

for (const mode of ['l3', 'l3s'] as const) {
  test.serial(
    `ipvlan ${mode}: all of the world is behind the link, and what routes to the host reaches it`,
    async (t) => {
      const { world, slipway, one, other } = await twoOn(t, {
        options: { ipvlan_mode: mode },
        subnets: [{ subnet: '10.60.0.0/24' }, { subnet: '10.61.0.0/24' }, { subnet: 'fd00:60::/64' }],
      })
      // The neighbour of this world routes 10.0.0.0/8 and fd00::/16 at the host.
      t.deepEqual([routesIn(one), routesIn(one, 6)], [['link eth0'], ['link eth0']])
      t.deepEqual(await answersTo(one, addressesOn(other)), YES)
      const far = await world.create(slipway, 'far', { network: 'lan', ip: '10.61.0.7' })
      t.deepEqual(await answersTo(one, ['10.61.0.7']), ['yes'])
      t.deepEqual(await answersTo(world.neighbour, addressesOn(one)), YES)
      t.deepEqual(await answersTo(one, [NEIGHBOUR[4]]), ['yes'])
      await far.remove()
      t.deepEqual(await answersTo(world.neighbour, ['10.61.0.7'], 'brief'), ['no'])
    },
  )
}

for (const mode of ['l3', 'l3s'] as const)
  test.serial(
    `ipvlan ${mode}: a link that its sandbox has deleted is back with the next open(), and leads out`,
    async (t) => {
      const { world, slipway, one } = await twoOn(t, {
        options: { ipvlan_mode: mode },
        subnets: [{ subnet: '10.60.0.0/24' }, { subnet: 'fd00:60::/64' }],
      })
      const routes = [routesIn(one), routesIn(one, 6)]
      await slipway.close({ wait: true })
      ip('-n', one.name, 'link', 'delete', 'eth0')
      const again = await world.open()
      t.true(again.reconciled.healed.includes(one.name))
      t.deepEqual([routesIn(one), routesIn(one, 6)], routes)
      t.deepEqual(await answersTo(world.neighbour, addressesOn(one)), YES)
    },
  )

/** The neighbour on VLAN 50 of the segment. */
function neighbourOn(world: World, id: number): string {
  const { name } = world.neighbour
  ip('-n', name, 'link', 'add', 'link', 'eth0', 'name', `eth0.${id}`, 'type', 'vlan', 'id', String(id))
  ip('-n', name, 'address', 'add', `10.50.${id}.9/24`, 'dev', `eth0.${id}`)
  ip('-n', name, 'link', 'set', `eth0.${id}`, 'up')
  return `10.50.${id}.9`
}

const onVlan = (id: number, rest: Partial<CreateNetworkOptions> = {}): Partial<CreateNetworkOptions> => ({
  ipv6: false,
  subnets: [{ subnet: `10.50.${id}.0/24` }],
  options: { parent: `uplink.${id}` },
  ...rest,
})

for (const driver of ['macvlan', 'ipvlan'] as const) {
  test.serial(`${driver} on a VLAN: made with its first network, deleted with its last`, async (t) => {
    const { world, slipway } = await open(t)
    const neighbour = neighbourOn(world, 50)
    const lan = await onSegment(slipway, onVlan(50, { driver }))
    t.deepEqual(links(world, 'vlan'), ['uplink.50'])
    const app = await world.create(slipway, 'app', { network: 'lan' })
    t.deepEqual(await answersTo(app, [neighbour, NEIGHBOUR[4]]), ['yes', 'no'])
    t.deepEqual(await answersTo(world.neighbour, addressesOn(app)), ['yes'])
    // The kernel would take it along; so would the link below.
    ip('-n', world.host.name, 'link', 'delete', 'uplink.50')
    await slipway.close({ wait: true })
    const again = await world.open()
    t.deepEqual(links(world, 'vlan'), ['uplink.50'])
    t.deepEqual(await answersTo(world.neighbour, addressesOn(app)), ['yes'], 'it is back')
    await (await again.sandboxes.get(app.name)).remove()
    await (await again.networks.get(lan.name)).remove()
    t.deepEqual(links(world, 'vlan'), [])
  })
}

test.serial('two networks on a VLAN share it, in whichever order they go', async (t) => {
  const { world, slipway } = await open(t)
  for (const order of [
    ['lan', 'twin'],
    ['twin', 'lan'],
  ]) {
    for (const name of ['lan', 'twin']) await onSegment(slipway, onVlan(50, { name }))
    t.deepEqual(links(world, 'vlan'), ['uplink.50'])
    const [first = '', last = ''] = order
    await (await slipway.networks.get(first)).remove()
    t.deepEqual(links(world, 'vlan'), ['uplink.50'], `${last} has it still`)
    await (await slipway.networks.get(last)).remove()
    t.deepEqual(links(world, 'vlan'), [])
  }
})

test.serial('a VLAN of somebody else is used, and stays', async (t) => {
  const { world, slipway } = await open(t)
  ip('-n', world.host.name, 'link', 'add', 'link', 'uplink', 'name', 'uplink.50', 'type', 'vlan', 'id', '50')
  ip('-n', world.host.name, 'link', 'set', 'uplink.50', 'up')
  const neighbour = neighbourOn(world, 50)
  const lan = await onSegment(slipway, onVlan(50))
  const app = await world.create(slipway, 'app', { network: 'lan' })
  t.deepEqual(await answersTo(app, [neighbour]), ['yes'])
  await app.remove()
  await lan.remove()
  t.deepEqual(links(world, 'vlan'), ['uplink.50'])
})

for (const driver of ['macvlan', 'ipvlan'] as const) {
  test.serial(
    `${driver} on a VLAN of a link that is down: it works once that is up, also after the next time`,
    async (t) => {
      const { world, slipway } = await open(t)
      const neighbour = neighbourOn(world, 50)
      const uplink = (state: 'up' | 'down') => ip('-n', world.host.name, 'link', 'set', 'uplink', state)
      uplink('down')
      await onSegment(slipway, onVlan(50, { driver, options: { parent: 'uplink.50', host_shim: 'true' } }))
      const app = await world.create(slipway, 'app', { network: 'lan' })
      t.deepEqual(await answersTo(app, [neighbour], 'brief'), ['no'])
      for (const time of ['first', 'second']) {
        uplink('up')
        t.deepEqual(await answersTo(app, [neighbour]), ['yes'], time)
        t.deepEqual(await answersTo(world.host, addressesOn(app)), ['yes'], time)
        uplink('down')
      }
    },
  )
}

for (const driver of ['macvlan', 'ipvlan'] as const)
  test.serial(
    `${driver} on a VLAN whose link below goes and is back: packets flow again, without another open()`,
    async (t) => {
      const { world, slipway } = await open(t)
      neighbourOn(world, 50)
      await onSegment(slipway, onVlan(50, { driver, options: { parent: 'uplink.50', host_shim: 'true' } }))
      const app = await world.create(slipway, 'app', { network: 'lan' })
      const { host, neighbour } = world
      ip('-n', host.name, 'link', 'delete', 'uplink')
      t.deepEqual(links(world, 'vlan'), [])
      ip('link', 'add', 'uplink', 'netns', host.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', neighbour.name)
      ip('-n', host.name, 'link', 'set', 'uplink', 'up')
      ip('-n', neighbour.name, 'link', 'set', 'eth0', 'up')
      neighbourOn(world, 50)
      const works = async () =>
        String([
          ...(await answersTo(world.neighbour, addressesOn(app))),
          ...(await answersTo(world.host, addressesOn(app))),
        ]) === 'yes,yes'
      t.true(await eventually(works))
      t.deepEqual(links(world, 'vlan'), ['uplink.50'])
    },
  )

for (const [driver, prefix] of [
  ['macvlan', 'dm-'],
  ['ipvlan', 'di-'],
] as const) {
  test.serial(`${driver} without a parent: sandboxes are among themselves`, async (t) => {
    const { world, slipway } = await open(t)
    const lan = await slipway.networks.create({ name: 'lan', driver })
    t.deepEqual(links(world, 'dummy'), [`${prefix}${lan.id.slice(0, 12)}`])
    const [one, other] = [
      await world.create(slipway, 'one', { network: 'lan' }),
      await world.create(slipway, 'other', { network: 'lan' }),
    ]
    t.deepEqual(await answersTo(one, addressesOn(other)), ['yes'])
    t.deepEqual(routesIn(one), [])
    t.deepEqual(await answersTo(world.host, addressesOn(one), 'brief'), ['no'])
    t.true(lan.internal)
    await one.remove()
    await other.remove()
    await lan.remove()
    t.deepEqual(links(world, 'dummy'), [])
  })
}
