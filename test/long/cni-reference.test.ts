import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { cniCommand, printedIn } from '../helpers/cni-command.js'
import { newContainer, stdinOf, variablesOf, type CniAnswer, type CniContainer, type Printed } from '../helpers/cni.js'
import { end, type Ended } from '../helpers/command.js'
import { kernelState } from '../helpers/snapshot.js'
import { fetchFrom, NO_ANSWER, REFUSED, serveTcp } from '../helpers/traffic.js'
import { HOST_ADDRESS, ipJson, NEIGHBOUR_ADDRESS, World } from '../helpers/world.js'

/**
 * The plugin beside the reference ones (bridge, host-local, portmap, tuning, static; Debian's): the same configuration
 * has the same to show for it in the container, on the wire and in the result.
 */

const FOLDER = fileURLToPath(new URL('../../build-compare/cni/usr/lib/cni', import.meta.url))

type Call = (variables: Readonly<Record<string, string>>, config: unknown) => Promise<CniAnswer & Ended>

/** Runs a plugin of Debian's on a world's host. */
const reference =
  (world: World, plugin: string): Call =>
  async (variables, config) => {
    const child = spawn('nsenter', [`--net=${world.host.path}`, join(FOLDER, plugin)], {
      env: { PATH: process.env['PATH'], ...variables, CNI_PATH: FOLDER },
      timeout: 30_000,
    })
    child.stdin.on('error', () => undefined).end(stdinOf(config))
    const ended = await end(child)
    return { ...ended, done: ended.status === 0, printed: printedIn(ended.stdout) }
  }

const ours =
  (world: World): Call =>
  (variables, config) =>
    cniCommand(world, { ...variables, CNI_PATH: FOLDER }, config)

const NETWORK = { cniVersion: '1.0.0', name: 'web' }
const IPV4 = { subnet: '10.22.0.0/24', gateway: '10.22.0.1' }
const IPV6 = { subnet: 'fd00:22::/64', gateway: 'fd00:22::1' }
const EVERYWHERE = [{ dst: '0.0.0.0/0' }]

/** Of `ipam` and of the rest of the configuration. */
const CASES: Readonly<Record<string, readonly [ipam: object, more?: object]>> = {
  'an address and a default route': [{ ...IPV4, routes: EVERYWHERE }],
  'no default route': [{ ...IPV4, routes: [] }],
  'a default route by isDefaultGateway': [{ ...IPV4, routes: [] }, { isDefaultGateway: true }],
  'an address that is asked for': [{ ...IPV4, routes: EVERYWHERE }, { runtimeConfig: { ips: ['10.22.0.77/24'] } }],
  'an address of a part of the subnet': [{ ...IPV4, rangeStart: '10.22.0.64', rangeEnd: '10.22.0.127', routes: [] }],
  'another gateway': [{ ...IPV4, gateway: '10.22.0.254', routes: EVERYWHERE }],
  'IPv4 and IPv6': [{ ranges: [[IPV4], [IPV6]], routes: [...EVERYWHERE, { dst: '::/0' }] }],
  'IPv6 alone': [{ ranges: [[IPV6]], routes: [{ dst: '::/0' }] }],
  'a MAC address': [{ ...IPV4, routes: EVERYWHERE }, { runtimeConfig: { mac: '02:00:00:00:00:07' } }],
  'an MTU': [{ ...IPV4, routes: EVERYWHERE }, { mtu: 1400 }],
  'names that are configured': [{ ...IPV4, routes: [] }, { dns: { nameservers: ['192.0.2.53'], search: ['a.b'] } }],
}

/** What of a container shows how it was connected. */
function inside(container: CniContainer): object {
  const links = ipJson<{
    ifname: string
    mtu: number
    operstate: string
    addr_info: { local: string; prefixlen: number; scope: string }[]
  }>(container, 'address')
  const eth0 = links.find(({ ifname }) => ifname === 'eth0')
  const routes = ['-4', '-6'].flatMap((family) =>
    ipJson<{ dst: string; gateway?: string; dev: string }>(container, family, 'route')
      .filter(({ dst, dev }) => dev === 'eth0' && !dst.startsWith('fe80'))
      .map(({ dst, gateway = '' }) => `${dst} ${gateway}`),
  )
  return {
    mtu: eth0?.mtu,
    state: eth0?.operstate,
    addresses: eth0?.addr_info
      .filter(({ scope }) => scope === 'global')
      .map(({ local, prefixlen }) => `${local}/${prefixlen}`)
      .sort(),
    routes: routes.sort(),
  }
}

