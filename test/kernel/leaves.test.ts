import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { createLeaf } from '#lib/drivers/bridge/leaf.js'
import { Host } from '#lib/kernel/host.js'
import { Slipway } from '#lib/index.js'
import type { Plan } from '#lib/plan/operation.js'
import type { BridgeNetwork } from '#lib/drivers/bridge/spec.js'
import type { NetworkRecord } from '#lib/store/network-records.js'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOf } from '../helpers/every-kind.js'
import { fillBridge } from '../helpers/fill-bridge.js'
import { HeldBack } from '../helpers/hold-back.js'
import { holds, serveBoth, type Cast } from '../helpers/reach-table.js'
import { difference, kernelState, readFiles } from '../helpers/snapshot.js'
import { eventually, execIn, ip, ipJson, type Place, type World } from '../helpers/world.js'

/**
 * Networks of several bridges: that they are made when they are wanted, shared, healed and taken away. (Who reaches
 * whom on them is in matrix.test.ts and reach.test.ts, each with one bridge for each sandbox, too.)
 */

const WEB = {
  name: 'web',
  subnets: [{ subnet: '10.3.0.0/24' }, { subnet: 'fd00:3::/64' }],
  options: { 'com.docker.network.bridge.name': 'web0' },
}

/** Bridges of a host and how many ports each has. */
function bridges(host: Place): Record<string, number> {
  const links = ipJson<{ ifname: string; master?: string; linkinfo?: { info_kind?: string } }>(host, '-d', 'link')
  const names = links.filter(({ linkinfo }) => linkinfo?.info_kind === 'bridge').map(({ ifname }) => ifname)
  return Object.fromEntries(names.sort().map((name) => [name, links.filter(({ master }) => master === name).length]))
}

/** Addresses that the host has a route to each of, and by which bridge. */
const leads = (host: Place): string[] =>
  [...ipJson<{ dst: string; dev: string }>(host, 'route'), ...ipJson<{ dst: string; dev: string }>(host, '-6', 'route')]
    .filter(({ dst, dev }) => !dst.includes('/') && dev !== 'uplink' && dst !== 'default')
    .map(({ dst, dev }) => `${dst} ${dev}`)
    .sort()

const setUp = async (t: ExecutionContext, names: readonly string[], portsPerBridge = 1) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open({ portsPerBridge })
  await slipway.networks.create(WEB)
  const cast: Cast = { host: { place: world.host, at: { 4: '10.3.0.1', 6: 'fd00:3::1' } } }
  for (const name of names) {
    const sandbox = await world.create(slipway, name, { network: 'web' })
    cast[name] = { place: sandbox, at: addressesOf(sandbox) }
    serveBoth(t, sandbox, 80)
  }
  return { world, slipway, cast }
}

/** Everybody reaches everybody. */
const THREE = `
  from  a:80  b:80  c:80
  host  host  host  host
  a     a     a     a
  b     b     b     b
  c     c     c     c
`

const AT = { ip: '10.3.0.9', ip6: 'fd00:3::9' }

const recordOf = (world: World, name: string): string =>
  join(world.stateDir, String(statSync(world.host.path).ino), 'sandboxes', `${world.name(name)}.json`)

/** Whoever has made it is gone. */
const orphan = (path: string): void =>
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"started":"?\d+"?/, '"started":"1"'))

const find = (slipway: Slipway, name: string) => slipway.sandboxes.get(name)

test.serial('a network gets a further bridge when one has so many ports, and uses what is free again', async (t) => {
  const { world, slipway } = await setUp(t, ['a', 'b', 'c'], 2)
  t.deepEqual(bridges(world.host), { web0: 2, 'web0-1': 1 })
  await (await find(slipway, world.name('a'))).remove()
  await world.create(slipway, 'd', { network: 'web' })
  await world.create(slipway, 'e', { network: 'web' })
  t.deepEqual(Object.keys(bridges(world.host)), ['web0', 'web0-1'])
  t.deepEqual(
    (await slipway.networks.list()).map(({ name }) => name),
    ['bridge', 'host', 'none', 'web'],
  )
})

