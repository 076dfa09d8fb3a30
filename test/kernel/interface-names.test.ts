import test from 'ava'
import { SlipwayError, type Sandbox } from '#lib/index.js'
import { isAsBefore, settled } from '../helpers/snapshot.js'
import { ip, ipJson, World } from '../helpers/world.js'

/** Interfaces that are given a name, as docker's com.docker.network.endpoint.ifname does. */

const namesOf = ({ endpoints }: Sandbox) => endpoints.map((one) => `${one.network} ${one.interface}`).sort()

const linksIn = ({ path, name }: Sandbox) =>
  ipJson<{ ifname: string }>({ path, name }, 'link')
    .map(({ ifname }) => ifname)
    .sort()

test.serial('an interface has the name that it is given, others the first that is free', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ pool: { size: 2 } })
  for (const name of ['web', 'db', 'log']) await slipway.networks.create({ name })
  const app = await world.create(slipway, 'app', { network: 'web', interface: 'eth1' })
  await app.connect('db', { interface: 'uplink' })
  await app.connect('log')
  t.deepEqual(namesOf(app), ['db uplink', 'log eth0', 'web eth1'])
  t.deepEqual(linksIn(app), ['eth0', 'eth1', 'lo', 'uplink'])
  t.deepEqual(app.inspect().Networks['db']?.DriverOpts, {
    'com.docker.network.endpoint.ifname': 'uplink',
  })
  t.is(app.inspect().Networks['log']?.DriverOpts, null)
  const found = await (await world.open()).sandboxes.get(app.name)
  t.deepEqual(namesOf(found), namesOf(app))
  // One that has left gives its name free.
  await app.disconnect('db')
  await app.connect('db', { interface: 'uplink' })
  t.deepEqual(linksIn(app), ['eth0', 'eth1', 'lo', 'uplink'])
})

test.serial('a name that is not free, or none, is refused, and nothing is done', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web' })
  const app = await world.create(slipway, 'app')
  ip('-n', app.name, 'link', 'add', 'own', 'type', 'veth', 'peer', 'name', 'other')
  const before = await settled(world)
  for (const [name, code, sentence] of [
    ['eth0', 'CONFLICT', /eth0 is there already: it is that of the network bridge/],
    ['own', 'CONFLICT', /own is there already: a link of the sandbox's own/],
    ['lo', 'INVALID_ARGUMENT', /interface must be an interface name/],
    ['a/b', 'INVALID_ARGUMENT', /interface must be an interface name/],
    ['all', 'INVALID_ARGUMENT', /interface must be an interface name/],
    ['sixteen-letters!', 'INVALID_ARGUMENT', /interface must be an interface name/],
  ] as const) {
    const error = await t.throwsAsync(app.connect('web', { interface: name }), { instanceOf: SlipwayError, code })
    t.regex(error?.message ?? '', sentence)
    await isAsBefore(t, world, before, name)
  }
  for (const network of ['host', 'none', `container:${app.name}`])
    await t.throwsAsync(world.create(slipway, 'more', { network, interface: 'eth1' }), { code: 'INVALID_ARGUMENT' })
  await isAsBefore(t, world, before)
})
