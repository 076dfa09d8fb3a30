import { existsSync, readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import type { CreateOptions, Sandbox } from 'slipway'
import { COMMAND } from '../helpers/command.js'
import { Containers, IDLE, pageOf } from '../helpers/containers.js'
import { fetchFrom, NO_ANSWER, REFUSED } from '../helpers/traffic.js'
import { eventually, HOST_ADDRESS, NEIGHBOUR_ADDRESS, World } from '../helpers/world.js'

/** Real containers, run by crun in sandboxes: what a runtime's users see. */

const BRIDGE = '172.17.0.1'

async function setUp(t: ExecutionContext, options: CreateOptions = {}) {
  const world = new World(t)
  const slipway = await world.open()
  const web = await world.create(slipway, 'web', { hostname: 'web', ...options })
  return { world, slipway, web, containers: new Containers(t) }
}

const addressOf = ({ endpoints, network }: Sandbox, on = network): string =>
  endpoints.find((endpoint) => endpoint.network === on)?.addresses[0]?.split('/')[0] ?? ''

test('a container has its sandbox’s address, route, hostname and files', async (t) => {
  const { web, containers } = await setUp(t)
  await containers.run('web', web)
  t.deepEqual(await containers.addresses('web'), ['lo 127.0.0.1/8', `eth0 ${web.endpoints[0]?.addresses[0]}`])
  t.is(await containers.exec('web', 'cat', '/sys/class/net/eth0/address'), `${web.endpoints[0]?.mac}\n`)
  t.regex(await containers.exec('web', 'ip', 'route'), /^default via 172\.17\.0\.1 dev eth0/)
  t.is(await containers.exec('web', 'hostname'), 'web\n')
  const files = await web.files()
  for (const [name, path] of [
    ['hostname', files.hostname],
    ['hosts', files.hosts],
    ['resolv.conf', files.resolvConf],
  ] as const) {
    t.is(await containers.exec('web', 'cat', `/etc/${name}`), readFileSync(path, 'utf8'))
  }
  t.regex(readFileSync(files.hosts, 'utf8'), new RegExp(`^${addressOf(web)}\tweb$`, 'm'))
  await containers.remove('web')
  t.deepEqual(await containers.list(), [])
})

test('on a user-defined network a container reaches another by name, and by the names that come while it runs', async (t) => {
  const { world, slipway, web, containers } = await setUp(t)
  await slipway.networks.create({ name: 'shop', subnets: [{ subnet: '172.20.0.0/16' }] })
  const client = await world.create(slipway, 'client', { network: 'shop' })
  const shop = await world.create(slipway, 'shop', { network: 'shop', aliases: ['store'] })
  await containers.run('shop', shop)
  await containers.run('web', web)
  await containers.run('client', client, { script: IDLE })
  for (const server of [addressOf(shop), shop.name, 'store', 'store.shop', shop.id.slice(0, 12)]) {
    t.is(await containers.fetch('client', server), addressOf(client), server)
  }
  t.regex(await containers.exec('client', 'nslookup', 'store'), new RegExp(`: ${addressOf(shop)}$`, 'm'))
  t.regex(await containers.fetch('client', 'later'), /bad address/)
  await web.connect('shop', { aliases: ['later'] })
  t.is(await containers.fetch('client', 'later'), addressOf(client))
  // Its own files, mounted before it joined, have the network's resolver now.
  t.is(await containers.fetch('web', 'store'), addressOf(web, 'shop'))
  for (const id of ['client', 'shop', 'web']) await containers.remove(id)
})

test('a published port leads to the container: from the host, from a neighbour, from another container', async (t) => {
  const { world, slipway, web, containers } = await setUp(t, { publish: ['8080:80'] })
  const client = await world.create(slipway, 'client')
  await containers.run('web', web)
  await containers.run('client', client, { script: IDLE })
  t.is(await fetchFrom(world.host, pageOf('127.0.0.1:8080')), BRIDGE)
  t.is(await fetchFrom(world.neighbour, pageOf(`${HOST_ADDRESS}:8080`)), NEIGHBOUR_ADDRESS)
  t.is(await containers.fetch('client', `${HOST_ADDRESS}:8080`), BRIDGE)

  await containers.remove('web')
  t.is(await fetchFrom(world.neighbour, pageOf(`${HOST_ADDRESS}:8080`)), REFUSED)
  await containers.remove('client')
})

test('two containers in one sandbox share address and loopback, and nothing else', async (t) => {
  const { web, containers } = await setUp(t)
  const pids = [await containers.run('web', web), await containers.run('sidecar', web, { script: IDLE })]
  t.deepEqual(await containers.addresses('sidecar'), await containers.addresses('web'))
  t.is(await containers.fetch('sidecar', '127.0.0.1'), '127.0.0.1')
  t.is(await containers.fetch('sidecar', addressOf(web)), addressOf(web))
  t.notRegex(await containers.exec('sidecar', 'ps'), /httpd/)

  await containers.remove('web')
  t.deepEqual(
    pids.map((pid) => existsSync(`/proc/${pid}`)),
    [false, true],
  )
  t.deepEqual(await containers.addresses('sidecar'), ['lo 127.0.0.1/8', `eth0 ${web.endpoints[0]?.addresses[0]}`])
  await containers.remove('sidecar')
})

test('on the network host, a container has the host’s interfaces; on none, only lo', async (t) => {
  const { world, slipway, containers } = await setUp(t)
  const host = await world.create(slipway, 'shares', { network: 'host' })
  const none = await world.create(slipway, 'alone', { network: 'none' })
  await containers.run('host', host, { script: IDLE })
  await containers.run('none', none, { script: IDLE })
  const onHost = await containers.addresses('host')
  for (const link of [`uplink ${HOST_ADDRESS}/24`, `docker0 ${BRIDGE}/16`]) t.true(onHost.includes(link), onHost.join())
  t.deepEqual(await containers.addresses('none'), ['lo 127.0.0.1/8'])
  await containers.remove('host')
  await containers.remove('none')
})

test('a sandbox outlives its container, and takes in the next with the same address and ports', async (t) => {
  const { world, web, containers } = await setUp(t, { publish: ['8080:80'] })
  for (const id of ['first', 'second']) {
    await containers.run(id, web)
    t.deepEqual(await containers.addresses(id), ['lo 127.0.0.1/8', `eth0 ${web.endpoints[0]?.addresses[0]}`])
    t.is(await fetchFrom(world.neighbour, pageOf(`${HOST_ADDRESS}:8080`)), NEIGHBOUR_ADDRESS)
    await containers.remove(id)
    t.true(existsSync(web.path))
  }
  await web.remove()
  t.true(await eventually(() => !existsSync(web.path)))
})

test('a container whose sandbox is removed lives on without network', async (t) => {
  const { world, slipway, web, containers } = await setUp(t, { publish: ['8080:80'] })
  const client = await world.create(slipway, 'client')
  const pid = await containers.run('web', web)
  await containers.run('client', client, { script: IDLE })
  await web.remove()

  // From the first moment on, though its interface takes a second to go.
  t.is(await fetchFrom(world.neighbour, pageOf(`${HOST_ADDRESS}:8080`)), REFUSED)
  // An attempt ends with EHOSTUNREACH where the host forgets the sandbox's neighbour entry meanwhile.
  t.true([NO_ANSWER, REFUSED].includes(await fetchFrom(world.host, pageOf(addressOf(web)), { expected: NO_ANSWER })))
  t.true(await eventually(async () => (await containers.addresses('web')).length === 1, 10_000))
  t.deepEqual(await containers.addresses('web'), ['lo 127.0.0.1/8'])
  t.is(await containers.fetch('web', '127.0.0.1'), '127.0.0.1')
  t.regex(await containers.fetch('web', addressOf(client)), /Network is unreachable/)
  t.true(existsSync(`/proc/${pid}`))

  // Name and port are free for another, which is not reached through what is left of the first.
  const again = await world.create(slipway, 'web', { publish: ['8080:80'] })
  await containers.run('again', again)
  t.is(await fetchFrom(world.neighbour, pageOf(`${HOST_ADDRESS}:8080`)), NEIGHBOUR_ADDRESS)
  t.deepEqual(await containers.addresses('web'), ['lo 127.0.0.1/8'])
  for (const id of ['web', 'client', 'again']) await containers.remove(id)
})

test('a poststop hook removes the sandbox when its container has ended', async (t) => {
  const { world, slipway, web, containers } = await setUp(t, { publish: ['8080:80'] })
  const command = [COMMAND, `--netns=${world.host.path}`, `--state-dir=${world.stateDir}`, 'rm', web.name]
  await containers.run('web', web, { poststop: [{ path: process.execPath, args: ['slipway', ...command] }] })
  t.true(existsSync(web.path))
  await containers.remove('web')
  t.false(existsSync(web.path))
  t.deepEqual(await slipway.sandboxes.list(), [])
  await world.create(slipway, 'other', { publish: ['8080:80'] })
})