test.serial('what leads to a sandbox comes and goes with it', async (t) => {
  const { world, slipway } = await setUp(t, ['a', 'b'])
  t.deepEqual(
    leads(world.host).filter((line) => line.endsWith('web0-1')),
    ['10.3.0.3 web0-1', 'fd00:3::1 web0-1', 'fd00:3::3 web0-1'],
  )
  t.regex(execIn(world.host, 'ip', 'neighbor', 'show', 'proxy'), /10\.3\.0\.3 dev web0/)
  await (await find(slipway, world.name('b'))).disconnect('web')
  // The bridge's own address stays.
  t.deepEqual(
    leads(world.host).filter((line) => line.endsWith('web0-1')),
    ['fd00:3::1 web0-1'],
  )
  t.is(
    execIn(world.host, 'ip', 'neighbor', 'show', 'proxy') + execIn(world.host, 'ip', '-6', 'neighbor', 'show', 'proxy'),
    '',
  )
})

test.serial('a plan is shown with the bridge that it would take, and nothing is made', async (t) => {
  const { world, slipway } = await setUp(t, ['a'])
  const before = bridges(world.host)
  const text = await slipway.sandboxes.explain({ name: world.name('b'), network: 'web' })
  t.regex(text, /ip link add name web0-1 .*type bridge/)
  t.regex(text, /ip route add 10\.3\.0\.\d+\/32 dev web0-1/)
  t.deepEqual(bridges(world.host), before)
})

test.serial('a network goes with all its bridges', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open({ portsPerBridge: 1 })
  await slipway.networks.create(WEB)
  await (await slipway.networks.get('web')).remove()
  const before = kernelState(world.host)
  await slipway.networks.create(WEB)
  for (const name of ['a', 'b', 'c']) await world.create(slipway, name, { network: 'web' })
  const web = await slipway.networks.get('web')
  await t.throwsAsync(web.remove(), { message: /in use by/ })
  for (const name of ['a', 'b', 'c']) await (await find(slipway, world.name(name))).remove()
  await slipway.close({ wait: true })
  const again = await world.open({ portsPerBridge: 1 })
  await (await again.networks.get('web')).remove()
  t.deepEqual(difference(before, kernelState(world.host)), [])
})

for (const [what, damage] of [
  ['a leaf was deleted', (host: Place) => ip('-n', host.name, 'link', 'delete', 'web0-1')],
  ['the own bridge was deleted', (host: Place) => ip('-n', host.name, 'link', 'delete', 'web0')],
  [
    'all bridges were deleted',
    (host: Place) => ['web0', 'web0-1', 'web0-2'].forEach((name) => ip('-n', host.name, 'link', 'delete', name)),
  ],
  ['the ruleset was flushed', (host: Place) => execIn(host, 'nft', 'flush', 'ruleset')],
  ['routes of leaves were deleted', (host: Place) => ip('-n', host.name, 'route', 'flush', 'dev', 'web0-2')],
] as const) {
  test.serial(`${what}: the next open() gives all of it back`, async (t) => {
    const { world, slipway, cast } = await setUp(t, ['a', 'b', 'c'])
    await holds(t, cast, THREE)
    const before = [bridges(world.host), leads(world.host)]
    damage(world.host)
    t.notDeepEqual(
      [bridges(world.host), leads(world.host), execIn(world.host, 'nft', 'list', 'ruleset') === ''],
      [...before, false],
    )
    const again = await world.open({ portsPerBridge: 1 })
    t.deepEqual([bridges(world.host), leads(world.host)], before)
    await holds(t, cast, THREE)
    t.deepEqual(again.reconciled.collected, [])
    await world.create(slipway, 'd', { network: 'web' })
    t.deepEqual(Object.keys(bridges(world.host)), ['web0', 'web0-1', 'web0-2', 'web0-3'])
  })
}

