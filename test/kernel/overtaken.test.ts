import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { add, remove, removeOwn } from '#lib/policy/elements.js'
import { addresses, BRIDGE_GROUP, PORT_GROUP } from '#lib/policy/sets.js'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import { HostState } from '#lib/kernel/host-state.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import { NetworkRegistry } from '#lib/networks/registry.js'
import { Marks } from '#lib/store/pool-marks.js'
import type { Plan } from '#lib/plan/operation.js'
import { tryPlan } from '#lib/claims/remove-if-there.js'
import { runChild } from '../env/run-child.js'
import { lockFile } from '../helpers/locked-file.js'
import { elements, readFiles } from '../helpers/snapshot.js'
import { eventually, execIn, ipJson, World } from '../helpers/world.js'

/** Who opens a host acts upon what he has seen a moment ago. Here others are faster: nothing of theirs is harmed. */

const { serial } = test

/** Lets something happen once `open()` has read the kernel's claims and links, before it reads the records. Once. */
function betweenClaimsAndRecords(t: ExecutionContext, happens: () => Promise<unknown>): void {
  const { read } = Marks
  const restore = () => void (Marks.read = read)
  t.teardown(restore)
  Marks.read = async (folder) => {
    restore()
    await happens()
    return read.call(Marks, folder)
  }
}

/** The same when it has read the records, too, and acts upon none of it yet. */
function betweenRecordsAndActs(t: ExecutionContext, happens: () => Promise<unknown>): void {
  const { list } = NetworkRegistry.prototype
  const restore = () => void (NetworkRegistry.prototype.list = list)
  t.teardown(restore)
  NetworkRegistry.prototype.list = async function (this: NetworkRegistry) {
    restore()
    await happens()
    return list.call(this)
  }
}

const recordOf = (world: World, name: string): string =>
  join(world.stateDir, String(statSync(world.host.path).ino), 'sandboxes', `${world.name(name)}.json`)

/** As if whoever has made it had died since. */
function orphan(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"started":"?\d+"?/, '"started":"1"'))
}

const owners = (world: World) =>
  elements(world.host, 'addresses4').map(({ key, comment }) => `${key} ${comment?.split(' ')[0]}`)

serial('an address that was given back and claimed anew stays claimed', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const ip = '172.17.0.9'
  const published = { ip, publish: ['8080:80'] }
  const gone = await world.create(slipway, 'gone', published)
  betweenClaimsAndRecords(t, async () => {
    await gone.remove()
    t.true(await eventually(() => elements(world.host, 'addresses4').length === 0))
    await world.create(slipway, 'next', published)
  })
  const second = await world.open()
  t.deepEqual(second.reconciled.collected, [])
  t.deepEqual(owners(world), [`${ip} ${world.name('next')}`])
  t.is(elements(world.host, 'published4').length, 1)
  await t.throwsAsync(world.create(second, 'other', { ip }), { code: 'ADDRESS_IN_USE' })
})

serial('a sandbox that was made in between, by a process that has ended, is whole', async (t) => {
  const world = new World(t)
  await world.create(await world.open(), 'first')
  const create = [{ name: world.name('app'), publish: ['8080:80'] }]
  betweenClaimsAndRecords(t, () =>
    runChild('attempt', { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix, create }),
  )
  const { reconciled, sandboxes } = await world.open()
  t.deepEqual(reconciled, { adopted: [world.name('app'), world.name('first')], healed: [], collected: [] })
  const app = await sandboxes.get(world.name('app'))
  t.is(ipJson(app, 'address', 'show', 'dev', 'eth0').length, 1)
  t.is(elements(world.host, 'published4').length, 1)
})