/** What both say the same of. A gateway that is the result of `ips` may be left out of a route. */
function said({ cniVersion, ips = [], interfaces = [], routes = [], dns = {} }: Printed): object {
  const own = ips.map(({ address, gateway, interface: at = -1 }) => ({
    address,
    gateway,
    of: interfaces[at]?.name,
    in: interfaces[at]?.sandbox,
  }))
  return { cniVersion, ips: own, routes: routes.map(({ dst }) => dst).sort(), dns }
}

/** A host and a container of each, and what the two plugins of it are called with. */
async function both(t: ExecutionContext, ipam: object, more: object = {}) {
  const there = new World(t)
  const here = new World(t)
  const containers = [newContainer(there, 0), newContainer(here, 0)] as const
  const configs = [
    {
      ...NETWORK,
      type: 'bridge',
      bridge: 'cni0',
      isGateway: true,
      ipMasq: true,
      ipam: { type: 'host-local', dataDir: there.stateDir, ...ipam },
      ...more,
    },
    { ...NETWORK, type: 'slipway', ipam, ...more },
  ] as const
  return {
    worlds: [there, here] as const,
    calls: [reference(there, 'bridge'), ours(here)] as const,
    containers,
    configs,
  }
}

for (const [what, [ipam, more]] of Object.entries(CASES))
  test(`as bridge and host-local: ${what}`, async (t) => {
    const { calls, containers, configs } = await both(t, ipam, more)
    const seen: unknown[] = []
    for (const at of [0, 1] as const) {
      const [call, container, config] = [calls[at], containers[at], configs[at]]
      const before = kernelState(container)
      const added = await call(variablesOf('ADD', container), config)
      t.true(added.done, `${added.stdout}${added.stderr}`)
      const found = inside(container)
      const withResult = { ...config, prevResult: added.printed }
      const checked = await call(variablesOf('CHECK', container), withResult)
      t.true(checked.done, `${checked.stdout}${checked.stderr}`)
      const mac = added.printed.interfaces?.find(({ name }) => name === 'eth0')?.mac
      // Else it is by chance.
      const isGiven = what === 'a MAC address'
      const again = await call(variablesOf('ADD', container), config)
      const deleted = await call(variablesOf('DEL', container), withResult)
      const once = await call(variablesOf('DEL', container), withResult)
      // What an interface that comes and goes leaves in a namespace is the kernel's.
      const after = kernelState(container)
      seen.push({
        found,
        said: JSON.parse(JSON.stringify(said(added.printed)).replaceAll(container.path, 'NETNS')) as unknown,
        mac: isGiven ? mac : undefined,
        again: again.done,
        deleted: [deleted.done, once.done],
        left: JSON.stringify(after) === JSON.stringify(before),
      })
    }
    t.deepEqual(seen[1], seen[0])
  })

test('as bridge: which codes errors have', async (t) => {
  const { calls, containers, configs } = await both(t, { ...IPV4 })
  const codes = async (at: 0 | 1) => {
    const variables = variablesOf('ADD', containers[at])
    const without = (name: string) => Object.fromEntries(Object.entries(variables).filter(([key]) => key !== name))
    const config = configs[at]
    const found: unknown[] = []
    for (const [given, input] of [
      [without('CNI_CONTAINERID'), config],
      [without('CNI_NETNS'), config],
      [without('CNI_IFNAME'), config],
      [{ ...variables, CNI_COMMAND: 'UNKNOWN' }, config],
      [{ ...variables, CNI_IFNAME: 'far-too-long-a-name' }, config],
      [variables, '{'],
      [variables, { ...config, name: '' }],
      [variables, { ...config, cniVersion: '9.9.9' }],
      [
        { ...variables, CNI_COMMAND: 'CHECK' },
        { ...config, cniVersion: '0.3.1' },
      ],
      [{ ...variables, CNI_COMMAND: 'STATUS' }, config],
      [{ ...variables, CNI_COMMAND: 'GC' }, config],
    ] as const) {
      const { status, printed } = await calls[at](given, input)
      found.push([status, printed.code])
    }
    return found
  }
  t.deepEqual(await codes(1), await codes(0))
})

