import test, { type ExecutionContext } from 'ava'
import { end, start } from '../helpers/command.js'
import { DB, ON_DB, ON_WEB, SHOP, WEB } from '../helpers/podman.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { HOST_ADDRESS, ip, ipJson, NEIGHBOUR_ADDRESS, World, type Place } from '../helpers/world.js'

/** The plugin as netavark calls it. With netavark itself: test/long/netavark.test.ts. */

async function setUp(t: ExecutionContext) {
  const world = new World(t)
  const name = world.name('container')
  ip('netns', 'add', name)
  const container: Place = { name, path: `/run/netns/${name}` }
  const plugin = async (input: unknown, action: string, ...netns: string[]) => {
    const child = start(world, ['netavark', action, ...netns], [], 'pipe')
    child.stdin?.end(typeof input === 'string' ? input : JSON.stringify(input))
    const { status, stdout, stderr } = await end(child)
    return { status, stderr, answer: (stdout === '' ? undefined : JSON.parse(stdout)) as unknown }
  }
  return { world, container, plugin, slipway: await world.open() }
}

const request = (network: unknown, options: unknown, more: object = {}) => ({
  ...SHOP,
  network,
  network_options: options,
  ...more,
})

test('setup connects a container to one network after the other, and teardown takes it off', async (t) => {
  const { world, container, plugin, slipway } = await setUp(t)
  t.deepEqual(await plugin(request(WEB, ON_WEB), 'setup', container.path), {
    status: 0,
    stderr: '',
    answer: {
      interfaces: {
        eth0: { mac_address: '02:42:ac:14:00:07', subnets: [{ ipnet: '172.20.0.7/24', gateway: '172.20.0.1' }] },
      },
      dns_server_ips: ['172.20.0.1'],
      dns_search_domains: [],
    },
  })
  const second = await plugin(request({ ...DB, internal: true, dns_enabled: false }, ON_DB), 'setup', container.path)
  t.deepEqual(second.answer, {
    interfaces: {
      eth1: { mac_address: '02:00:00:00:00:07', subnets: [{ ipnet: '172.21.0.7/24' }, { ipnet: 'fd00:21::7/64' }] },
    },
    dns_server_ips: [],
    dns_search_domains: [],
  })
  const addresses = ipJson<{ ifname: string; addr_info: { local: string; scope: string }[] }>(container, 'address')
  t.deepEqual(
    addresses.flatMap(({ ifname, addr_info }) =>
      addr_info.filter(({ scope }) => scope === 'global').map(({ local }) => `${ifname} ${local}`),
    ),
    ['eth0 172.20.0.7', 'eth1 172.21.0.7', 'eth1 fd00:21::7'],
  )
  serveTcp(t, container, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`), NEIGHBOUR_ADDRESS)

  t.like(await plugin(request(WEB, ON_WEB), 'teardown', container.path), { status: 0, answer: undefined })
  const [shop] = await slipway.sandboxes.list()
  t.deepEqual(
    shop?.endpoints.map(({ network }) => network),
    ['db'],
  )
  // Once more, and where nothing is there any more: no error.
  for (const [network, options] of [
    [WEB, ON_WEB],
    [DB, ON_DB],
    [DB, ON_DB],
  ] as const)
    t.like(await plugin(request(network, options), 'teardown', container.path), { status: 0, stderr: '' })
  t.deepEqual(await slipway.sandboxes.list(), [])
  t.deepEqual(
    (await slipway.networks.list({ type: 'custom' })).map(({ name }) => name),
    [],
  )
})

test('a network that somebody else has made is used, and stays', async (t) => {
  const { container, plugin, slipway } = await setUp(t)
  await slipway.networks.create({ name: 'web', subnets: WEB.subnets })
  t.is((await plugin(request(WEB, ON_WEB), 'setup', container.path)).status, 0)
  t.is((await plugin(request(WEB, ON_WEB), 'teardown', container.path)).status, 0)
  t.is((await slipway.networks.list({ type: 'custom' })).length, 1)
})

test('create gives a network without subnets free ones, and others back as they are', async (t) => {
  const { plugin, slipway } = await setUp(t)
  t.deepEqual((await plugin(WEB, 'create')).answer, WEB)
  const { answer } = await plugin({ ...WEB, subnets: [] }, 'create')
  t.deepEqual(answer, { ...WEB, subnets: [{ subnet: '172.18.0.0/16', gateway: '172.18.0.1' }] })
  t.deepEqual(await slipway.networks.list({ type: 'custom' }), [])
  t.like((await plugin('', 'info')).answer, { api_version: '1.0.0' })
})

test('what cannot be done is said as JSON, and leaves nothing', async (t) => {
  const { container, plugin, slipway } = await setUp(t)
  for (const [input, sentence] of [
    ['{', /invalid JSON/],
    ['', /There is no network/],
    [{ ...SHOP, network: { ...WEB, name: '' }, network_options: ON_WEB }, /There is no name/],
    [request(WEB, { ...ON_WEB, interface_name: '' }), /There is no interface_name/],
    [request(WEB, { ...ON_WEB, interface_name: 'lo' }), /interface must be an interface name/],
    [request(WEB, { ...ON_WEB, static_ips: ['172.20.0.7', '172.20.0.8'] }), /one address of each IP version/],
    [request(WEB, { ...ON_WEB, static_ips: ['10.0.0.7'] }), /lies outside the subnet/],
    [request(WEB, { ...ON_WEB, static_ips: 'all' }), /static_ips must be a list of texts/],
    [request(WEB, { ...ON_WEB, options: { speed: '1' } }), /There is no option speed/],
    [request({ ...WEB, options: { speed: '1' } }, ON_WEB), /speed/],
    [request({ ...WEB, ipam_options: { driver: 'dhcp' } }, ON_WEB), /gives addresses itself/],
    [request(WEB, ON_WEB, { port_mappings: [{ container_port: 0, host_port: 8080 }] }), /0/],
    [request(WEB, ON_WEB, { port_mappings: [{ container_port: 80, host_port: 70000 }] }), /70000/],
  ] as const) {
    const { status, answer } = await plugin(input, 'setup', container.path)
    t.is(status, 1)
    t.regex((answer as { error: string }).error, sentence)
    t.deepEqual(
      [await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })],
      [[], []],
      JSON.stringify(input),
    )
  }
  const { answer } = await plugin(request(WEB, ON_WEB), 'setup')
  t.regex((answer as { error: string }).error, /name the network namespace/)
  await slipway.networks.create({ name: 'web', subnets: [{ subnet: '172.30.0.0/24' }] })
  const other = await plugin(request(WEB, ON_WEB), 'setup', container.path)
  t.regex(
    (other.answer as { error: string }).error,
    /with 172\.30\.0\.0\/24, and podman's of that name has 172\.20\.0\.0\/24/,
  )
})
