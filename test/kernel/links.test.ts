import test from 'ava'
import type { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import type { LinkCreate, Operation, Plan } from '#lib/plan/operation.js'
import { bothWays, openHost, processNamespace } from '../helpers/both-ways.js'
import { lockFile } from '../helpers/locked-file.js'
import { execIn, ip, ipJson, World, type Place } from '../helpers/world.js'

/** Links that are a part of another: born in a namespace, or the host's own. macvlan is on every kernel of ours. */

const refused = { instanceOf: PlanRefused }
const impossible: Operation = { op: 'link.delete', name: 'no-such-link' }

interface Seen {
  ifname: string
  ifindex: number
  mtu: number
  address: string
  linkinfo?: { info_kind: string; info_data?: { mode?: string } }
}
const linksOf = (place: Place) => ipJson<Seen>(place, '-d', 'link').filter(({ ifname }) => ifname !== 'lo')
const namesOf = (place: Place) => linksOf(place).map(({ ifname }) => ifname)

const macvlan = (netns: string, more: Partial<LinkCreate> = {}): LinkCreate => ({
  op: 'link.create',
  netns,
  name: 'eth0',
  kind: 'macvlan',
  link: 'uplink',
  ...more,
})

async function refusalOf(t: Parameters<typeof openHost>[0], host: Host, plan: Plan): Promise<string> {
  return (await t.throwsAsync<PlanRefused>(host.run(plan), refused)).errnoName
}

for (const mode of ['bridge', 'private', 'vepa', 'passthru'] as const) {
  test.serial(`a macvlan in mode ${mode} is born in a sandbox's namespace, under its own name`, async (t) => {
    const { host, inside, executor } = await bothWays(t, ({ path }) => [
      { op: 'link.set', netns: path, name: 'lo', up: true },
      // A passthru macvlan has its parent's address.
      macvlan(path, mode === 'passthru' ? { mode } : { mode, address: '02:42:c0:00:02:0a', mtu: 1400 }),
      { op: 'link.set', netns: path, name: 'eth0', noIpv6Address: true, up: true },
      { op: 'address.add', netns: path, link: 'eth0', address: '192.0.2.10/24' },
      { op: 'route.add', netns: path, destination: 'default', gateway: '192.0.2.9' },
    ])
    const [link] = linksOf(inside)
    t.is(link?.linkinfo?.info_kind, 'macvlan')
    t.is(link?.linkinfo?.info_data?.mode, mode)
    t.is(link?.mtu, mode === 'passthru' ? 1500 : 1400)
    const [parent] = linksOf(host)
    t.is(parent?.ifname, 'uplink')
    // The sandbox's link says which of the host's it is part of, and that this one is elsewhere.
    const found = await executor.ask('link', { netns: inside.path, name: 'eth0' })
    t.like(found, { kind: 'macvlan', link: parent?.ifindex ?? 0, linkElsewhere: true })
    // What its neighbour on the parent's segment says to it arrives.
    execIn(inside, 'ping', '-q', '-c', '1', '-W', '2', '192.0.2.9')
  })
}

test.serial("the host's own macvlan, beside a sandbox's on the same parent", async (t) => {
  const { host, inside, executor } = await bothWays(t, ({ path }) => [
    macvlan(path, { mode: 'bridge' }),
    { op: 'link.set', netns: path, name: 'eth0', up: true, noIpv6Address: true },
    { op: 'address.add', netns: path, link: 'eth0', address: '10.9.0.2/24' },
    { op: 'link.create', name: 'shim', kind: 'macvlan', link: 'uplink', mode: 'bridge', group: 7 },
    { op: 'link.set', name: 'shim', up: true, noIpv6Address: true },
    { op: 'address.add', link: 'shim', address: '10.9.0.1/24' },
  ])
  const { index } = await executor.ask('link', { name: 'uplink' })
  t.like(await executor.ask('link', { name: 'shim' }), { kind: 'macvlan', link: index, linkElsewhere: false, group: 7 })
  execIn(inside, 'ping', '-q', '-c', '1', '-W', '2', '10.9.0.1')
  t.deepEqual(namesOf(host).sort(), ['shim', 'uplink'])
})

test.serial('a macvlan is born in a spare namespace, before that has a path', async (t) => {
  const world = new World(t)
  const host = openHost(t, world.host)
  const app = { name: world.name('app'), path: `/run/netns/${world.name('app')}` }
  await host.run([
    { op: 'netns.create', path: 'spare0' },
    macvlan('spare0', { mode: 'bridge' }),
    { op: 'link.set', netns: 'spare0', name: 'eth0', up: true },
  ])
  await host.run([
    { op: 'netns.bind', path: app.path, from: 'spare0' },
    { op: 'netns.delete', path: 'spare0' },
  ])
  t.deepEqual(namesOf(app), ['eth0'])
})

/** What the kernel says to a plan, after some commands in the host and inside. */
const refusals: Record<string, { host?: string[]; inside?: string[]; link: Partial<LinkCreate>; errno: string }> = {
  'no parent': { link: { link: 'nowhere' }, errno: 'ENODEV' },
  "a parent that is the sandbox's own": {
    inside: ['link add theirs type bridge'],
    link: { link: 'theirs' },
    errno: 'ENODEV',
  },
  'a name that the sandbox has': { inside: ['link add eth0 type bridge'], link: {}, errno: 'EEXIST' },
  'a parent that is the port of a bridge': {
    host: ['link add br0 type bridge', 'link set uplink master br0'],
    link: {},
    errno: 'EBUSY',
  },
  'a parent whose passthru macvlan has it to itself': {
    host: ['link add theirs link uplink type macvlan mode passthru'],
    link: { mode: 'bridge' },
    errno: 'EINVAL',
  },
  'a second link on its parent, passthru': {
    host: ['link add theirs link uplink type macvlan mode bridge'],
    link: { mode: 'passthru' },
    errno: 'EINVAL',
  },
  'the loopback link for a parent': { link: { link: 'lo' }, errno: 'EINVAL' },
  'a kind that the kernel does not have': { link: { kind: 'nonesuch' as 'ipvlan' }, errno: 'EOPNOTSUPP' },
}

for (const [what, { host: before = [], inside: beforeInside = [], link, errno }] of Object.entries(refusals)) {
  test.serial(`${what} is refused with ${errno}, and changes nothing`, async (t) => {
    const world = new World(t)
    const executor = openHost(t, world.host)
    const inside = await processNamespace(t)
    for (const command of before) execIn(world.host, 'ip', ...command.split(' '))
    for (const command of beforeInside) execIn(inside, 'ip', ...command.split(' '))
    const look = () => [linksOf(world.host), linksOf(inside)]
    const was = look()
    t.is(await refusalOf(t, executor, [macvlan(inside.path, link), impossible]), errno)
    t.deepEqual(look(), was)
  })
}

test.serial('undo deletes the link where it was born, by its number, whatever its name is by then', async (t) => {
  const world = new World(t)
  const host = openHost(t, world.host)
  const inside = await processNamespace(t)
  const { waitFor, unlock } = await lockFile(t, world)
  const running = host.run([macvlan(inside.path), waitFor, impossible])
  while (namesOf(inside).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  execIn(inside, 'ip', 'link', 'set', 'eth0', 'name', 'hidden')
  execIn(inside, 'ip', 'link', 'add', 'eth0', 'type', 'bridge')
  unlock()
  const { refusal } = await t.throwsAsync<PlanRefused>(running, refused)
  t.deepEqual(refusal.notUndone, [])
  t.deepEqual(
    linksOf(inside).map(({ ifname, linkinfo }) => [ifname, linkinfo?.info_kind]),
    [['eth0', 'bridge']],
  )
})

test.serial('a link is deleted by its number, whatever its name is by then', async (t) => {
  const world = new World(t)
  const host = openHost(t, world.host)
  const inside = await processNamespace(t)
  const netns = inside.path
  await host.run([macvlan(netns)])
  const { index } = await host.ask('link', { netns, name: 'eth0' })
  execIn(inside, 'ip', 'link', 'set', 'eth0', 'name', 'hidden')
  execIn(inside, 'ip', 'link', 'add', 'eth0', 'type', 'bridge')
  await host.run([{ op: 'link.delete', netns, name: 'eth0', index }])
  t.deepEqual(namesOf(inside), ['eth0'])
  t.is(await refusalOf(t, host, [{ op: 'link.delete', netns, name: 'eth0', index }]), 'ENODEV')
})

test.serial('a parent that is deleted takes its macvlans along', async (t) => {
  const world = new World(t)
  const host = openHost(t, world.host)
  const inside = await processNamespace(t)
  await host.run([macvlan(inside.path)])
  ip('-n', world.host.name, 'link', 'delete', 'uplink')
  t.deepEqual(namesOf(inside), [])
})