test('as bridge and portmap: a port leads to the container from elsewhere, and no longer after DEL', async (t) => {
  const { worlds, calls, containers, configs } = await both(t, { ...IPV4, routes: EVERYWHERE })
  const portMappings = [
    { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
    { hostPort: 8081, containerPort: 80, protocol: 'tcp', hostIP: HOST_ADDRESS },
  ]
  const runtimeConfig = { portMappings }
  for (const at of [0, 1] as const) {
    const [world, call, container, config] = [worlds[at], calls[at], containers[at], configs[at]]
    const { printed } = await call(variablesOf('ADD', container), at === 0 ? config : { ...config, runtimeConfig })
    const portmap = { ...NETWORK, type: 'portmap', runtimeConfig, prevResult: printed }
    if (at === 0) {
      const mapped = await reference(world, 'portmap')(variablesOf('ADD', container), portmap)
      t.true(mapped.done, mapped.stdout)
    }
    serveTcp(t, container, 80)
    for (const port of [8080, 8081])
      t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:${port}`), NEIGHBOUR_ADDRESS, `${at} ${port}`)
    if (at === 0) await reference(world, 'portmap')(variablesOf('DEL', container), portmap)
    const deleted = await call(variablesOf('DEL', container), { ...config, runtimeConfig, prevResult: printed })
    t.true(deleted.done, deleted.stdout)
    t.true([NO_ANSWER, REFUSED].includes(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`)), String(at))
  }
})

test('host-local and static give the address in its place, and take it back', async (t) => {
  const world = new World(t)
  const call = ours(world)
  const local = { type: 'host-local', dataDir: world.stateDir, ...IPV4, routes: EVERYWHERE }
  const [first, second] = [newContainer(world, 0), newContainer(world, 1)]
  for (const [container, address] of [
    [first, '10.22.0.2/24'],
    [second, '10.22.0.3/24'],
  ] as const) {
    const config = { ...NETWORK, type: 'slipway', ipam: local }
    const { printed, done, stdout } = await call(variablesOf('ADD', container), config)
    t.true(done, stdout)
    t.deepEqual(printed.ips, [{ address, gateway: '10.22.0.1', interface: 2 }])
    const checked = await call(variablesOf('CHECK', container), { ...config, prevResult: printed })
    t.true(checked.done, checked.stdout)
  }
  for (const container of [first, second])
    t.true((await call(variablesOf('DEL', container), { ...NETWORK, type: 'slipway', ipam: local })).done)
  const fixed = { type: 'static', addresses: [{ address: '10.30.0.9/24', gateway: '10.30.0.1' }], routes: EVERYWHERE }
  const config = { ...NETWORK, name: 'fixed', type: 'slipway', ipam: fixed }
  const { printed } = await call(variablesOf('ADD', first), config)
  t.deepEqual(printed.ips, [{ address: '10.30.0.9/24', gateway: '10.30.0.1', interface: 2 }])
  t.true((await call(variablesOf('DEL', first), config)).done)
})

test("tuning and portmap behind it do what they are to do, and pass the result on; another MAC address is none of the container's", async (t) => {
  const world = new World(t)
  const container = newContainer(world, 0)
  const config = { ...NETWORK, type: 'slipway', ipam: { ...IPV4, routes: EVERYWHERE } }
  const { printed } = await ours(world)(variablesOf('ADD', container), config)
  const tuning = { ...NETWORK, type: 'tuning', sysctl: { 'net.core.somaxconn': '500' }, prevResult: printed }
  const tuned = await reference(world, 'tuning')(variablesOf('ADD', container), tuning)
  t.true(tuned.done, tuned.stdout)
  t.deepEqual(said(tuned.printed), said(printed))
  const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }
  const portmap = { ...NETWORK, type: 'portmap', runtimeConfig, prevResult: tuned.printed }
  const mapped = await reference(world, 'portmap')(variablesOf('ADD', container), portmap)
  t.true(mapped.done, mapped.stdout)
  serveTcp(t, container, 80)
  const fetch = (expected: string) => fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`, { expected })
  t.is(await fetch(NEIGHBOUR_ADDRESS), NEIGHBOUR_ADDRESS)
  const checked = await ours(world)(variablesOf('CHECK', container), { ...config, prevResult: mapped.printed })
  t.true(checked.done, checked.stdout)
  const other = { ...tuning, mac: '02:00:00:00:00:09' }
  const changed = await reference(world, 'tuning')(variablesOf('ADD', container), other)
  t.is(changed.printed.interfaces?.find(({ name }) => name === 'eth0')?.mac, '02:00:00:00:00:09', changed.stdout)
  t.is(await fetch(NO_ANSWER), NO_ANSWER)
})
