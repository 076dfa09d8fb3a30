import test from 'ava'
import type { Plan } from '#lib/plan/operation.js'
import { bothWays, neighbours, openHost } from '../helpers/both-ways.js'
import { execIn, HOST_ADDRESS, ip, ipJson, NEIGHBOUR_ADDRESS, setSysctl, World, type Place } from '../helpers/world.js'

/** Operations by themselves: what the kernel has after them, and that the printed command does the same. */

const routes = (place: Place, family: string) =>
  ipJson(place, family, 'route', 'show')
    .map(({ dst, gateway, dev }) => `${dst} ${gateway ?? ''} ${dev}`)
    .sort()

/** A veth into a namespace, both ends up and without addresses of the kernel's making. */
const veth = (netns: string): Plan => [
  {
    op: 'link.create',
    name: 'port',
    kind: 'veth',
    queues: 1,
    peer: { netns, name: 'eth0', address: '02:42:ac:11:00:02' },
  },
  { op: 'link.set', name: 'port', noIpv6Address: true, up: true },
  { op: 'link.set', netns, name: 'lo', up: true },
  { op: 'link.set', netns, name: 'eth0', noIpv6Address: true, up: true },
]

test.serial("IPv6 addresses, routes and neighbours, in a namespace that is a process's own", async (t) => {
  const { inside, executor } = await bothWays(t, ({ path }) => [
    ...veth(path),
    { op: 'address.add', netns: path, link: 'eth0', address: 'fd00:17::2/64' },
    { op: 'address.add', netns: path, link: 'eth0', address: 'fe80::2/64' },
    { op: 'route.add', netns: path, destination: 'default', gateway: 'fd00:17::1' },
    { op: 'route.add', netns: path, destination: 'fd00:18::/64', gateway: 'fe80::1', link: 'eth0' },
    { op: 'route.add', netns: path, destination: 'fd00:19::/64', link: 'eth0' },
    { op: 'route.add', netns: path, destination: 'fd00:20::1', link: 'eth0' },
    { op: 'neighbor.add', netns: path, link: 'eth0', address: 'fd00:17::1', lladdr: '02:00:00:00:00:01' },
  ])
  // Nobody waits for duplicate address detection.
  t.false(ipJson(inside, '-6', 'address', 'show').some((link) => JSON.stringify(link).includes('tentative')))
  t.true(routes(inside, '-6').includes('default fd00:17::1 eth0'))
  t.deepEqual(neighbours(inside), ['fd00:17::1 02:00:00:00:00:01'])

  const netns = inside.path
  await executor.run([
    { op: 'neighbor.delete', netns, link: 'eth0', address: 'fd00:17::1' },
    { op: 'route.delete', netns, destination: 'fd00:20::1', link: 'eth0' },
    { op: 'route.delete', netns, destination: 'fd00:19::/64', link: 'eth0' },
    { op: 'route.delete', netns, destination: 'fd00:18::/64', gateway: 'fe80::1', link: 'eth0' },
    { op: 'route.delete', netns, destination: 'default', gateway: 'fd00:17::1' },
    { op: 'address.delete', netns, link: 'eth0', address: 'fd00:17::2/64' },
    { op: 'address.delete', netns, link: 'eth0', address: 'fe80::2/64' },
  ])
  t.deepEqual(routes(inside, '-6'), [])
  t.deepEqual(neighbours(inside), [])
})

test.serial('default routes on a link, one of each family', async (t) => {
  const { inside, executor } = await bothWays(t, ({ path }) => [
    ...veth(path),
    { op: 'route.add', netns: path, destination: 'default', link: 'eth0' },
    { op: 'route.add', netns: path, destination: 'default', link: 'eth0', family: 6 },
  ])
  t.deepEqual(routes(inside, '-4'), ['default  eth0'])
  t.deepEqual(routes(inside, '-6'), ['default  eth0'])
  const netns = inside.path
  await executor.run([{ op: 'route.delete', netns, destination: 'default', link: 'eth0', family: 6 }])
  t.deepEqual(routes(inside, '-6'), [])
  t.deepEqual(routes(inside, '-4'), ['default  eth0'])
  await executor.run([{ op: 'route.delete', netns, destination: 'default', link: 'eth0' }])
  t.deepEqual(routes(inside, '-4'), [])
})

