import test from 'ava'
import type { CreateOptions } from '#lib/index.js'
import { inOtherProcess, type Call } from '../helpers/other-process.js'
import { elements, isAsBefore, settled } from '../helpers/snapshot.js'
import { execIn, ip, World, type Place } from '../helpers/world.js'

/**
 * The process that made the sandboxes has ended. Whatever happened inside them since, the next process that opens the
 * host keeps them.
 */

/** By a shell inside. `elsewhere` is a namespace of theirs. */
const DEEDS: Readonly<Record<string, string>> = {
  nothing: 'true',
  'lo down': 'ip link set lo down',
  'eth0 and lo down': 'ip link set eth0 down; ip link set lo down',
  'everything flushed and down':
    'ip address flush dev eth0; ip link set eth0 down; ip address flush dev lo; ip link set lo down',
  'eth0 renamed, lo down': 'ip link set eth0 down; ip link set eth0 name x0; ip link set lo down',
  'eth0 moved, lo down': 'ip link set eth0 netns elsewhere; ip link set lo down',
  'eth0 deleted, lo down': 'ip link delete eth0; ip link set lo down',
  'eth0 exchanged, lo down': 'ip link delete eth0; ip link add eth0 type bridge; ip link set lo down',
}
/** These end the link: it is made again. */
const ENDS_THE_LINK = /deleted|exchanged/

const NETWORKS: Readonly<Record<string, CreateOptions>> = {
  'the default network': {},
  'both IP versions': { network: 'dual' },
  'network none': { network: 'none' },
}

for (const [where, options] of Object.entries(NETWORKS)) {
  test.serial(`deeds of tenants on ${where}`, async (t) => {
    const world = new World(t)
    const { host } = world
    const openOptions = { netns: host.path, stateDir: world.stateDir }
    const first = await world.open()
    await first.networks.create({ name: 'dual', ipv6: true })
    await (await world.create(first, 'first', options)).remove()
    await first.close({ wait: true })
    const before = await settled(world)
    const places = Object.keys(DEEDS).map((_, index): Place => ({
      name: world.name(`app${index}`),
      path: `/run/netns/${world.name(`app${index}`)}`,
    }))
    await inOtherProcess(openOptions, ...places.map(({ name }): Call => ['create', name, options]))
    const claims = (set: string) => elements(host, set).map(({ key, comment }) => `${key} ${comment}`)
    const [claims4, claims6] = [claims('addresses4'), claims('addresses6')]
    ip('netns', 'add', world.name('elsewhere'))
    const deeds = Object.entries(DEEDS).filter(([what]) => options.network !== 'none' || !what.includes('eth0'))
    for (const [index, [, script]] of deeds.entries()) {
      const place = places[index]
      if (place) execIn(place, 'sh', '-c', script.replace('elsewhere', world.name('elsewhere')))
    }

    const slipway = await world.open()
    t.deepEqual((await slipway.sandboxes.list()).map(({ name }) => name).sort(), places.map(({ name }) => name).sort())
    t.deepEqual(slipway.reconciled.collected, [])
    for (const [index, [what]] of deeds.entries()) {
      const sandbox = await slipway.sandboxes.get(places[index]?.name ?? '')
      t.is(sandbox.endpoints.length, options.network === 'none' ? 0 : 1, what)
      t.is(
        slipway.reconciled.healed.includes(sandbox.name),
        options.network !== 'none' && ENDS_THE_LINK.test(what),
        what,
      )
    }
    t.deepEqual(claims('addresses4'), claims4)
    t.deepEqual(claims('addresses6'), claims6)
    const again = await world.open()
    t.deepEqual(again.reconciled.collected, [])
    for (const sandbox of await slipway.sandboxes.list()) await t.notThrowsAsync(sandbox.remove())
    await slipway.close({ wait: true })
    await again.close()
    ip('netns', 'delete', world.name('elsewhere'))
    await isAsBefore(t, world, before)
  })
}

test.serial('claims that an administrator deleted are given back', async (t) => {
  const world = new World(t)
  const { host } = world
  const app = { name: world.name('app'), path: `/run/netns/${world.name('app')}` }
  await inOtherProcess({ netns: host.path, stateDir: world.stateDir }, ['create', app.name, {}])
  const all = () =>
    ['addresses4', 'macs'].flatMap((set) => elements(host, set).map(({ key, comment }) => `${set} ${key} ${comment}`))
  const before = all()
  for (const set of ['addresses4', 'macs']) {
    const { key } = elements(host, set).find(({ comment }) => comment?.startsWith(`${app.name} `)) ?? { key: '' }
    execIn(host, 'nft', `delete element inet slipway ${set} { ${key} }`)
    execIn(app, 'ip', 'link', 'set', 'eth0', 'down')
    t.not(all().join(), before.join())
    const { reconciled } = await world.open()
    t.deepEqual(reconciled.collected, [])
    t.deepEqual(reconciled.healed, [app.name])
    t.deepEqual(all(), before)
  }
})

test.serial(
  'a record that does not say that its sandbox was made, as those of earlier versions, says so once that was seen',
  async (t) => {
    const world = new World(t)
    const app = { name: world.name('app'), path: `/run/netns/${world.name('app')}` }
    await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['create', app.name, {}])
    execIn(app, 'find', world.stateDir, '-name', `${app.name}.json`, '-exec', 'chmod', 'u-x', '{}', ';')
    await (await world.open()).close()
    execIn(app, 'sh', '-c', DEEDS['eth0 and lo down'] ?? '')
    t.deepEqual((await world.open()).reconciled, {
      adopted: [],
      healed: [],
      collected: [],
      altered: [`sandbox ${app.name}: inside, eth0 is down`],
    })
  },
)
