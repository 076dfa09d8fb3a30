import { existsSync, readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import { cniWorld, variablesOf, WEB, type CniAnswer, type CniWorld } from '../helpers/cni.js'
import { kernelState } from '../helpers/snapshot.js'
import { THOROUGH } from '../helpers/thorough.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { HOST_ADDRESS, ip, ipJson, NEIGHBOUR_ADDRESS, type Place } from '../helpers/world.js'

/** The plugin of CNI: what the specification (1.1.0) says that a plugin must do, and what its conventions ask for. */

const PORTS = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }

const addresses = (place: Place) =>
  ipJson<{ ifname: string; addr_info: { local: string; prefixlen: number; scope: string }[] }>(place, 'address')
    .flatMap(({ ifname, addr_info }) =>
      addr_info
        .filter(({ scope }) => scope === 'global')
        .map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`),
    )
    .sort()

const routes = (place: Place) =>
  ipJson<{ dst: string; gateway?: string }>(place, 'route').map(({ dst, gateway = '' }) => `${dst} ${gateway}`.trim())

const isRefused = (t: ExecutionContext, { done, printed }: CniAnswer, code: number, words: RegExp): void => {
  t.deepEqual([done, printed.code], [false, code], JSON.stringify(printed))
  t.regex(printed.msg ?? '', words)
}

/** Nothing of a container is there, and no network that was made for one. */
async function isEmpty(t: ExecutionContext, { slipway }: CniWorld, why?: string): Promise<void> {
  const [sandboxes, networks] = [await slipway.sandboxes.list(), await slipway.networks.list({ type: 'custom' })]
  t.deepEqual([sandboxes.map(({ name }) => name), networks.map(({ name }) => name)], [[], []], why)
}

test('ADD makes the interface, answers with what it has made, and DEL takes it away', async (t) => {
  const cni = await cniWorld(t)
  const { world, add, del } = cni
  const container = cni.container()
  const before = kernelState(container)
  const { done, printed } = await add(container, { ...WEB, runtimeConfig: PORTS })
  t.true(done, JSON.stringify(printed))
  const { interfaces = [], ...rest } = printed
  t.deepEqual(rest, {
    cniVersion: '1.1.0',
    ips: [{ address: '10.22.0.2/24', gateway: '10.22.0.1', interface: 2 }],
    routes: [{ dst: '0.0.0.0/0', gw: '10.22.0.1' }],
    dns: { nameservers: ['10.22.0.1'] },
  })
  const links = ipJson<{ ifname: string; address: string }>(container, 'link')
  t.deepEqual(interfaces[2], {
    name: 'eth0',
    mac: links.find(({ ifname }) => ifname === 'eth0')?.address ?? '',
    sandbox: container.path,
  })
  const onHost = ipJson<{ ifname: string }>(world.host, 'link').map(({ ifname }) => ifname)
  for (const { name, sandbox } of interfaces.slice(0, 2)) t.true(sandbox === undefined && onHost.includes(name), name)
  t.deepEqual(addresses(container), ['eth0 10.22.0.2/24'])
  t.deepEqual(routes(container), ['default 10.22.0.1', '10.22.0.0/24'])
  serveTcp(t, container, 80)
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080`), NEIGHBOUR_ADDRESS)

  t.deepEqual(await del(container), { done: true, printed: {} })
  t.deepEqual(kernelState(container), before)
  await isEmpty(t, cni)
})

test('VERSION needs nothing else, and answers in the version that is asked for', async (t) => {
  const { plugin } = await cniWorld(t)
  const supportedVersions = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']
  for (const [config, cniVersion] of [
    [{ cniVersion: '0.4.0' }, '0.4.0'],
    ['', '1.1.0'],
  ] as const)
    t.deepEqual(await plugin({ CNI_COMMAND: 'VERSION' }, config), {
      done: true,
      printed: { cniVersion, supportedVersions },
    })
})

