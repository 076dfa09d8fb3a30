import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { served } from '../helpers/served.js'
import { isAsBefore, settled, without } from '../helpers/snapshot.js'
import { eventually } from '../helpers/world.js'

/** What programs of Node.js ask of Docker, they ask by dockerode (test/clients): its own calls, of our server. */

type Told = Record<string, unknown>

/** As far as it is used here. */
interface Dockerode {
  ping(): Promise<Buffer>
  version(): Promise<Told>
  info(): Promise<Told>
  df(): Promise<Told>
  listNetworks(options?: object): Promise<Told[]>
  createNetwork(options: object): Promise<DockerodeNetwork>
  getNetwork(name: string): DockerodeNetwork
  pruneNetworks(options?: object): Promise<Told>
  listContainers(options?: object): Promise<Told[]>
  createContainer(options: object): Promise<DockerodeContainer>
  getContainer(id: string): DockerodeContainer
  getEvents(options?: object): Promise<Readable & { destroy(): void }>
  listImages(): Promise<Told[]>
}

interface DockerodeNetwork {
  id: string
  inspect(options?: object): Promise<Told>
  connect(options: object): Promise<unknown>
  disconnect(options: object): Promise<unknown>
  remove(): Promise<unknown>
}

interface DockerodeContainer {
  id: string
  start(): Promise<unknown>
  inspect(): Promise<Told & { State: Told; NetworkSettings: Told & { Networks: Record<string, Told> } }>
  wait(): Promise<Told>
  stop(options?: object): Promise<unknown>
  kill(options?: object): Promise<unknown>
  remove(options?: object): Promise<unknown>
  rename(options: object): Promise<unknown>
}

const require = createRequire(import.meta.url)
const Docker = require(
  fileURLToPath(new URL('../../build-compare/clients/node_modules/dockerode', import.meta.url)),
) as new (options: { socketPath: string; version?: string }) => Dockerode

/** What it is refused with: a status, and the server's sentence. */
const refused = async (asked: Promise<unknown>): Promise<{ statusCode: number; json: { message: string } }> =>
  asked.then(
    () => ({ statusCode: 0, json: { message: '' } }),
    (error: unknown) => error as { statusCode: number; json: { message: string } },
  )

test('networks: create, list with filters, inspect, connect, disconnect, prune, remove', async (t) => {
  const { world, slipway, server } = await served(t)
  const docker = new Docker({ socketPath: server.socket })
  t.is((await docker.ping()).toString(), 'OK')
  t.regex(String((await docker.version())['ApiVersion']), /^1\.\d\d$/)
  t.is((await docker.info())['Containers'], 0)
  t.truthy(await docker.df())

  const web = await docker.createNetwork({
    Name: 'web',
    CheckDuplicate: true,
    EnableIPv6: true,
    Labels: { team: 'blue' },
    IPAM: { Config: [{ Subnet: '172.30.0.0/16', Gateway: '172.30.0.1' }, { Subnet: 'fd00:30::/64' }] },
  })
  t.like(await web.inspect(), { Id: web.id, Name: 'web', Driver: 'bridge', EnableIPv6: true, Containers: {} })
  const names = async (filters: object) =>
    (await docker.listNetworks({ filters: JSON.stringify(filters) })).map(({ Name }) => Name)
  t.deepEqual(await names({ label: ['team=blue'] }), ['web'])
  t.deepEqual((await names({ type: ['builtin'] })).sort(), ['bridge', 'host', 'none'])

  const app = await world.create(slipway, 'app')
  t.like(await refused(docker.createNetwork({ Name: 'web' })), { statusCode: 409 })
  await web.connect({
    Container: app.id,
    EndpointConfig: { IPAMConfig: { IPv4Address: '172.30.0.7' }, Aliases: ['api'] },
  })
  t.like(((await web.inspect({ verbose: true }))['Containers'] as Record<string, Told>)[app.id], {
    Name: app.name,
    IPv4Address: '172.30.0.7/16',
  })
  t.regex((await refused(web.remove())).json.message, /web is in use|has active endpoints/)
  await web.disconnect({ Container: app.name })
  t.like(await refused(web.disconnect({ Container: app.name })), { statusCode: 404 })
  t.deepEqual(await docker.pruneNetworks(), { NetworksDeleted: ['web'] })
  t.like(await refused(docker.getNetwork('web').inspect()), { statusCode: 404 })
  const back = await docker.createNetwork({ Name: 'back' })
  await back.remove()
})

test('containers: create, start, inspect, list, wait, stop, kill, remove; what is no networking is refused', async (t) => {
  const { world, slipway, server } = await served(t)
  const docker = new Docker({ socketPath: server.socket, version: 'v1.44' })
  await world.create(slipway, 'first')
  const before = without(await settled(world), 'descriptors')
  const name = world.name('app')
  const container = await docker.createContainer({
    name,
    Image: 'busybox',
    Hostname: 'h',
    Labels: { team: 'blue' },
    ExposedPorts: { '80/tcp': {} },
    HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] }, ExtraHosts: ['db:192.0.2.9'] },
  })
  await container.start()
  const { State, NetworkSettings } = await container.inspect()
  t.like(State, { Status: 'running', Running: true })
  t.deepEqual(NetworkSettings['Ports'], { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }] })
  t.is(NetworkSettings.Networks['bridge']?.['IPPrefixLen'], 16)
  const listed = await docker.listContainers({ filters: { label: ['team=blue'] } })
  t.like(listed[0], { Id: container.id, Names: [`/${name}`], State: 'running' })
  t.is(listed.length, 1)
  t.like(await refused(docker.createContainer({ name, Image: 'busybox' })), { statusCode: 409 })

  const waited = container.wait()
  await container.stop({ t: 1 })
  t.like(await waited, { StatusCode: 0 })
  t.like(await refused(container.kill()), { statusCode: 409 })
  await container.remove()
  t.like(await refused(container.inspect()), { statusCode: 404 })

  const other = await docker.createContainer({ name, Image: 'busybox', HostConfig: { NetworkMode: 'none' } })
  await other.start()
  await other.kill({ signal: 'SIGKILL' })
  await other.remove({ force: true, v: true })
  await isAsBefore(t, world, before)

  for (const [what, asked] of [
    ['rename', container.rename({ name: 'x' })],
    ['images', docker.listImages()],
  ] as const) {
    const { statusCode, json } = await refused(asked)
    t.is(statusCode, 501, what)
    t.regex(json.message, /\w+ .*\./, what)
  }
})

test('events, filtered, until the client leaves', async (t) => {
  const { world, slipway, server } = await served(t)
  const docker = new Docker({ socketPath: server.socket })
  const events = await docker.getEvents({ filters: { type: ['network'], event: ['create', 'connect', 'destroy'] } })
  const told: Told[] = []
  let text = ''
  events.on('data', (part: Buffer) => {
    text += part.toString()
    const lines = text.split('\n')
    text = lines.pop() ?? ''
    told.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Told))
  })
  await sleep(100)
  const web = await docker.createNetwork({ Name: 'web' })
  const app = await world.create(slipway, 'app', { network: 'web' })
  await app.remove()
  await web.remove()
  t.true(await eventually(() => told.length >= 3))
  t.deepEqual(
    told.map(({ Type, Action, Actor }) => [Type, Action, (Actor as { Attributes: Told }).Attributes['name']]),
    [
      ['network', 'create', 'web'],
      ['network', 'connect', 'web'],
      ['network', 'destroy', 'web'],
    ],
  )
  const closed = once(events, 'close')
  events.destroy()
  await closed
  t.is((await docker.ping()).toString(), 'OK')
})
