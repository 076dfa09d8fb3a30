import test, { type ExecutionContext } from 'ava'
import type { PortMapping, Sandbox, Slipway } from 'slipway'
import { elements } from '../helpers/snapshot.js'
import { World } from '../helpers/world.js'

/** Published ports of sandboxes whose way to the world changes. */

const bridge = (option: string) => `com.docker.network.bridge.${option}`
const routed = { [bridge('gateway_mode_ipv4')]: 'routed' }
const texts = (ports: readonly PortMapping[]) =>
  ports.map(({ hostIp, hostPort, containerPort }) => `${hostIp}:${hostPort}->${containerPort}`)

/** Two networks of IPv4: `back` leads to the world before `web` does, unless it is routed. */
async function twoNetworks(
  t: ExecutionContext,
  backOptions: Record<string, string> = {},
): Promise<{ world: World; slipway: Slipway; sandbox: (network: string, publish: string[]) => Promise<Sandbox> }> {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.20.0.0/24' }] })
  await slipway.networks.create({ name: 'back', subnets: [{ subnet: '172.21.0.0/24' }], options: backOptions })
  return { world, slipway, sandbox: (network, publish) => world.create(slipway, 'app', { network, publish }) }
}

const published = (world: World) => elements(world.host, 'published4').map(({ key, data }) => `${key} : ${data}`)
const open = (world: World) => elements(world.host, 'open4').map(({ key }) => key)

test('a port follows its sandbox into a routed network and back, and its host port is free meanwhile', async (t) => {
  const { world, slipway, sandbox } = await twoNetworks(t, routed)
  const app = await sandbox('web', ['8080:80'])
  await app.connect('back')
  t.deepEqual(published(world), [])
  t.deepEqual(open(world), ['172.21.0.2 . tcp . 80'])
  const other = await world.create(slipway, 'other', { publish: ['8080:80'] })
  const error = await t.throwsAsync(app.disconnect('back'), { code: 'PORT_IN_USE' })
  t.regex(error?.message ?? '', new RegExp(other.name))
  t.deepEqual(open(world), ['172.21.0.2 . tcp . 80'])
  await other.remove()
  await app.disconnect('back')
  t.deepEqual(published(world), ['tcp . 8080 : 172.20.0.2 . 80'])
  t.deepEqual(open(world), [])
  // It is held again, and let go of with the sandbox.
  await app.remove()
  await (await world.create(slipway, 'next', { publish: ['8080:80'] })).remove()
})

test('a port of a routed network rests where host ports are needed', async (t) => {
  const { world, sandbox } = await twoNetworks(t, routed)
  const app = await sandbox('back', ['8080:80'])
  t.deepEqual(texts(app.ports), ['0.0.0.0:0->80'])
  await app.connect('web', { gwPriority: 1 })
  t.deepEqual([app.ports, published(world), open(world)], [[], [], []])
  t.deepEqual(await app.publish('9090:90'), [{ protocol: 'tcp', containerPort: 90, hostIp: '0.0.0.0', hostPort: 9090 }])
  await app.disconnect('web')
  t.deepEqual(open(world), ['172.21.0.2 . tcp . 80', '172.21.0.2 . tcp . 90'])
  t.deepEqual(texts(app.ports), ['0.0.0.0:0->80', '0.0.0.0:9090->90'])
  await app.unpublish('80')
  t.deepEqual(open(world), ['172.21.0.2 . tcp . 90'])
})

test('what not everybody may use is nowhere where nobody is asked', async (t) => {
  const { world, slipway, sandbox } = await twoNetworks(t, routed)
  const app = await sandbox('web', ['8080:80,allow=192.0.2.0/24', '9090:90'])
  await app.connect('back')
  t.deepEqual(open(world), ['172.21.0.2 . tcp . 90'])
  t.deepEqual(elements(world.host, 'restricted4'), [])
  await app.disconnect('back')
  t.deepEqual(published(world), ['tcp . 8080 : 172.20.0.2 . 80', 'tcp . 9090 : 172.20.0.2 . 90'])
  t.is(elements(world.host, 'restricted4').length, 1)

  // A trusted interface speaks to sandboxes directly, past the allow-list.
  await slipway.networks.create({ name: 'trusting', options: { [bridge('trusted_host_interfaces')]: 'uplink' } })
  const { endpoints } = await world.create(slipway, 'trusting', {
    network: 'trusting',
    publish: ['8081:81,allow=192.0.2.0/24', '8082:82'],
  })
  const [address] = (endpoints[0]?.addresses[0] ?? '').split('/')
  t.deepEqual(open(world), [`${address} . tcp . 82`])
})

test('ports without a host address go where the network of each family says', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  await slipway.networks.create({ name: 'four', options: { [bridge('host_binding_ipv4')]: '192.0.2.1' } })
  await slipway.networks.create({
    name: 'six',
    ipv4: false,
    ipv6: true,
    options: { [bridge('host_binding_ipv6')]: '::' },
  })
  const app = await world.create(slipway, 'app', { network: 'four', publish: ['8080:80'] })
  await app.connect('six')
  t.deepEqual(texts(await app.publish('9090:90')), ['192.0.2.1:9090->90', ':::9090->90'])
  await slipway.networks.create({ name: 'first', options: { [bridge('host_binding_ipv4')]: '192.0.2.2' } })
  await app.connect('first', { gwPriority: 1 })
  t.deepEqual(texts(await app.publish('9091:91')), ['192.0.2.2:9091->91', ':::9091->91'])
})

test('host ports that another process holds are let go of when their network is left', async (t) => {
  const { world, slipway, sandbox } = await twoNetworks(t)
  await sandbox('web', ['8080:80'])
  const late = await world.open()
  await (await late.sandboxes.get(world.name('app'))).disconnect('web')
  const other = await late.sandboxes.create({ name: world.name('other'), publish: ['8080:80'] })
  t.deepEqual(texts(other.ports), ['0.0.0.0:8080->80'])
  const app = await slipway.sandboxes.get(world.name('app'))
  await t.throwsAsync(app.connect('web'), { code: 'PORT_IN_USE' })
  await other.remove()
  await app.connect('web')
  t.deepEqual(texts(app.ports), ['0.0.0.0:8080->80'])
})