test.serial('a leaf that was deleted is made anew for whoever comes next', async (t) => {
  const { world, slipway } = await setUp(t, ['a', 'b'])
  await (await find(slipway, world.name('b'))).remove()
  ip('-n', world.host.name, 'link', 'delete', 'web0-1')
  await world.create(slipway, 'c', { network: 'web' })
  t.is(bridges(world.host)['web0-1'], 1)
})

test.serial('a leaf that somebody has taken down is raised for whoever comes next', async (t) => {
  const { world, slipway } = await setUp(t, ['a', 'b', 'c'], 2)
  ip('-n', world.host.name, 'link', 'set', 'web0-1', 'down')
  await world.create(slipway, 'd', { network: 'web' })
  t.deepEqual(bridges(world.host), { web0: 2, 'web0-1': 2 })
  // The route to the one that was there has gone with the leaf, and is given back, too.
  t.is(leads(world.host).filter((line) => line.startsWith('10.3') && line.endsWith('web0-1')).length, 2)
})

test.serial('what a process that died has left of a further bridge is finished', async (t) => {
  const { world, slipway } = await setUp(t, ['a'])
  const record = JSON.parse(
    Object.values(readFiles(world.stateDir)).find((text) => text.includes('"spec"')) ?? '{}',
  ) as NetworkRecord
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  // Its link alone, with alias, with one address, up, and with some of its settings; all but a moment is spent waiting
  // for its maker.
  for (const [index, steps] of [1, 2, 3, 6, 8].entries()) {
    await host.run(createLeaf(record.spec as BridgeNetwork, index + 1).slice(0, steps))
    await world.create(slipway, `b${index}`, { network: 'web' })
  }
  t.deepEqual(Object.values(bridges(world.host)), [1, 1, 1, 1, 1, 1])
  t.is(leads(world.host).filter((line) => line.startsWith('10.3')).length, 5)
  const again = await world.open({ portsPerBridge: 1 })
  t.deepEqual([again.reconciled.healed, again.reconciled.collected], [[], []])
})

test.serial('what leads to a sandbox goes with what is left of it', async (t) => {
  const { world, slipway } = await setUp(t, ['a'])
  for (const name of ['b', 'c']) await world.create(slipway, name, { network: 'web' })
  const before = leads(world.host)
  ip('netns', 'delete', world.name('b'))
  orphan(recordOf(world, 'b'))
  const again = await world.open({ portsPerBridge: 1 })
  t.is(again.reconciled.collected[0], `sandbox ${world.name('b')}: half made or half removed, removed`)
  t.deepEqual(
    leads(world.host),
    before.filter((line) => !/^(10\.3\.0\.3|fd00:3::3) /.test(line)),
  )
  t.notRegex(execIn(world.host, 'ip', 'neighbor', 'show', 'proxy'), /10\.3\.0\.3/)
})

test.serial('a bridge that others have filled is passed by', async (t) => {
  const { world, slipway } = await setUp(t, ['a'], 1023)
  fillBridge(world, 'web0', 1)
  await world.create(slipway, 'b', { network: 'web' })
  await (await find(slipway, world.name('a'))).disconnect('web')
  await (await find(slipway, world.name('a'))).connect('web')
  t.deepEqual(bridges(world.host), { web0: 1023, 'web0-1': 1 })
})

