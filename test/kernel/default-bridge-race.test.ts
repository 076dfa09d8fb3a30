import test, { type ExecutionContext } from 'ava'
import { NetworkRegistry } from '#lib/networks/registry.js'
import { readOpenOptions } from '#lib/api/options.js'
import { stateFolder } from '#lib/store/state-folder.js'
import { InterruptedHost } from '../helpers/interrupted-host.js'
import { execIn, ip, ipJson, World } from '../helpers/world.js'

/** The bridge `docker0` in the eyes of one who wants it while another process is making it. */

function opening(t: ExecutionContext, world: World): { host: InterruptedHost; networks: NetworkRegistry } {
  const host = new InterruptedHost(world.host.path)
  t.teardown(() => host.close())
  const settings = readOpenOptions({ netns: world.host.path, stateDir: world.stateDir })
  const networks = new NetworkRegistry(host, settings, {
    networks: stateFolder(settings, host, 'networks'),
    sandboxes: stateFolder(settings, host, 'sandboxes'),
  })
  return { host, networks }
}

const subnets = (world: World): string =>
  execIn(world.host, 'nft', 'list set inet slipway same_network4')
    .match(/elements = \{([^}]*)\}/)?.[1]
    ?.trim() ?? ''
const addresses = (world: World) =>
  ipJson<{ addr_info: { local: string }[] }>(world.host, '-4', 'address', 'show', 'dev', 'docker0')[0]?.addr_info.map(
    ({ local }) => local,
  )

function isOne(t: ExecutionContext, world: World): void {
  t.regex(subnets(world), /^172\.17\.0\.0\/16 \. "docker0"( comment "bridge")?$/)
  t.deepEqual(addresses(world), ['172.17.0.1'])
}

test('it was not there, and another has made all of it since: nothing of that is taken for a leftover', async (t) => {
  const world = new World(t)
  const first = opening(t, world)
  const second = opening(t, world)
  second.host.afterAnswer('link', async () => first.networks.ready('bridge'))
  // A third one is at the same place, and quicker.
  second.host.beforeRun(async () =>
    execIn(world.host, 'nft', 'delete element inet slipway same_network4 { 172.17.0.0/16 . "docker0" }'),
  )
  const { spec } = await second.networks.ready('bridge')
  t.deepEqual(
    spec.subnets.map(({ subnet }) => subnet),
    ['172.17.0.0/16'],
  )
  isOne(t, world)
})

test('it was half made, and is whole since: it gets no second subnet', async (t) => {
  const world = new World(t)
  const first = opening(t, world)
  const second = opening(t, world)
  ip('-n', world.host.name, 'link', 'add', 'docker0', 'type', 'bridge')
  ip('-n', world.host.name, 'link', 'set', 'docker0', 'alias', `slipway network bridge, records in ${world.stateDir}`)
  second.host.afterAnswer('addresses', async () => first.networks.ready('bridge'))
  const { spec } = await second.networks.ready('bridge')
  t.deepEqual(
    spec.subnets.map(({ subnet }) => subnet),
    ['172.17.0.0/16'],
  )
  isOne(t, world)
})