test.serial('MTU, group, and flags of a bridge port', async (t) => {
  const { host } = await bothWays(t, ({ path }) => [
    ...veth(path),
    {
      op: 'link.create',
      name: 'br0',
      kind: 'bridge',
      address: '02:00:00:00:00:0b',
      multicastSnooping: false,
      linkLocalLearning: false,
    },
    { op: 'link.set', name: 'br0', noIpv6Address: true },
    { op: 'link.create', name: 'slave', kind: 'veth', queues: 1, master: 'br0', peer: { netns: path, name: 'eth1' } },
    {
      op: 'link.set',
      name: 'slave',
      noIpv6Address: true,
      mtu: 1400,
      group: 77,
      hairpin: true,
      isolated: true,
      up: true,
    },
    { op: 'link.set', name: 'slave', hairpin: false },
    { op: 'link.set', name: 'slave', flood: false, groupForwardMask: 0xfffd },
    { op: 'fdb.add', link: 'slave', lladdr: '02:00:00:00:00:0c', exclusive: true },
    { op: 'fdb.add', link: 'slave', lladdr: '02:00:00:00:00:0c' },
  ])
  const [link] = ipJson<{
    mtu: number
    group: string
    linkinfo: { info_slave_data: { hairpin: boolean; isolated: boolean; flood: boolean; group_fwd_mask: string } }
  }>(host, '-d', 'link', 'show', 'dev', 'slave')
  t.is(link?.mtu, 1400)
  t.is(link?.group, '77')
  t.like(link?.linkinfo.info_slave_data, { hairpin: false, isolated: true, flood: false, group_fwd_mask: '0xfffd' })
  const [bridge] = ipJson<{ linkinfo: { info_data: { mcast_snooping: number; no_linklocal_learn: number } } }>(
    host,
    '-d',
    'link',
    'show',
    'dev',
    'br0',
  )
  t.like(bridge?.linkinfo.info_data, { mcast_snooping: 0, no_linklocal_learn: 1 })
  t.regex(execIn(host, 'bridge', 'fdb', 'show', 'dev', 'slave'), /^02:00:00:00:00:0c sticky master br0 static$/m)
})

test.serial('a link without IPv6 takes no address of it, whoever gives one', async (t) => {
  const { inside, executor } = await bothWays(t, ({ path }) => [
    {
      op: 'link.create',
      name: 'port',
      kind: 'veth',
      queues: 1,
      peer: { netns: path, name: 'eth0', address: '02:42:ac:11:00:02' },
    },
    { op: 'link.set', name: 'port', ipv6: false, up: true },
    { op: 'link.set', netns: path, name: 'eth0', ipv6: false, up: true },
  ])
  t.deepEqual(
    ipJson<{ addr_info: unknown[] }>(inside, '-6', 'address').flatMap(({ addr_info }) => addr_info),
    [],
  )
  await t.throwsAsync(executor.run([{ op: 'address.add', netns: inside.path, link: 'eth0', address: 'fd00::2/64' }]), {
    message: /EACCES/,
  })
  await t.throwsAsync(executor.run([{ op: 'link.set', name: 'nowhere', ipv6: false, up: true }]), { message: /ENODEV/ })
})

test.serial('settings of many namespaces, each its own', async (t) => {
  const world = new World(t)
  const host = openHost(t, world.host)
  const places = Array.from({ length: 100 }, (_, index) => ({
    name: world.name(`n${index}`),
    path: `/run/netns/${world.name(`n${index}`)}`,
  }))
  for (const { path } of places) await host.run([{ op: 'netns.create', path }])
  const key = 'net.ipv4.conf.lo.arp_ignore'
  for (const [index, { path }] of places.entries())
    await host.run([{ op: 'sysctl.write', netns: path, key, value: String(index % 3) }])
  for (const [index, place] of places.entries())
    t.is(await host.ask('sysctl', { netns: place.path, name: key }), String(index % 3))
  t.is(execIn(places[50] as Place, 'sysctl', '-n', key), '2\n')
  setSysctl(places[50] as Place, key, '1')
  t.is(await host.ask('sysctl', { netns: places[50]?.path ?? '', name: key }), '1')
  t.is(await host.ask('sysctl', { name: key }), '0')
})

test.serial('what goes through a link is counted, from either end', async (t) => {
  const world = new World(t)
  const host = openHost(t, world.host)
  const ask = async (netns?: string) =>
    (await host.ask('link', { ...(netns ? { netns, name: 'eth0' } : { name: 'uplink' }), statistics: true })).statistics
  const before = await ask()
  execIn(world.host, 'ping', '-q', '-c', '5', '-i', '0.01', '-s', '1000', NEIGHBOUR_ADDRESS)
  const [after, theirs] = [await ask(), await ask(world.neighbour.path)]
  const grown = (key: 'rxBytes' | 'txBytes' | 'rxPackets' | 'txPackets') => (after?.[key] ?? 0) - (before?.[key] ?? 0)
  t.true(grown('rxPackets') >= 5 && grown('txPackets') >= 5)
  t.true(grown('rxBytes') >= 5000 && grown('txBytes') >= 5000)
  t.deepEqual(
    [theirs?.rxBytes, theirs?.txBytes, theirs?.rxPackets, theirs?.txPackets],
    [after?.txBytes, after?.rxBytes, after?.txPackets, after?.rxPackets],
  )
  t.deepEqual([after?.rxErrors, after?.txErrors, after?.rxDropped, after?.txDropped], [0, 0, 0, 0])

  const all = await host.ask('links', { statistics: true })
  t.deepEqual(all.find(({ name }) => name === 'uplink')?.statistics, after)
  t.false((await host.ask('links', {})).some((link) => 'statistics' in link))
  t.is(ip('-n', world.host.name, 'address', 'show', 'dev', 'uplink').includes(HOST_ADDRESS), true)
})
