import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { difference, elements, kernelState } from '../helpers/snapshot.js'
import { fetchFrom, serveTcp } from '../helpers/traffic.js'
import { execIn, HOST_ADDRESS, ip, ipJson, World } from '../helpers/world.js'

/**
 * A sandbox that was finished once stays, whatever of it is taken away while the rules stand. The next open() gives
 * back what it lacks, or says what another has by now.
 */

interface Scene {
  world: World
  slipway: Slipway
  /** On the default network. */
  one: Sandbox
  /** On a network of both families, and on the default one. */
  both: Sandbox
  /** On a further bridge of a network of several. */
  leaf: Sandbox
  /** In a namespace that is not Slipway's. */
  guest: Sandbox
  /** Without a network. */
  none: Sandbox
}

const OPEN = { portsPerBridge: 1 }
const PORTS = { one: 8080, both: 8081, leaf: 8082, guest: 8083 } as const

async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open({ ...OPEN, portsPerBridge: 16 })
  await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
    ipv6: true,
  })
  const leaves = await world.open(OPEN)
  await leaves.networks.create({
    name: 'leaves',
    subnets: [{ subnet: '10.9.0.0/24' }, { subnet: 'fd00:9::/64' }],
    ipv6: true,
  })
  ip('netns', 'add', world.name('theirs'))
  const [one, both, , leaf, guest, none] = [
    await world.create(slipway, 'one', { publish: [`${PORTS.one}:80`] }),
    await world.create(slipway, 'both', { network: 'web', publish: [`${PORTS.both}:80`, '8090:81/udp'] }),
    await world.create(leaves, 'first', { network: 'leaves' }),
    await world.create(leaves, 'leaf', { network: 'leaves', publish: [`${PORTS.leaf}:80`] }),
    await world.create(slipway, 'guest', {
      netns: `/run/netns/${world.name('theirs')}`,
      network: 'web',
      publish: [`${PORTS.guest}:80`],
    }),
    await world.create(slipway, 'none', { network: 'none' }),
  ]
  await both.connect('bridge')
  for (const sandbox of [one, both, leaf, guest]) serveTcp(t, sandbox, 80)
  await leaves.close({ wait: true })
  return { world, slipway, one, both, leaf, guest, none }
}