test('the result and errors are in the version of the configuration', async (t) => {
  const cni = await cniWorld(t)
  const network = await cni.slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.22.0.0/24' }] })
  for (const cniVersion of ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0']) {
    const container = cni.container()
    const { printed } = await cni.add(container, { ...WEB, cniVersion })
    t.is(printed.cniVersion, cniVersion)
    t.deepEqual(
      printed.ips?.map(({ version }) => version),
      [cniVersion < '1' ? '4' : undefined],
      cniVersion,
    )
    t.is((await cni.add(cni.container(), { ...WEB, cniVersion, odd: 1 })).printed.cniVersion, cniVersion)
    t.true((await cni.del(container, { ...WEB, cniVersion })).done)
  }
  for (const cniVersion of ['0.2.0', '1.2.0', '2.0.0', 'new', ''])
    isRefused(
      t,
      await cni.add(cni.container(), { ...WEB, cniVersion }),
      1,
      /0\.3\.0, 0\.3\.1, 0\.4\.0, 1\.0\.0, 1\.1\.0/,
    )
  for (const [command, cniVersion] of [
    ['CHECK', '0.3.1'],
    ['STATUS', '1.0.0'],
    ['GC', '1.0.0'],
  ] as const) {
    const variables = variablesOf(command, cni.container())
    isRefused(t, await cni.plugin(variables, { ...WEB, cniVersion }), 1, new RegExp(`has no ${command}`))
  }
  await network.remove()
  await isEmpty(t, cni)
})

