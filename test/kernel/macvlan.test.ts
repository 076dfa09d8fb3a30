import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions, Sandbox, Slipway } from 'slipway'
import { DualStackWorld, HOST, NEIGHBOUR } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, linksIn, onSegment, routesIn } from '../helpers/segment.js'
import { elements } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, setSysctl, type World } from '../helpers/world.js'

/** Sandboxes on the segment of the host's uplink: who reaches whom, by packets. */

interface Scene {
  world: World
  slipway: Slipway
  one: Sandbox
  other: Sandbox
}

async function twoOn(t: ExecutionContext, options: Partial<CreateNetworkOptions> = {}): Promise<Scene> {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway, options)
  const [one, other] = [
    await world.create(slipway, 'one', { network: 'lan' }),
    await world.create(slipway, 'other', { network: 'lan' }),
  ]
  return { world, slipway, one, other }
}

const BOTH_YES = ['yes', 'yes']
const BOTH_NO = ['no', 'no']

// A switch of the segment that sends frames back where they came from would bring sandboxes in mode vepa together.
for (const [mode, siblings] of [
  ['bridge', BOTH_YES],
  ['private', BOTH_NO],
  ['vepa', BOTH_NO],
] as const) {
  test.serial(`mode ${mode}: sandboxes and a neighbour reach each other, the host does not`, async (t) => {
    const { world, one, other } = await twoOn(t, { options: { macvlan_mode: mode } })
    const [first, second] = [addressesOn(one), addressesOn(other)]
    const among = siblings === BOTH_NO ? 'brief' : 'patient'
    t.deepEqual(first, ['192.0.2.128', 'fd00:99::8:0'])
    t.deepEqual(
      {
        'one to other': await answersTo(one, second, among),
        'other to one': await answersTo(other, first, among),
        'one to the neighbour': await answersTo(one, Object.values(NEIGHBOUR)),
        'the neighbour to one': await answersTo(world.neighbour, first),
        'the host to one': await answersTo(world.host, first, 'brief'),
        'one to the host': await answersTo(one, Object.values(HOST), 'brief'),
        'the host to the neighbour': await answersTo(world.host, Object.values(NEIGHBOUR)),
      },
      {
        'one to other': siblings,
        'other to one': siblings,
        'one to the neighbour': BOTH_YES,
        'the neighbour to one': BOTH_YES,
        'the host to one': BOTH_NO,
        'one to the host': BOTH_NO,
        'the host to the neighbour': BOTH_YES,
      },
    )
    const [link, ...more] = linksIn(one)
    t.deepEqual(more, [])
    t.like(link, { ifname: 'eth0', address: one.endpoints[0]?.mac })
    t.like(link?.linkinfo, { info_kind: 'macvlan', info_data: { mode } })
  })
}

test.serial(
  'with host_shim, the host and sandboxes reach each other, and the host its neighbours as before',
  async (t) => {
    const { world, slipway, one, other } = await twoOn(t, { options: { host_shim: 'true' } })
    // A kernel that drops what comes from where it would not send to.
    for (const link of ['all', 'uplink']) setSysctl(world.host, `net.ipv4.conf.${link}.rp_filter`, '1')
    const shim = ipJson<{ ifname: string; addr_info: { local: string; scope: string }[] }>(world.host, 'address').find(
      ({ ifname }) => ifname.startsWith('sh-'),
    )
    const own = (shim?.addr_info ?? []).filter(({ scope }) => scope === 'global').map(({ local }) => local)
    t.deepEqual(own, ['192.0.2.128', 'fd00:99::8:0'])
    t.deepEqual(addressesOn(one), ['192.0.2.129', 'fd00:99::8:1'], "those of the host are nobody else's")
    execIn(world.neighbour, 'ip', 'neigh', 'flush', 'all')
    for (const sandbox of [one, other]) {
      t.deepEqual(await answersTo(world.host, addressesOn(sandbox)), BOTH_YES)
      t.deepEqual(await answersTo(sandbox, own), BOTH_YES)
      t.deepEqual(await answersTo(world.neighbour, addressesOn(sandbox)), BOTH_YES)
    }
    t.deepEqual(await answersTo(world.host, Object.values(NEIGHBOUR)), BOTH_YES)
    t.deepEqual(await answersTo(world.neighbour, [...Object.values(HOST), ...own]), [...BOTH_YES, ...BOTH_YES])
    // By which link the neighbour goes to the host: not by that of the shim.
    const uplink = ipJson<{ address: string }>(world.host, 'link', 'show', 'uplink')[0]?.address
    t.deepEqual(
      ipJson<{ lladdr: string }>(world.neighbour, 'neigh', 'show', 'to', HOST[4]).map(({ lladdr }) => lladdr),
      [uplink],
    )
    const led = () =>
      ipJson<{ dst: string; dev: string }>(world.host, 'route', 'show', 'dev', shim?.ifname ?? '').map(({ dst }) => dst)
    t.deepEqual(led(), ['192.0.2.129', '192.0.2.130'])
    await one.disconnect('lan')
    t.deepEqual(led(), ['192.0.2.130'])
    await one.remove()
    await other.remove()
    await (await slipway.networks.get('lan')).remove()
    t.deepEqual(
      ipJson<{ ifname: string }>(world.host, 'link').filter(({ ifname }) => ifname.startsWith('sh-')),
      [],
    )
    t.deepEqual(await answersTo(world.host, Object.values(NEIGHBOUR)), BOTH_YES)
  },
)