test.serial('two processes that need a further bridge at once make one, and use it both', async (t) => {
  const { world, slipway } = await setUp(t, ['a'])
  const other = await world.open({ portsPerBridge: 1 })
  // From now on it knows how full the first is, and hears nothing of what comes.
  await (await world.create(other, 'b', { network: 'web' })).remove()
  ip('-n', world.host.name, 'link', 'delete', 'web0-1')
  const made = await Promise.all(
    [slipway, other].map((one, index) => world.create(one, `b${index}`, { network: 'web' })),
  )
  t.deepEqual(bridges(world.host), { web0: 1, 'web0-1': 2 })
  t.is(leads(world.host).filter((line) => line.startsWith('10.3') && line.endsWith('web0-1')).length, made.length)
  const third = await world.open({ portsPerBridge: 1 })
  await world.create(third, 'c', { network: 'web' })
  t.deepEqual(bridges(world.host), { web0: 1, 'web0-1': 2, 'web0-2': 1 })
})

test.serial(
  'a route that was left to an address is taken away by whoever has that next, but for one of somebody else',
  async (t) => {
    const { world, slipway } = await setUp(t, ['a'])
    const b = await world.create(slipway, 'b', { network: 'web' })
    const route = (address: string, link: string) => ip('-n', world.host.name, 'route', 'add', address, 'dev', link)
    for (const address of ['10.3.0.20', '10.3.0.21', 'fd00:3::22']) route(address, 'web0-1')
    const at = { ip: '10.3.0.20', ip6: 'fd00:3::20' }
    const c = await world.create(slipway, 'c', { network: 'web', ...at })
    await world.create(slipway, 'd', { network: 'web', ip: '10.3.0.22', ip6: 'fd00:3::22' })
    t.is(c.endpoints[0]?.addresses[0], '10.3.0.20/24')
    await b.disconnect('web')
    await b.connect('web', { ip: '10.3.0.21' })
    const led = leads(world.host)
    for (const address of ['10.3.0.20', '10.3.0.21', '10.3.0.22', 'fd00:3::20', 'fd00:3::22'])
      t.is(led.filter((line) => line.startsWith(`${address} web0-`)).length, 1, address)
    route('10.3.0.30', 'uplink')
    const refused = await t.throwsAsync(world.create(slipway, 'e', { network: 'web', ip: '10.3.0.30' }), {
      code: 'CONFLICT',
    })
    t.regex(refused?.message ?? '', /route to 10\.3\.0\.30\/32 already.*ip route show 10\.3\.0\.30\/32/)
    t.is(ipJson(world.host, 'route', 'show', '10.3.0.30', 'dev', 'uplink').length, 1)
  },
)

/**
 * A sandbox on a leaf whose removal has come as far as its record, which cannot be deleted; and another that has its
 * addresses since, by an administrator's hand.
 */
async function overtake(t: ExecutionContext) {
  const { world } = await setUp(t, ['a', 'x'], 2)
  const slipway = await Slipway.open({ netns: world.host.path, stateDir: world.stateDir, portsPerBridge: 2 })
  const b = await world.create(slipway, 'b', { network: 'web', ...AT })
  const other = await world.open({ portsPerBridge: 2 })
  const back = new HeldBack(t)
  back.letGo()
  const index = (plan: Plan) => plan.findIndex(({ op }) => op === 'file.delete')
  back.refuse((plan) => (index(plan) < 0 ? undefined : index(plan)))
  // What is undone of the first attempt, all at once, is removed one by one then, as far as that goes.
  const asFarAsItGoes = new Promise((resolve) => {
    subscribe('slipway:departure', resolve)
    t.teardown(() => unsubscribe('slipway:departure', resolve))
  })
  await b.remove()
  await asFarAsItGoes
  t.false(leads(world.host).includes('10.3.0.9 web0-1'))
  execIn(
    world.host,
    'nft',
    `delete element inet slipway addresses4 { ${AT.ip} }; delete element inet slipway addresses6 { ${AT.ip6} }`,
  )
  await world.create(other, 'c', { network: 'web', ...AT })
  const led = leads(world.host)
  t.deepEqual(
    led.filter((line) => line.endsWith('web0-1')),
    ['10.3.0.9 web0-1', 'fd00:3::1 web0-1', 'fd00:3::9 web0-1'],
  )
  const record = recordOf(world, 'b')
  const isLed = () =>
    leads(world.host).join() === led.join() &&
    /10\.3\.0\.9 dev web0/.test(execIn(world.host, 'ip', 'neighbor', 'show', 'proxy'))
  return { world, slipway, back, record, isLed }
}