test('what a runtime leaves out or gets wrong is named, with the code for it, and nothing is made', async (t) => {
  const cni = await cniWorld(t)
  const container = cni.container()
  const all = variablesOf('ADD', container)
  const without = (name: string) => Object.fromEntries(Object.entries(all).filter(([key]) => key !== name))
  const cases: [Readonly<Record<string, string>>, unknown, number, RegExp][] = [
    [without('CNI_COMMAND'), WEB, 4, /CNI_COMMAND must be one of ADD/],
    [{ ...all, CNI_COMMAND: 'add' }, WEB, 4, /CNI_COMMAND.*"add"/],
    ...['CNI_CONTAINERID', 'CNI_NETNS', 'CNI_IFNAME'].map((name): (typeof cases)[number] => [
      without(name),
      WEB,
      4,
      new RegExp(`needs ${name}`),
    ]),
    [{ ...all, CNI_CONTAINERID: '../x' }, WEB, 4, /CNI_CONTAINERID/],
    ...['lo', 'a/b', '..', 'sixteen-letters-', 'a b'].map((name): (typeof cases)[number] => [
      { ...all, CNI_IFNAME: name },
      WEB,
      4,
      /CNI_IFNAME/,
    ]),
    [all, '', 6, /no configuration on stdin/],
    [all, '{', 6, /invalid JSON/],
    [all, '[]', 6, /invalid JSON/],
    [all, { ...WEB, ipam: { subnet: 7 } }, 6, /ipam\.subnet must be a text/],
    [all, { ...WEB, name: '' }, 7, /name must be the network's/],
    [all, { ...WEB, name: '../web' }, 7, /name must be the network's/],
    [all, { ...WEB, name: 'host' }, 7, /host/],
    [all, { ...WEB, driver: 'overlay' }, 104, /overlay/],
    [all, { ...WEB, bridge: 'cni0' }, 2, /no bridge \(it is "cni0"\)/],
    [all, { ...WEB, ipam: { ...WEB.ipam, dataDir: '/x' } }, 2, /no ipam\.dataDir \(it is "\/x"\)/],
    [all, { ...WEB, ipam: { ...WEB.ipam, routes: [{ dst: '10.0.0.0/8' }] } }, 2, /a route to "10\.0\.0\.0\/8"/],
    [all, { ...WEB, ipam: { subnet: '10.22.0.0' } }, 7, /must be a CIDR/],
    [all, { ...WEB, ipam: { ...WEB.ipam, rangeStart: '10.22.0.10', rangeEnd: '10.22.0.99' } }, 2, /one CIDR/],
    [all, { ...WEB, ipam: { ...WEB.ipam, rangeStart: 'ten' } }, 7, /rangeStart must be an address/],
    [all, { ...WEB, options: { speed: '1' } }, 7, /no option "speed"/],
    [all, { ...WEB, runtimeConfig: { bandwidth: { ingressRate: 1 } } }, 2, /no runtimeConfig\.bandwidth/],
    [all, { ...WEB, runtimeConfig: { ips: ['10.22.0.7', '10.22.0.8'] } }, 7, /one address of each IP version/],
    [all, { ...WEB, runtimeConfig: { ips: ['10.9.0.7/24'] } }, 7, /lies outside the subnet/],
    [all, { ...WEB, runtimeConfig: { mac: '01:00:00:00:00:01' } }, 7, /unicast MAC/],
    [all, { ...WEB, runtimeConfig: { portMappings: [{ containerPort: 80 }] } }, 7, /no hostPort/],
    [all, { ...WEB, runtimeConfig: { portMappings: [{ containerPort: 80, hostPort: 70000 }] } }, 7, /70000/],
    [
      all,
      { ...WEB, runtimeConfig: { portMappings: [{ hostPort: 80, containerPort: 80, protocol: 'icmp' }] } },
      7,
      /icmp/,
    ],
    [{ ...all, CNI_NETNS: '/run/netns/nothing' }, WEB, 106, /no network namespace \/run\/netns\/nothing/],
    [{ ...all, CNI_NETNS: '/etc/passwd' }, WEB, 7, /is no network namespace/],
    [{ ...all, CNI_NETNS: cni.world.host.path }, WEB, 7, /the host's own/],
  ]
  for (const [variables, config, code, words] of cases) {
    isRefused(t, await cni.plugin(variables, config), code, words)
    await isEmpty(t, cni, JSON.stringify(config))
  }
})

test('ADD is refused where an interface of that name is there, whoever has made it', async (t) => {
  const cni = await cniWorld(t)
  const container = cni.container()
  ip('-n', container.name, 'link', 'add', 'eth0', 'type', 'bridge')
  isRefused(t, await cni.add(container), 100, /eth0/)
  await isEmpty(t, cni)
  ip('-n', container.name, 'link', 'delete', 'eth0')
  t.true((await cni.add(container)).done)
  isRefused(t, await cni.add(container), 100, /web/)
  isRefused(t, await cni.add(container, { ...WEB, name: 'other', ipam: {} }), 100, /eth0/)
  t.deepEqual(addresses(container), ['eth0 10.22.0.2/24'])
})

test('DEL succeeds again, without a namespace, without a result, and for what never was', async (t) => {
  const cni = await cniWorld(t)
  const [container, other] = [cni.container(), cni.container()]
  t.true((await cni.del(container)).done)
  const { printed } = await cni.add(container, { ...WEB, runtimeConfig: PORTS })
  t.true((await cni.add(other)).done)
  // Another interface, and another network, are other attachments.
  t.true((await cni.del(container, WEB, { CNI_IFNAME: 'eth1' })).done)
  t.true((await cni.del(container, { ...WEB, name: 'other' })).done)
  t.deepEqual(addresses(container), ['eth0 10.22.0.2/24'])
  ip('netns', 'delete', container.name)
  t.true((await cni.del(container, { ...WEB, prevResult: printed }, { CNI_NETNS: '' })).done)
  t.true((await cni.del(container, WEB, { CNI_NETNS: '' })).done)
  t.deepEqual(
    (await cni.slipway.sandboxes.list()).map(({ path }) => path),
    [other.path],
  )
  // What is free is free for others: the address and the port.
  const third = cni.container()
  const { printed: again } = await cni.add(third, {
    ...WEB,
    runtimeConfig: { ...PORTS, ips: ['10.22.0.2/24'] },
  })
  t.is(again.ips?.[0]?.address, '10.22.0.2/24', JSON.stringify(again))
  for (const one of [third, other]) t.true((await cni.del(one)).done)
  await isEmpty(t, cni)
})

test('a container is on several networks by several interfaces, and leaves them one by one', async (t) => {
  const cni = await cniWorld(t)
  const container = cni.container()
  const DB = { ...WEB, name: 'adb', ipam: { ranges: [[{ subnet: '10.23.0.0/24' }], [{ subnet: 'fd00:23::/64' }]] } }
  t.true((await cni.add(container)).done)
  const more = { ...DB, runtimeConfig: { portMappings: [{ hostPort: 53, containerPort: 53, protocol: 'udp' }] } }
  const { printed } = await cni.add(container, more, { CNI_IFNAME: 'net1' })
  t.deepEqual(
    printed.ips?.map(({ address }) => address),
    ['10.23.0.2/24', 'fd00:23::2/64'],
  )
  // The first leads to the world by IPv4, and nothing else does by IPv6.
  t.deepEqual(printed.routes, [{ dst: '::/0', gw: 'fd00:23::1' }])
  t.true(routes(container).includes('default 10.22.0.1'))
  t.deepEqual(addresses(container), ['eth0 10.22.0.2/24', 'net1 10.23.0.2/24', 'net1 fd00:23::2/64'])
  const ports = async () => (await cni.slipway.sandboxes.list())[0]?.ports.map(({ hostPort }) => hostPort)
  t.true(((await ports()) ?? []).includes(53))
  t.true((await cni.del(container, more, { CNI_IFNAME: 'net1' })).done)
  t.deepEqual([addresses(container), await ports()], [['eth0 10.22.0.2/24'], []])
  const wins = await cni.add(container, { ...DB, isDefaultGateway: true }, { CNI_IFNAME: 'net1' })
  t.deepEqual(
    wins.printed.routes?.map(({ gw }) => gw),
    ['10.23.0.1', 'fd00:23::1'],
  )
  t.true(routes(container).includes('default 10.23.0.1'))
  for (const [config, name] of [
    [WEB, 'eth0'],
    [DB, 'net1'],
  ] as const)
    t.true((await cni.del(container, config, { CNI_IFNAME: name })).done)
  await isEmpty(t, cni)
})

test('there is a default route, unless routes are given and it is none of them', async (t) => {
  const cni = await cniWorld(t)
  for (const [config, expected] of [
    [{ ipam: { subnet: '10.22.0.0/24' } }, ['default 10.22.0.1']],
    [{ ipam: { subnet: '10.22.0.0/24', routes: [] } }, []],
    [{ ipam: { subnet: '10.22.0.0/24', routes: [] }, isDefaultGateway: true }, ['default 10.22.0.1']],
    [{ internal: true }, []],
  ] as const) {
    const container = cni.container()
    const { printed } = await cni.add(container, { ...WEB, ...config })
    const found = routes(container).filter((route) => route.startsWith('default'))
    t.deepEqual([found, printed.routes?.length], [expected, expected.length], JSON.stringify(printed))
    t.true((await cni.del(container)).done)
  }
})

test('what runtimes fill in comes before args, and that before CNI_ARGS', async (t) => {
  const cni = await cniWorld(t)
  await cni.slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.22.0.0/24' }] })
  const args = { CNI_ARGS: 'IgnoreUnknown=1;K8S_POD_NAME=shop;IP=10.22.0.7/24;MAC=02:00:00:00:00:07' }
  const seen = async (config: object) => {
    const container = cni.container()
    const { printed } = await cni.add(container, { ...WEB, ...config }, args)
    await cni.del(container)
    return [printed.ips?.[0]?.address, printed.interfaces?.[2]?.mac, printed.dns]
  }
  const own = { nameservers: ['10.22.0.1'] }
  const further = { cni: { ips: ['10.22.0.8'], labels: [] }, other: 1 }
  const given = { ips: ['10.22.0.9/24'], mac: '02:00:00:00:00:09', dns: { servers: ['192.0.2.53'], searches: ['a.b'] } }
  t.deepEqual(await seen({}), ['10.22.0.7/24', '02:00:00:00:00:07', own])
  t.deepEqual(await seen({ args: further }), ['10.22.0.8/24', '02:00:00:00:00:07', own])
  t.deepEqual(await seen({ args: further, runtimeConfig: given, dns: { nameservers: ['192.0.2.1'] } }), [
    '10.22.0.9/24',
    '02:00:00:00:00:09',
    { nameservers: ['192.0.2.53'], search: ['a.b'] },
  ])
  t.deepEqual((await seen({ dns: { nameservers: ['192.0.2.1'], domain: 'a.b' } }))[2], {
    nameservers: ['192.0.2.1'],
    domain: 'a.b',
  })
})

test('a result of plugins before this one is kept, and what is made comes behind it', async (t) => {
  const cni = await cniWorld(t)
  const before = {
    cniVersion: '1.1.0',
    interfaces: [{ name: 'eth9', sandbox: '/run/netns/other', mtu: 9000 }],
    ips: [{ address: '192.0.2.77/24', interface: 0 }],
    routes: [{ dst: '192.0.2.0/24' }],
    dns: { nameservers: ['192.0.2.53'] },
  }
  const { printed } = await cni.add(cni.container(), { ...WEB, dns: { search: ['a'] }, prevResult: before })
  t.deepEqual(printed.interfaces?.[0] as object, before.interfaces[0])
  t.is(printed.interfaces?.length, 4)
  t.deepEqual(printed.ips, [...before.ips, { address: '10.22.0.2/24', gateway: '10.22.0.1', interface: 3 }])
  t.deepEqual(printed.routes, [...before.routes, { dst: '0.0.0.0/0', gw: '10.22.0.1' }])
  t.deepEqual(printed.dns, { nameservers: ['10.22.0.1'], search: ['a'] })
})

test('CHECK says nothing where all is there, and what differs where it is not', async (t) => {
  const cni = await cniWorld(t)
  const container = cni.container()
  const config = { ...WEB, runtimeConfig: PORTS }
  const check = (result: unknown, more = {}) =>
    cni.plugin({ ...variablesOf('CHECK', container), ...more }, { ...config, prevResult: result })
  isRefused(t, await check({}), 3, /is not on the network web/)
  const { printed } = await cni.add(container, config)
  t.deepEqual(await check(printed), { done: true, printed: {} })
  // A plugin behind this one may have added to it.
  t.true((await check({ ...printed, routes: [{ dst: '10.0.0.0/8' }] })).done)
  isRefused(t, await check(undefined), 7, /no prevResult/)
  isRefused(t, await check({ ...printed, interfaces: [] }), 108, /no interface eth0/)
  const other = [{ ...printed.ips?.[0], address: '10.22.0.3/24' }]
  isRefused(t, await check({ ...printed, ips: other }), 108, /it has not the address 10\.22\.0\.3\/24/)
  isRefused(t, await check(printed, { CNI_NETNS: '/run/netns/other' }), 108, /CNI_NETNS is \/run\/netns\/other/)
  isRefused(t, await check(printed, { CNI_IFNAME: 'eth1' }), 3, /by eth1/)
  ip('-n', container.name, 'address', 'delete', '10.22.0.2/24', 'dev', 'eth0')
  isRefused(t, await check(printed), 108, /10\.22\.0\.2 is not an address of its own/)
  ip('-n', container.name, 'address', 'add', '10.22.0.2/24', 'dev', 'eth0')
  t.true((await check(printed)).done)
  ip('-n', cni.world.host.name, 'link', 'set', printed.interfaces?.[1]?.name ?? '', 'nomaster')
  isRefused(t, await check(printed), 108, /a link or an element of it was changed or deleted/)
  ip('netns', 'delete', container.name)
  isRefused(t, await check(printed), 106, /namespace/)
})

test('STATUS succeeds where a container could come, and names a network without room', async (t) => {
  const cni = await cniWorld(t)
  const small = { ...WEB, ipam: { subnet: '10.22.0.0/30' } }
  const status = (config: object) => cni.plugin({ CNI_COMMAND: 'STATUS' }, config)
  t.deepEqual(await status(small), { done: true, printed: {} })
  const container = cni.container()
  t.true((await cni.add(container, small)).done)
  isRefused(t, await status(small), 50, /no address left in 10\.22\.0\.0\/30/)
  isRefused(t, await cni.add(cni.container(), small), 103, /10\.22\.0\.0\/30/)
  isRefused(t, await status({ ...WEB, odd: 1 }), 2, /odd/)
  t.true((await cni.del(container, small)).done)
  t.true((await status(small)).done)
})

test('GC takes away all but what is valid, of its network, and nothing of others', async (t) => {
  const cni = await cniWorld(t)
  const [stays, goes, elsewhere] = [cni.container(), cni.container(), cni.container()]
  const other = { ...WEB, name: 'other', ipam: {} }
  for (const one of [stays, goes]) t.true((await cni.add(one)).done)
  t.true((await cni.add(elsewhere, other)).done)
  t.true((await cni.add(goes, other, { CNI_IFNAME: 'net1' })).done)
  await cni.slipway.sandboxes.create({ name: cni.world.name('mine'), network: 'web' })
  const gc = (valid: object) => cni.plugin({ CNI_COMMAND: 'GC' }, { ...WEB, ...valid })
  const attachments = [
    { containerID: stays.id, ifname: 'eth0' },
    { containerID: goes.id, ifname: 'net1' },
  ]
  t.deepEqual(await gc({ 'cni.dev/valid-attachments': attachments }), { done: true, printed: {} })
  t.deepEqual([addresses(stays).length, addresses(goes).length, addresses(elsewhere).length], [1, 1, 1])
  t.regex(addresses(goes)[0] ?? '', /^net1/)
  t.true((await gc({})).done)
  t.deepEqual(addresses(stays), [])
  t.is((await cni.slipway.networks.get('web')).name, 'web')
})

test('a network that somebody else has made is used, and stays', async (t) => {
  const cni = await cniWorld(t)
  await cni.slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.22.0.0/24' }], ipv6: true })
  const container = cni.container()
  const { printed } = await cni.add(container)
  t.is(printed.ips?.length, 2)
  isRefused(
    t,
    await cni.add(cni.container(), { ...WEB, ipam: { subnet: '10.30.0.0/24' } }),
    100,
    /with 10\.22\.0\.0\/24/,
  )
  isRefused(t, await cni.add(cni.container(), { ...WEB, driver: 'macvlan' }), 100, /of the driver bridge/)
  t.true((await cni.del(container)).done)
  t.is((await cni.slipway.networks.list({ type: 'custom' })).length, 1)
  // So is the one that every host has.
  const onBridge = { cniVersion: '1.0.0', name: 'bridge', type: 'slipway' }
  t.true((await cni.add(container, onBridge)).done)
  t.true((await cni.del(container, onBridge)).done)
})

/** To make a namespace takes as long as to connect it. */
const MANY = THOROUGH ? 100 : 10

test(`${MANY} containers come and go at once, each with an address of its own, and nothing is left`, async (t) => {
  const cni = await cniWorld(t)
  const containers = Array.from({ length: MANY }, () => cni.container())
  const answers = await Promise.all(containers.map((one) => cni.add(one)))
  t.deepEqual(
    answers.flatMap(({ done, printed }) => (done ? [] : [printed.msg])),
    [],
  )
  t.is(new Set(answers.map(({ printed }) => printed.ips?.[0]?.address)).size, MANY)
  const deleted = await Promise.all(containers.map((one) => cni.del(one)))
  t.true(deleted.every(({ done }) => done))
  await isEmpty(t, cni)
  t.true(containers.every(({ path }) => existsSync(path)))
})

test('once DEL has ended, the interface is gone: the same container may come again at once', async (t) => {
  const cni = await cniWorld(t)
  const [stays, container] = [cni.container(), cni.container()]
  const other = { ...WEB, name: 'other', ipam: {} }
  // At once: a program takes some time to start.
  const interfaces = () => enter(container.path, () => readFileSync('/proc/thread-self/net/dev', 'utf8'))
  t.true((await cni.add(stays)).done)
  for (let round = 0; round < 3; round++) {
    const added = await cni.add(container)
    t.true(added.done, JSON.stringify(added))
    t.true((await cni.add(container, other, { CNI_IFNAME: 'net1' })).done)
    t.true((await cni.del(container, other, { CNI_IFNAME: 'net1' })).done)
    t.notRegex(interfaces(), /net1/)
    t.true((await cni.del(container)).done)
    t.notRegex(interfaces(), /eth0/)
  }
})

test('the last container may go as the next one comes', async (t) => {
  const cni = await cniWorld(t)
  let last = cni.container()
  t.true((await cni.add(last)).done)
  for (let round = 0; round < (THOROUGH ? 200 : 5); round++) {
    const next = cni.container()
    const [added, deleted] = await Promise.all([cni.add(next), cni.del(last)])
    t.true(added.done && deleted.done, JSON.stringify([added, deleted]))
    last = next
  }
  t.true((await cni.del(last)).done)
  await isEmpty(t, cni)
})