test.serial(
  'mode passthru: one sandbox has the parent and its MAC to itself, a second is refused in words',
  async (t) => {
    const world = new DualStackWorld(t, true)
    const slipway = await world.open()
    await onSegment(slipway, { options: { macvlan_mode: 'passthru' } })
    const one = await world.create(slipway, 'one', { network: 'lan' })
    const [uplink] = ipJson<{ address: string }>(world.host, 'link', 'show', 'uplink')
    t.is(one.endpoints[0]?.mac, uplink?.address)
    t.is(linksIn(one)[0]?.address, uplink?.address)
    t.deepEqual(await answersTo(one, Object.values(NEIGHBOUR)), BOTH_YES)
    const refused = { code: 'CONFLICT', message: /uplink.*passthru has it to itself.*another parent/ }
    await t.throwsAsync(world.create(slipway, 'other', { network: 'lan' }), refused)
    await t.throwsAsync(onSegment(slipway, { name: 'more', subnets: [{ subnet: '10.5.0.0/24' }], ipv6: false }), {
      code: 'CONFLICT',
      message: /uplink has the network lan.*passthru has it to itself.*VLAN/,
    })
    t.deepEqual(
      (await slipway.sandboxes.list()).map(({ name }) => name),
      [one.name],
    )
    await one.remove()
    const next = await world.create(slipway, 'other', { network: 'lan' })
    t.deepEqual(await answersTo(next, Object.values(NEIGHBOUR)), BOTH_YES)
  },
)

test.serial('addresses: several subnets, an IP range, what is kept from it, and one that is asked for', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway, {
    subnets: [
      {
        subnet: '192.0.2.0/24',
        ipRange: '192.0.2.128/29',
        auxAddresses: { printer: '192.0.2.128' },
        gateway: NEIGHBOUR[4],
      },
      { subnet: '10.5.0.0/24' },
      { subnet: 'fd00:99::/64', ipRange: 'fd00:99::8:0/112', gateway: NEIGHBOUR[6] },
    ],
  })
  const one = await world.create(slipway, 'one', { network: 'lan' })
  const asked = await world.create(slipway, 'asked', {
    network: 'lan',
    ip: '10.5.0.77',
    ip6: 'fd00:99::77',
    mac: '02:42:00:00:00:77',
  })
  t.deepEqual(addressesOn(one), ['192.0.2.129', 'fd00:99::8:0'])
  t.deepEqual(addressesOn(asked), ['10.5.0.77', 'fd00:99::77'])
  t.is(linksIn(asked)[0]?.address, '02:42:00:00:00:77')
  t.deepEqual(await answersTo(one, ['fd00:99::77', ...Object.values(NEIGHBOUR)]), ['yes', 'yes', 'yes'])
  t.deepEqual(
    [routesIn(one), routesIn(one, 6), routesIn(asked, 6)],
    [[`${NEIGHBOUR[4]} eth0`], [`${NEIGHBOUR[6]} eth0`], [`${NEIGHBOUR[6]} eth0`]],
  )
  await t.throwsAsync(world.create(slipway, 'late', { network: 'lan', mac: '02:42:00:00:00:77' }), {
    code: 'ADDRESS_IN_USE',
    message: /02:42:00:00:00:77.*asked/,
  })
  await t.throwsAsync(world.create(slipway, 'late', { network: 'lan', ip: '10.5.0.77' }), { code: 'ADDRESS_IN_USE' })
  const { Options, IPAM, Driver } = await (await slipway.networks.get('lan')).inspect()
  t.is(Driver, 'macvlan')
  t.deepEqual(Options, { parent: 'uplink' })
  t.like(IPAM, { Config: [{ Subnet: '192.0.2.0/24', Gateway: NEIGHBOUR[4] }, { Subnet: '10.5.0.0/24' }] })
  t.false('Gateway' in (IPAM.Config?.[1] ?? {}), 'only what is named is a gateway')
})

