import test from 'ava'
import { inOtherProcess } from '../helpers/other-process.js'
import { elements } from '../helpers/snapshot.js'
import { serveTcp } from '../helpers/traffic.js'
import { HOST_ADDRESS, setSysctl, World } from '../helpers/world.js'

const hostPorts = (ports: readonly { hostPort: number }[]) =>
  ports.map(({ hostPort }) => hostPort).sort((a, b) => a - b)

test.serial('a range of host ports for one port: any free one, walking on', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  serveTcp(t, world.host, 8001)
  const app = await world.create(slipway, 'app', { publish: ['8000-8003:80'] })
  const other = await world.create(slipway, 'other', {
    publish: ['8000-8003:80', { protocol: 'tcp', containerPort: 81, hostPort: [8000, 8003] }],
  })
  t.deepEqual([hostPorts(app.ports), hostPorts(other.ports)], [[8000], [8002, 8003]])
  t.deepEqual(
    elements(world.host, 'published4').map(({ key }) => key),
    ['tcp . 8000', 'tcp . 8002', 'tcp . 8003'],
  )

  const refused = {
    code: 'EXHAUSTED',
    message:
      /No host port is left for 80\/tcp on 0\.0\.0\.0: all of 8000-8003 are published, reserved or in use on the host/,
  }
  await t.throwsAsync(world.create(slipway, 'third', { publish: ['8000-8003:80'] }), refused)
  await t.throwsAsync(app.publish('7000:70', '8000-8003:80'), refused)
  // UDP is another matter, and nothing of what was refused is held.
  t.deepEqual(hostPorts(await app.publish('8003:80/udp', '7000:70')), [7000, 8003])

  // What another process gives back is found.
  const back = other.ports.find(({ containerPort }) => containerPort === 80)?.hostPort
  await inOtherProcess({ netns: world.host.path, stateDir: world.stateDir }, ['unpublish', other.name, '8002-8003:80'])
  t.deepEqual(hostPorts(await app.publish(`${HOST_ADDRESS}:8000-8003:80`)), [back])
})

test.serial('no port is left: processes of the host listen on all', async (t) => {
  const world = new World(t)
  setSysctl(world.host, 'net.ipv4.ip_local_port_range', '40000 40003')
  for (let port = 40000; port <= 40003; port++) serveTcp(t, world.host, port)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app')
  const refused = {
    code: 'EXHAUSTED',
    message: /all of 40000-40003 \(net\.ipv4\.ip_local_port_range\) are published, reserved or in use on the host/,
  }
  await t.throwsAsync(world.create(slipway, 'other', { publish: ['80'] }), refused)
  await t.throwsAsync(app.publish('80'), refused)
  await t.throwsAsync(app.publish('40000-40003:80'), { code: 'EXHAUSTED' })
  await t.throwsAsync(app.publish('40000:80'), { code: 'PORT_IN_USE' })
  t.deepEqual(elements(world.host, 'published4'), [])
})

test.serial('a port that is named is not taken by one that is chosen', async (t) => {
  const world = new World(t)
  setSysctl(world.host, 'net.ipv4.ip_local_port_range', '40000 40009')
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['80', '40000-40001:81', '40000:82', '40002:83', '0:84'] })
  t.deepEqual(
    app.ports.map(({ containerPort, hostPort }) => [containerPort, hostPort]),
    [
      [80, 40003],
      [81, 40001],
      [82, 40000],
      [83, 40002],
      [84, 40004],
    ],
  )
})

test.serial('unpublish what was named, wherever it is', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', {
    publish: ['127.0.0.1:8080:80', `${HOST_ADDRESS}:8080:80`, '8081:80', '8082:80', '8083:80'],
  })
  await app.unpublish('127.0.0.1::80')
  t.deepEqual(hostPorts(app.ports), [8080, 8081, 8082, 8083])
  await app.unpublish('8080:80', '8081-8082:80')
  t.deepEqual(hostPorts(app.ports), [8083])
  await t.throwsAsync(app.unpublish('[::]:8083:80'), {
    code: 'NOT_FOUND',
    message: /does not publish \[::\]:8083:80\/tcp\. It publishes 0\.0\.0\.0:8083->80\/tcp/,
  })
  await app.unpublish('80')
  t.deepEqual(elements(world.host, 'published4').length + elements(world.host, 'published_at4').length, 0)
})

test.serial('a thousand ports that are chosen, in one call', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['1-1000', '20000-20999:1001'] })
  t.is(app.ports.length, 1001)
  t.is(new Set(hostPorts(app.ports)).size, 1001)
  t.is(elements(world.host, 'published4').length, 1001)
})