async function works(t: ExecutionContext, { world }: Scene, what: string, but: readonly string[] = []): Promise<void> {
  for (const [name, port] of Object.entries(PORTS)) {
    const found = fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:${port}/`)
    if (!but.includes(name)) t.is(await found, '192.0.2.9', `${what}: ${name}`)
    else await found.catch(() => undefined)
  }
}

/**
 * Without numbers of links, which tell that they were made anew, and without routes that the kernel makes by itself, a
 * moment later.
 */
function likeBefore(world: World) {
  const { routes, addresses, elements, ruleset } = kernelState(world.host)
  const masters = ipJson<{ ifname: string; master?: string; flags: string[] }>(world.host, 'link').map(
    ({ ifname, master, flags }) => `${ifname} ${master ?? ''} ${flags.includes('UP')}`,
  )
  return {
    routes: routes.filter((line) => !line.includes('"protocol":"kernel"')).sort(),
    addresses: addresses.sort(),
    elements: elements.map((line) => line.replace(/"(packets|bytes)":\d+/g, '')).sort(),
    ruleset: ruleset.sort(),
    links: masters.sort(),
  }
}

const inside = ({ path }: Sandbox) =>
  ['address', '-6 address', 'route', '-6 route'].map((what) =>
    ip('-n', path.replace(/.*\//, ''), ...what.split(' '), 'show')
      .replace(/@if\d+/g, '')
      .replace(/^\d+: |link-netns \S+|link-netnsid \d+/gm, ''),
  )

const nft = ({ world }: Scene, text: string) => execIn(world.host, 'nft', text)
const hostLinks = ({ world }: Scene) =>
  elements(world.host, 'senders4', 'bridge').map(({ key }) => key.split(' . ')[0] ?? '')
const linkOf = ({ world }: Scene, { name }: Sandbox) =>
  elements(world.host, 'senders4', 'bridge')
    .find(({ comment }) => comment?.startsWith(`${name} `))
    ?.key.split(' . ')[0] ?? ''
const address = (sandbox: Sandbox) => sandbox.endpoints[0]?.addresses[0]?.split('/')[0] ?? ''

/** What is taken away from outside: all of it comes back. */
const DAMAGES: Readonly<Record<string, (scene: Scene) => unknown>> = {
  'the claim of one address': (scene) => nft(scene, `delete element inet slipway addresses4 { ${address(scene.one)} }`),
  'all zones': (scene) => nft(scene, 'flush map inet slipway zones4; flush map inet slipway errors4'),
  'all MACs': (scene) => nft(scene, 'flush set inet slipway macs'),
  'all senders': (scene) => nft(scene, 'flush set bridge slipway senders4; flush set bridge slipway senders6'),
  'every set': (scene) => {
    for (const [family, set] of [
      ['inet', 'addresses4'],
      ['inet', 'addresses6'],
      ['inet', 'macs'],
      ['bridge', 'senders4'],
      ['bridge', 'senders6'],
    ])
      nft(scene, `flush set ${family} slipway ${set}`)
    nft(scene, 'flush map inet slipway published4')
  },
  'the link of one': (scene) => execIn(scene.world.host, 'ip', 'link', 'delete', linkOf(scene, scene.one)),
  'all links': (scene) => {
    for (const link of new Set(hostLinks(scene))) execIn(scene.world.host, 'ip', 'link', 'delete', link)
  },
  'all links, bridges and sets': (scene) => {
    for (const link of new Set(hostLinks(scene))) execIn(scene.world.host, 'ip', 'link', 'delete', link)
    for (const { ifname } of ipJson<{ ifname: string }>(scene.world.host, 'link', 'show', 'type', 'bridge'))
      execIn(scene.world.host, 'ip', 'link', 'delete', ifname)
    nft(
      scene,
      'flush set inet slipway addresses4; flush set bridge slipway senders4; flush map inet slipway published4',
    )
  },
  'all links and the ruleset': (scene) => {
    for (const link of new Set(hostLinks(scene))) execIn(scene.world.host, 'ip', 'link', 'delete', link)
    nft(scene, 'flush ruleset')
  },
  'the links of two, taken down': (scene) => {
    for (const sandbox of [scene.one, scene.leaf])
      execIn(scene.world.host, 'ip', 'link', 'set', linkOf(scene, sandbox), 'down', 'nomaster')
  },
}

test.serial('what is taken away from outside, the next open() gives back', async (t) => {
  const scene = await setUp(t)
  const { world, slipway, ...sandboxes } = scene
  const before = likeBefore(world)
  const within = Object.values(sandboxes).map(inside)
  for (const [what, take] of Object.entries(DAMAGES)) {
    take(scene)
    const { reconciled } = await world.open(OPEN)
    t.deepEqual(reconciled.collected, [], what)
    t.is(reconciled.lost, undefined, what)
    t.true(reconciled.healed.length > 0, what)
    t.deepEqual(difference(before, likeBefore(world)), [], what)
    t.deepEqual(Object.values(sandboxes).map(inside), within, what)
  }
  await works(t, scene, 'in the end')
  const again = await world.open(OPEN)
  t.deepEqual([again.reconciled.healed, again.reconciled.collected], [[], []])
  t.is(again.reconciled.adopted.length, 6)
})

/** What a sandbox does inside stays as it is, and is its own affair. */
const DEEDS: Readonly<Record<string, string>> = {
  'eth0 down': 'ip link set eth0 down',
  'lo down': 'ip link set lo down',
  'both down': 'ip link set eth0 down; ip link set lo down',
  'addresses deleted': 'ip address flush dev eth0',
  'routes deleted': 'ip route flush table main; ip -6 route flush table main',
  'eth0 renamed': 'ip link set eth0 down; ip link set eth0 name x0',
}

test.serial('what sandboxes do inside lets the next open() take nothing from them', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const made: Sandbox[] = []
  for (const [index, deed] of Object.values(DEEDS).entries()) {
    for (const network of ['bridge', 'none']) {
      const sandbox = await world.create(
        slipway,
        `${network}${index}`,
        network === 'none' ? { network } : { publish: [`${8080 + index}:80`] },
      )
      execIn(sandbox, 'sh', '-c', `(${deed}) 2> /dev/null || true`)
      made.push(sandbox)
    }
  }
  await slipway.close({ wait: true })
  const before = likeBefore(world)
  const again = await world.open()
  const { adopted, altered = [], ...others } = again.reconciled
  const told = altered.map((sentence) => /^sandbox (\S+): inside, /.exec(sentence)?.[1] ?? '')
  t.deepEqual([...new Set([...adopted, ...told])].sort(), made.map(({ name }) => name).sort())
  t.deepEqual(others, { healed: [], collected: [] })
  t.deepEqual(difference(before, likeBefore(world)), [])
  await Promise.all(made.map(async ({ name }) => (await again.sandboxes.get(name)).remove()))
  await again.close({ wait: true })
  t.deepEqual(elements(world.host, 'addresses4'), [])
})

test.serial('one that has deleted its own interface gets another', async (t) => {
  const scene = await setUp(t)
  const before = likeBefore(scene.world)
  execIn(scene.one, 'ip', 'link', 'delete', 'eth0')
  const { reconciled } = await scene.world.open(OPEN)
  t.deepEqual(reconciled.healed, [scene.one.name])
  t.deepEqual(difference(before, likeBefore(scene.world)), [])
  await works(t, scene, 'eth0 deleted')
})

test.serial(
  'an address that another has claimed meanwhile: the sandbox stays, off that network, and its port rests',
  async (t) => {
    const scene = await setUp(t)
    const { world, one, both } = scene
    // It has not used the networks yet, so it learns of their addresses when the claims are gone.
    const late = await world.open(OPEN)
    for (const sandbox of [one, both]) nft(scene, `delete element inet slipway addresses4 { ${address(sandbox)} }`)
    const twin = await world.create(late, 'twin', { ip: address(one) })
    serveTcp(t, twin, 80)
    const again = await world.open(OPEN)
    t.deepEqual(again.reconciled.lost, [
      `sandbox ${one.name}: CONFLICT: its address ${address(one)} was claimed by the sandbox ${twin.name} while the claim was gone, so it was taken off the network bridge`,
    ])
    t.deepEqual(again.reconciled.healed, [both.name])
    const now = await again.sandboxes.get(one.name)
    t.deepEqual(now.endpoints, [])
    t.true(world.namespaces().includes(one.name))
    // No port leads to the other, which published nothing.
    t.false(elements(world.host, 'published4').some(({ key }) => key === 'tcp . 8080'))
    t.deepEqual(ipJson(now, 'route'), [])
    await works(t, scene, 'the others', ['one'])
    await now.connect('bridge')
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), '192.0.2.9')
    t.deepEqual((await world.open(OPEN)).reconciled.collected, [])
  },
)

test.serial('several that open the host at once after that give each thing back once', async (t) => {
  const scene = await setUp(t)
  const { world } = scene
  const before = likeBefore(world)
  for (const take of [DAMAGES['every set'], DAMAGES['all links']]) take?.(scene)
  const opened = await Promise.all([1, 2, 3, 4].map(() => world.open(OPEN)))
  for (const { reconciled } of opened) t.deepEqual([reconciled.collected, reconciled.lost], [[], undefined])
  t.deepEqual(difference(before, likeBefore(world)), [])
  await works(t, scene, 'at once')
})

test.serial('claims of many come back in few transactions, each set read a few times', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const many = await Promise.all(Array.from({ length: 70 }, (_, i) => world.create(slipway, `many${i}`)))
  const before = likeBefore(world)
  await slipway.close({ wait: true })
  execIn(world.host, 'nft', 'flush set inet slipway addresses4; flush set inet slipway macs')
  const plans: string[][] = []
  const hear = (message: unknown) => plans.push((message as { plan: { op: string }[] }).plan.map(({ op }) => op))
  subscribe('slipway:plan', hear)
  t.teardown(() => unsubscribe('slipway:plan', hear))
  const { reconciled } = await world.open()
  t.deepEqual(reconciled.healed.sort(), [...many.map(({ name }) => name), 'network bridge'].sort())
  t.deepEqual(reconciled.adopted, [])
  t.is(reconciled.lost, undefined)
  t.deepEqual(difference(before, likeBefore(world)), [])
  const writing = plans.filter((ops) => ops.includes('element.add'))
  // The network's own, and three groups.
  t.true(writing.length <= 4, `${writing.length} plans`)
})

test.serial('one of many whose address another has by now costs the others nothing', async (t) => {
  const world = new World(t)
  const slipway = await world.open()
  const many = await Promise.all(Array.from({ length: 5 }, (_, i) => world.create(slipway, `many${i}`)))
  const taken = address(many[2] as Sandbox)
  await slipway.close({ wait: true })
  execIn(world.host, 'nft', 'flush set inet slipway addresses4')
  execIn(world.host, 'nft', `add element inet slipway addresses4 { ${taken} }`)
  const { reconciled, sandboxes } = await world.open()
  t.deepEqual(
    reconciled.healed.sort(),
    many.filter((one) => one !== many[2]).map(({ name }) => name),
  )
  t.is(reconciled.lost?.length, 1)
  t.deepEqual((await sandboxes.get(many[2]?.name ?? '')).endpoints, [])
})