test.serial('without a gateway and on an internal network there is no default route', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  await onSegment(slipway)
  await onSegment(slipway, { name: 'inner', internal: true, subnets: [{ subnet: '10.6.0.0/24' }], ipv6: false })
  for (const network of ['lan', 'inner']) {
    const app = await world.create(slipway, network, { network })
    t.deepEqual([routesIn(app), routesIn(app, 6)], [[], []], network)
  }
})

for (const [title, parent, option, expected] of [
  ['that of the parent', 1400, undefined, 1400],
  ['narrower where it is asked for', 1500, '1300', 1300],
] as const) {
  test.serial(`MTU: ${title}`, async (t) => {
    const world = new DualStackWorld(t, true)
    ip('-n', world.host.name, 'link', 'set', 'uplink', 'mtu', String(parent))
    const slipway = await world.open()
    await onSegment(slipway, option === undefined ? {} : { options: { 'com.docker.network.driver.mtu': option } })
    const one = await world.create(slipway, 'one', { network: 'lan' })
    t.is(linksIn(one)[0]?.mtu, expected)
    // As the kernel has it.
    ip('-n', world.host.name, 'link', 'set', 'uplink', 'mtu', '1280')
    t.is(linksIn(one)[0]?.mtu, 1280, 'it follows the parent')
  })
}

test.serial("the prefix of interfaces is the network's", async (t) => {
  const { one } = await twoOn(t, { options: { 'com.docker.network.container_iface_prefix': 'lan' } })
  t.is(linksIn(one)[0]?.ifname, 'lan0')
})

test.serial('beside a bridge network: default route by priority, ports on the bridge, and back', async (t) => {
  const world = new DualStackWorld(t, true)
  const slipway = await world.open()
  const gateways = [
    { subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25', gateway: NEIGHBOUR[4] },
    { subnet: 'fd00:99::/64', ipRange: 'fd00:99::8:0/112', gateway: NEIGHBOUR[6] },
  ]
  await onSegment(slipway, { subnets: gateways })
  const web = await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }] })
  const app = await world.create(slipway, 'app', { network: 'web', publish: ['8080:80'] })
  const before = routesIn(app)
  t.deepEqual(before, ['10.7.0.1 eth0'])

  await app.connect('lan', { gwPriority: -1 })
  t.deepEqual(routesIn(app), before, 'a lower priority leaves it')
  t.deepEqual(routesIn(app, 6), [`${NEIGHBOUR[6]} eth1`], 'the only way out by IPv6')
  t.deepEqual(await answersTo(app, Object.values(NEIGHBOUR)), BOTH_YES)
  await app.disconnect('lan')
  t.deepEqual([routesIn(app), routesIn(app, 6)], [before, []])

  await app.connect('lan', { gwPriority: 1 })
  t.deepEqual(routesIn(app), [`${NEIGHBOUR[4]} eth1`])
  t.deepEqual(elements(world.host, 'published4'), [], 'ports rest where the way out is the segment')
  await app.disconnect('lan')
  t.deepEqual(routesIn(app), before)
  t.deepEqual(
    elements(world.host, 'published4').map(({ key }) => key),
    ['tcp . 8080'],
  )
  // The kernel takes the link down behind our back.
  t.true(await eventually(() => linksIn(app).length === 1))
  await app.remove()
  await web.remove()
})