serial('what another who opens the host has ended, and made anew by the same name, stays', async (t) => {
  const world = new World(t)
  const options = { publish: ['8080:80'] }
  const maker = await world.open()
  await world.create(maker, 'app', options)
  const path = recordOf(world, 'app')
  // Half made, by a process that has died.
  const half = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const slipway = await world.open()
  await (await slipway.sandboxes.get(world.name('app'))).remove()
  t.true(await eventually(() => Object.keys(readFiles(world.stateDir)).every((file) => !file.endsWith('app.json'))))
  writeFileSync(path, `${JSON.stringify(half)}\n`)
  orphan(path)
  // What is open would hear of the damage, and look at networks first.
  await maker.close()
  await slipway.close()
  betweenRecordsAndActs(t, async () => {
    const first = await world.open()
    t.is(first.reconciled.collected[0], `sandbox ${world.name('app')}: half made or half removed, removed`)
    await world.create(first, 'app', options)
  })
  const second = await world.open()
  t.deepEqual(second.reconciled.collected, [])
  const app = await second.sandboxes.get(world.name('app'))
  t.is(ipJson(app, 'address', 'show', 'dev', 'eth0').length, 1)
  t.deepEqual(owners(world), [`${app.endpoints[0]?.addresses[0]?.split('/')[0]} ${app.name}`])
})

/** What a look finds in the middle of a making, and what ends that, as arguments of `ip link set`. */
const unfinished: Readonly<Record<string, (port: string) => readonly [begun: string, ended: string]>> = {
  'a port that is down yet': (port) => [`${port} down`, `${port} up`],
  'a port that is in no group yet': (port) => [`${port} group 0`, `${port} group ${PORT_GROUP}`],
  'a port without its MTU yet': (port) => [`${port} mtu 1400`, `${port} mtu 1500`],
  'a bridge that is down yet': () => ['docker0 down', 'docker0 up'],
  'a bridge that is in no group yet': () => ['docker0 group 0', `docker0 group ${BRIDGE_GROUP}`],
  'a bridge without its MTU yet': () => ['docker0 mtu 1400', 'docker0 mtu 1500'],
}

const setLink = (world: World, what: string) => execIn(world.host, 'ip', 'link', 'set', ...what.split(' '))

for (const [what, sets] of Object.entries(unfinished)) {
  serial(`whoever opens the host while a sandbox is made says nothing of damage: ${what}`, async (t) => {
    const world = new World(t)
    const maker = await world.open()
    await world.create(maker, 'app')
    await maker.close()
    const [port = ''] = ipJson<{ ifname: string }>(world.host, 'link', 'show', 'master', 'docker0').map(
      ({ ifname }) => ifname,
    )
    const [begun, ended] = sets(port)
    setLink(world, begun)
    betweenClaimsAndRecords(t, () => Promise.resolve(setLink(world, ended)))
    const { reconciled } = await world.open()
    t.deepEqual(reconciled, { adopted: [world.name('app')], healed: [], collected: [] })
  })
}

for (const [how, heal] of [
  ['a process that is open', true],
  ['the next open()', false],
] as const) {
  serial(`docker0 that is renamed while its claims are flushed gets its name back from ${how}`, async (t) => {
    const world = new World(t)
    const maker = await world.open({ heal })
    await world.create(maker, 'app', { publish: ['8080:80'] })
    if (!heal) await maker.close()
    const index = ipJson<{ ifindex: number }>(world.host, 'link', 'show', 'docker0')[0]?.ifindex
    for (const what of ['docker0 down', 'docker0 name old1', 'old1 up']) setLink(world, what)
    execIn(world.host, 'nft', 'flush', 'ruleset')
    if (!heal) await world.open()
    const bridges = () => ipJson<{ ifname: string; ifindex: number }>(world.host, 'link', 'show', 'type', 'bridge')
    await eventually(() => bridges()[0]?.ifname === 'docker0' && elements(world.host, 'bridges').length === 1)
    t.deepEqual(
      bridges().map(({ ifname, ifindex }) => [ifname, ifindex]),
      [['docker0', index]],
    )
    t.is(elements(world.host, 'published4').length, 1)
  })
}

