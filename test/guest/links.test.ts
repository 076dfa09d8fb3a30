import test from 'ava'
import { bothWays } from '../helpers/both-ways.js'
import { ipJson, type Place } from '../helpers/world.js'

/** The links that the development kernel lacks: ipvlan, VLANs, dummies. What it has is in test/kernel/links.test.ts. */

interface Seen {
  ifname: string
  linkinfo?: { info_kind: string; info_data?: { mode?: string; flags?: string[]; id?: number } }
}
const linkOf = (place: Place, name: string) =>
  ipJson<Seen>(place, '-d', 'link').find(({ ifname }) => ifname === name)?.linkinfo

const IPVLANS = [
  { mode: 'l2', flag: 'bridge' },
  { mode: 'l3', flag: 'private' },
  { mode: 'l3s', flag: 'vepa' },
] as const

for (const { mode, flag } of IPVLANS) {
  test.serial(`an ipvlan of mode ${mode} and flag ${flag} is born in a sandbox's namespace`, async (t) => {
    const { inside, executor } = await bothWays(t, ({ path }) => [
      { op: 'link.create', netns: path, name: 'eth0', kind: 'ipvlan', link: 'uplink', mode, flag },
      { op: 'link.set', netns: path, name: 'eth0', noIpv6Address: true, up: true },
      { op: 'address.add', netns: path, link: 'eth0', address: '192.0.2.10/24' },
    ])
    t.is(linkOf(inside, 'eth0')?.info_kind, 'ipvlan')
    t.is(linkOf(inside, 'eth0')?.info_data?.mode, mode)
    const { index } = await executor.ask('link', { name: 'uplink' })
    t.like(await executor.ask('link', { netns: inside.path, name: 'eth0' }), {
      kind: 'ipvlan',
      link: index,
      linkElsewhere: true,
    })
  })
}

test.serial('a VLAN of the host, and a macvlan on it in a sandbox', async (t) => {
  const { host, inside } = await bothWays(t, ({ path }) => [
    { op: 'link.create', name: 'uplink.50', kind: 'vlan', link: 'uplink', id: 50, looseBinding: true },
    { op: 'link.set', name: 'uplink.50', noIpv6Address: true, up: true },
    { op: 'link.create', netns: path, name: 'eth0', kind: 'macvlan', link: 'uplink.50', mode: 'bridge' },
    { op: 'link.set', netns: path, name: 'eth0', noIpv6Address: true, up: true },
  ])
  t.is(linkOf(host, 'uplink.50')?.info_data?.id, 50)
  t.true(linkOf(host, 'uplink.50')?.info_data?.flags?.includes('LOOSE_BINDING'))
  t.is(linkOf(inside, 'eth0')?.info_kind, 'macvlan')
})

test.serial('a dummy link of the host, and an ipvlan on it in a sandbox', async (t) => {
  const { host, inside } = await bothWays(t, ({ path }) => [
    { op: 'link.create', name: 'di-0', kind: 'dummy', mtu: 1400 },
    { op: 'link.set', name: 'di-0', noIpv6Address: true, up: true },
    { op: 'link.create', netns: path, name: 'eth0', kind: 'ipvlan', link: 'di-0', mode: 'l2' },
    { op: 'link.set', netns: path, name: 'eth0', noIpv6Address: true, up: true },
  ])
  t.is(linkOf(host, 'di-0')?.info_kind, 'dummy')
  t.is(linkOf(inside, 'eth0')?.info_kind, 'ipvlan')
})

test.serial('a parent carries macvlans or ipvlans, not both', async (t) => {
  const { executor, inside } = await bothWays(t, ({ path }) => [
    { op: 'link.create', netns: path, name: 'eth0', kind: 'macvlan', link: 'uplink' },
  ])
  await t.throwsAsync(
    executor.run([{ op: 'link.create', netns: inside.path, name: 'eth1', kind: 'ipvlan', link: 'uplink' }]),
    { message: /EBUSY/ },
  )
})