test.serial('who has the addresses next is led to, though what is left of the one before is tried again', async (t) => {
  const { slipway, back, record, isLed } = await overtake(t)
  t.true(isLed())
  back.refuse(undefined)
  t.true(await eventually(() => !existsSync(record)))
  t.true(isLed())
  await slipway.close()
})

test.serial('and though that is left to the next open()', async (t) => {
  const { world, slipway, back, record, isLed } = await overtake(t)
  await t.throwsAsync(slipway.close({ wait: true }), { code: 'KERNEL' })
  t.true(existsSync(record))
  back.refuse(undefined)
  const { reconciled } = await world.open({ portsPerBridge: 1 })
  t.is(reconciled.collected[0], `sandbox ${world.name('b')}: half made or half removed, removed`)
  t.false(existsSync(record))
  // Nor was it given back.
  t.deepEqual(reconciled.healed, [])
  t.true(isLed())
})

test.serial('and though the one before is still there, and has lost its claim', async (t) => {
  const { world, slipway } = await setUp(t, ['a', 'x'], 2)
  const b = await world.create(slipway, 'b')
  await b.connect('web', AT)
  execIn(
    world.host,
    'nft',
    'delete element inet slipway addresses4 { 10.3.0.9 }; delete element inet slipway addresses6 { fd00:3::9 }',
  )
  const c = await world.create(slipway, 'c')
  // With its record in its place, it would be given its claim back.
  renameSync(recordOf(world, 'b'), `${world.stateDir}/away`)
  await c.connect('web', AT)
  renameSync(`${world.stateDir}/away`, recordOf(world, 'b'))
  orphan(recordOf(world, 'b'))
  const led = leads(world.host)
  t.true(led.includes('10.3.0.9 web0-1'))
  const { reconciled } = await world.open({ portsPerBridge: 1 })
  t.deepEqual(reconciled.collected, [])
  t.is(reconciled.lost?.length, 1)
  t.regex(
    reconciled.lost?.[0] ?? '',
    new RegExp(
      `^sandbox ${b.name}: CONFLICT: its address \\S+ was claimed by the sandbox ${c.name} .* taken off the network web$`,
    ),
  )
  t.deepEqual(reconciled.healed, [])
  t.deepEqual(leads(world.host), led)
})

test.serial('sandboxes made ahead of need are on all of its bridges, and led to once they are taken', async (t) => {
  const world = new DualStackWorld(t, false)
  const slipway = await world.open({ portsPerBridge: 1, pool: { size: 3, networks: ['web'] } })
  await slipway.networks.create(WEB)
  await slipway.pool.ready()
  t.deepEqual(bridges(world.host), { web0: 1, 'web0-1': 1, 'web0-2': 1 })
  const led = () => leads(world.host).filter((line) => / web0-/.test(line) && !line.startsWith('fd00:3::1 '))
  t.deepEqual(led(), [])
  const cast: Cast = { host: { place: world.host, at: { 4: '10.3.0.1', 6: 'fd00:3::1' } } }
  for (const name of ['a', 'b', 'c']) {
    const sandbox = await world.create(slipway, name, { network: 'web' })
    cast[name] = { place: sandbox, at: addressesOf(sandbox) }
    serveBoth(t, sandbox, 80)
  }
  t.is(slipway.pool.networks[0]?.claimed, 3)
  await holds(t, cast, THREE)
  t.is(led().length, 4)
  await slipway.close()
  const again = await world.open()
  for (const name of ['a', 'b', 'c']) await (await find(again, world.name(name))).remove()
  await again.close({ wait: true })
  t.deepEqual(led(), [])
})