serial('a sandbox whose record is again as it was, after something that was seen of it, is not damaged', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['8080:80'] })
  const told: string[] = []
  void (async () => {
    for await (const { action } of slipway.events({ action: ['damaged'] })) told.push(action)
  })()
  const [port] = elements(world.host, 'published4')
  const nft = (...words: string[]) => execIn(world.host, 'nft', ...words)
  const listed = nft('--stateless', 'list', 'map', 'inet', 'slipway', 'published4')
  const element = /elements = (\{[^}]*\})/.exec(listed)?.[1] ?? ''
  const { find } = Host.prototype
  let missed = 0
  t.teardown(() => void (Host.prototype.find = find))
  Host.prototype.find = async function (this: Host, ...asked: Parameters<typeof find>) {
    const found = await find.apply(this, asked)
    // As who connects it and disconnects it again would, between one look and the next.
    if (asked[0] === 'element' && found === undefined && missed++ === 0)
      nft('add', 'element', 'inet', 'slipway', 'published4', element)
    return found
  }
  nft('delete', 'element', 'inet', 'slipway', 'published4', `{ ${port?.key} }`)
  t.true(await eventually(() => missed > 0))
  await slipway.networks.create({ name: 'web' })
  await app.refresh()
  t.is(elements(world.host, 'published4').length, 1)
  t.deepEqual(told, [])
})

serial('a bridge that is finished while it is looked at is no damage', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await world.create(slipway, 'app')
  const told: string[] = []
  const listening = (async () => {
    for await (const { action, attributes } of slipway.events()) told.push(`${action} ${attributes['message'] ?? ''}`)
  })()
  const { addressesOf } = HostState.prototype
  let looks = 0
  t.teardown(() => void (HostState.prototype.addressesOf = addressesOf))
  HostState.prototype.addressesOf = async function (this: HostState, index: number) {
    if (looks++ === 0) setLink(world, 'docker0 up')
    return addressesOf.call(this, index)
  }
  setLink(world, 'docker0 down')
  t.true(await eventually(() => looks > 1))
  t.deepEqual(told, [])
  setLink(world, 'docker0 mtu 1400')
  t.true(await eventually(() => told.some((one) => one.startsWith('damaged'))))
  await slipway.close()
  await listening
  t.is(told.length, 1, told.join('\n'))
})

const element = (comment: string) => ({ key: '172.17.0.9', comment })

serial('an element is deleted by its owner alone, at whichever moment it changes hands', async (t) => {
  const world = new World(t)
  const [one, two] = [new Host(world.host.path), new Host(world.host.path)]
  t.teardown(() => Promise.all([one.close(), two.close()]))
  await one.run(rulesetPlan())
  const set = addresses[4]
  // By two threads: one takes away what is x's all the time, the other gives it from x to y and back.
  let over = false
  const taking = (async () => {
    while (!over) await one.run([removeOwn(set, element('x'))], { background: true })
  })()
  let taken = 0
  await two.run([add(set, element('x'))])
  t.teardown(() => (over = true))
  for (let round = 0; round < 200; round++) {
    const refused = await tryPlan(two, [remove(set, element('x')), add(set, element('y'))], { background: true })
    if (refused) await two.run([add(set, element('y'))], { background: true })
    if (refused) taken++
    await two.run([remove(set, element('y')), add(set, element('x'))], { background: true })
  }
  over = true
  await taking
  t.log(`${taken} of 200 times it was x's`)
  t.true(taken > 0)
})

serial('what many delete at once, among transactions of others, is all deleted', async (t) => {
  const world = new World(t)
  const hosts = [new Host(world.host.path), new Host(world.host.path), new Host(world.host.path)] as const
  await hosts[0].run(rulesetPlan())
  t.teardown(() => Promise.all(hosts.map((host) => host.close())))
  const set = addresses[4]
  const all = Array.from({ length: 200 }, (_, index) => ({ key: `10.0.0.${index}`, comment: 'x' }))
  await hosts[0].run([add(set, ...all)])
  await Promise.all(
    hosts.map(async (host, index) => {
      for (const one of all) {
        await host.run([removeOwn(set, one)], { background: true })
        await host.run([add(set, { key: `10.1.${index}.1`, comment: 'y' })], { background: true })
        await host.run([remove(set, { key: `10.1.${index}.1` })], { background: true })
      }
    }),
  )
  t.deepEqual(elements(world.host, 'addresses4'), [])
})

for (const claimed of [true, false]) {
  serial(
    `what leads to an address comes back with its claim, when a plan is undone: ${claimed ? 'another has claimed it' : 'nobody has'}`,
    async (t) => {
      const world = new World(t)
      const [one, two] = [new Host(world.host.path), new Host(world.host.path)]
      t.teardown(() => Promise.all([one.close(), two.close()]))
      await one.run(rulesetPlan())
      const [set, key] = [addresses[4], '172.17.0.9']
      const route = { destination: `${key}/32`, link: 'uplink' }
      const neighbor = { link: 'uplink', address: key, proxy: true } as const
      await one.run([add(set, element('x')), { op: 'route.add', ...route }, { op: 'neighbor.add', ...neighbor }])
      const lead = () => [
        ipJson(world.host, 'route', 'show', key).length,
        ipJson(world.host, 'neighbor', 'show', 'proxy').length,
      ]
      t.deepEqual(lead(), [1, 1])
      const { waitFor, unlock } = await lockFile(t, world)
      const plan: Plan = [
        { op: 'route.delete', ...route },
        { op: 'neighbor.delete', ...neighbor },
        remove(set, element('x')),
        { ...waitFor, expected: 'another text' },
      ]
      const leaving = t.throwsAsync(one.run(plan), { instanceOf: PlanRefused })
      t.true(await eventually(() => elements(world.host, 'addresses4').length === 0))
      t.deepEqual(lead(), [0, 0])
      if (claimed) await two.run([add(set, element('y'))])
      unlock()
      const { errnoName, refusal } = await leaving
      t.is(errnoName, 'ESTALE')
      t.deepEqual(lead(), claimed ? [0, 0] : [1, 1])
      t.deepEqual(
        elements(world.host, 'addresses4').map(({ comment }) => comment),
        [claimed ? 'y' : 'x'],
      )
      t.deepEqual(
        refusal.notUndone?.map((left) => left.errnoName),
        claimed ? ['EEXIST', 'EEXIST', 'EEXIST'] : [],
      )
    },
  )
}

/**
 * Takes a sandbox's record away, and gives it back right after the removal of the network `web` has looked for users,
 * and has said so in the network's record.
 *
 * @param happens - What else happens then; it is given the path of the network's record.
 */
function whenUsedInBetween(
  t: ExecutionContext,
  path: string,
  happens: (own: string) => Promise<unknown> = () => Promise.resolve(),
): void {
  const text = readFileSync(path)
  rmSync(path)
  const { run } = Host.prototype
  t.teardown(() => void (Host.prototype.run = run))
  Host.prototype.run = async function (this: Host, plan: Plan, options?: RunOptions) {
    await run.call(this, plan, options)
    const own = plan.find((one) => one.op === 'file.replace' && one.path.endsWith('/networks/web.json'))
    if (own?.op !== 'file.replace') return
    Host.prototype.run = run
    writeFileSync(path, text)
    await happens(own.path)
  }
}

for (const [what, ends] of [
  ['is undone then', true],
  ['stays', false],
] as const) {
  serial(
    `a network that is removed while a sandbox is made on it, somebody takes its record away, and another network gets its name: the sandbox ${what}`,
    async (t) => {
      const world = new World(t)
      const slipway = await world.open()
      const other = await world.open()
      const web = await slipway.networks.create({ name: 'web' })
      await world.create(slipway, 'app', { network: 'web' })
      const path = recordOf(world, 'app')
      whenUsedInBetween(t, path, async (own) => {
        // Its name is nobody else's until it has gone.
        await t.throwsAsync(other.networks.create({ name: 'web' }), { code: 'CONFLICT' })
        rmSync(own)
        await other.networks.create({ name: 'web' })
        if (ends) setTimeout(() => rmSync(path), 200)
      })
      if (ends) await web.remove()
      else await t.throwsAsync(web.remove(), { code: 'CONFLICT', message: /in use/ })
      t.is(
        ipJson<{ ifname: string }>(world.host, 'link').some(({ ifname }) => ifname === web.bridge),
        !ends,
      )
      t.not((await slipway.networks.get('web')).id, web.id)
      await world.create(slipway, 'next', { network: 'web' })
    },
  )
}

serial('a network that is removed while a sandbox is made on it stays, and has its record again', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const web = await slipway.networks.create({ name: 'web' })
  await world.create(slipway, 'app', { network: 'web' })
  whenUsedInBetween(t, recordOf(world, 'app'))
  await t.throwsAsync(web.remove(), { code: 'CONFLICT', message: /in use/ })
  t.is((await slipway.networks.get('web')).id, web.id)
  await (await world.create(slipway, 'next', { network: 'web' })).remove()
})
