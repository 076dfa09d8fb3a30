import test, { type ExecutionContext } from 'ava'
import type { Sandbox, Slipway } from 'slipway'
import { difference, rulesetLines } from '../helpers/snapshot.js'
import { momentsOf } from '../helpers/thorough.js'
import { eventually, execIn, ip, World } from '../helpers/world.js'

/**
 * An administrator deletes one thing of the ruleset, whichever it is: the next call gives a rule back, the next open()
 * an element.
 */

interface Scene {
  world: World
  slipway: Slipway
  /** On two bridges of the network `web`. */
  both: Sandbox
}

interface Rule {
  family: string
  chain: string
  handle: number
  comment?: string
}

interface Elements {
  family: string
  name: string
  map?: unknown
  elem?: unknown[]
}

const listed = (world: World) =>
  (JSON.parse(execIn(world.host, 'nft', '-j', '-a', 'list', 'ruleset')) as { nftables: Record<string, unknown>[] })
    .nftables

const rulesOf = (world: World) =>
  listed(world)
    .flatMap(({ rule }) => (rule ? [rule as Rule] : []))
    .filter(({ chain }) => chain !== MINE)

const setsOf = (world: World) =>
  listed(world).flatMap(({ set, map }) => ((set ?? map) ? [(set ?? map) as Elements] : []))

/** What a family's gateway mode is called in the options of a network. */
const modes = (mode: string) =>
  Object.fromEntries([4, 6].map((family) => [`com.docker.network.bridge.gateway_mode_ipv${family}`, mode]))

const FURTHER = ['192.0.2.3/32', '2001:db8::2/64', '2001:db8::3/64']

/** Sets that no network here fills. */
const EMPTY = ['segments4', 'segments6']

/** An element in every set. */
async function setUp(t: ExecutionContext): Promise<Scene> {
  const world = new World(t)
  for (const address of FURTHER)
    ip('-n', world.host.name, 'address', 'add', address, 'dev', 'uplink', ...(address.includes(':') ? ['nodad'] : []))
  const slipway = await world.open({ portsPerBridge: 2, bip6: 'fd00:1::1/64' })
  const networks = {
    web: {},
    routed: { options: modes('routed') },
    bare: { options: modes('nat-unprotected') },
    apart: { internal: true, options: { 'com.docker.network.bridge.enable_icc': 'false' } },
    sourced: {
      options: {
        'com.docker.network.host_ipv4': '192.0.2.2',
        'com.docker.network.host_ipv6': '2001:db8::2',
        'com.docker.network.bridge.trusted_host_interfaces': 'uplink',
      },
    },
  }
  for (const [number, [name, options]] of Object.entries(networks).entries()) {
    await slipway.networks.create({
      name,
      subnets: [{ subnet: `10.${number + 7}.0.0/24` }, { subnet: `fd00:${number + 7}::/64` }],
      ipv6: true,
      ...options,
    })
  }
  const publish = [
    '8080:80',
    '8080:80/udp',
    '192.0.2.2:8081:80/udp',
    '[2001:db8::2]:8081:80/udp',
    '8082:80/tcp,allow=192.0.2.9,allow=2001:db8::9',
    '192.0.2.2:8083:80/tcp,allow=192.0.2.9',
    '[2001:db8::2]:8083:80/tcp,allow=2001:db8::9',
  ]
  const both = await world.create(slipway, 'both', { network: 'web', publish })
  await world.create(slipway, 'beside', { network: 'web' })
  await world.create(slipway, 'leaf', { network: 'web', publish: ['192.0.2.3:*', '[2001:db8::3]:*'] })
  const first = await world.create(slipway, 'first', { publish: ['9001:80'] })
  await first.connect('apart')
  await world.create(slipway, 'routed', { network: 'routed', publish: ['9002:80'] })
  await (await world.create(slipway, 'router', { network: 'bare', forwarding: true })).connect('sourced')
  return { world, slipway, both }
}

function state({ world }: Scene) {
  const { ruleset, elements } = rulesetLines(world.host)
  return { ruleset: ruleset.sort(), elements: elements.sort() }
}

/** Whether all is as it was; the address of what was removed is given up a moment later. */
async function missing(scene: Scene, before: ReturnType<typeof state>): Promise<string[]> {
  let found: string[] = []
  await eventually(() => (found = difference(before, state(scene))).length === 0, 1000)
  return found
}

/** Each leaves the ruleset as it was. test/kernel/flushed.test.ts has the other calls. */
const calls: ((scene: Scene) => Promise<unknown>)[] = [
  async ({ world }) => (await world.open()).close(),
  async ({ both }) => {
    await both.publish('9000:90')
    await both.unpublish('9000:90')
  },
]

/** An administrator's chain, which jumps to every chain of ours that it may jump to. */
const MINE = 'mine'

function jumpToAll({ world }: Scene): void {
  for (const family of ['inet', 'bridge']) {
    const chains = [
      ...execIn(world.host, 'nft', 'list', 'table', family, 'slipway').matchAll(/chain (\S+) \{[^\n]*\n(?!\t\ttype)/g),
    ].map(([, chain]) => chain)
    execIn(
      world.host,
      'nft',
      [
        `add chain ${family} slipway ${MINE}`,
        ...chains.map((chain) => `add rule ${family} slipway ${MINE} jump ${chain}`),
      ].join('; '),
    )
  }
}

test.serial('any rule, while an administrator has rules that jump to chains of ours', async (t) => {
  const scene = await setUp(t)
  const { world } = scene
  jumpToAll(scene)
  const before = state(scene)
  const count = rulesOf(world).length
  const { first, step } = momentsOf(5)
  for (let index = first - 1; index < count; index += step) {
    const { family, chain, handle, comment = '' } = rulesOf(world)[index] as Rule
    execIn(world.host, 'nft', 'delete', 'rule', family, 'slipway', chain, 'handle', `${handle}`)
    await calls[index % calls.length]?.(scene)
    t.deepEqual(await missing(scene, before), [], `${family} ${chain}: ${comment}`)
  }
  t.true(count > 80)
})

/** As nft lists them: `tcp . 8080 counter packets 0 bytes 0 comment "app (0123456789ab)" : 172.17.0.2 . 80`. */
const elementsOf = (world: World, family: string, name: string, map: unknown): string[] =>
  /elements = \{ (.*?) \} \}/
    .exec(execIn(world.host, 'nft', 'list', map ? 'map' : 'set', family, 'slipway', name).replace(/\n\s*/g, ' '))?.[1]
    ?.split(', ') ?? []

test.serial('any element', async (t) => {
  const scene = await setUp(t)
  const { world } = scene
  const before = state(scene)
  const { first, step } = momentsOf(5)
  let seen = 0
  for (const { family, name, map, elem = [] } of setsOf(world)) {
    t.is(elem.length === 0, EMPTY.includes(name), `${name} has an element`)
    const owners = new Set<string>()
    for (const [index] of elem.entries()) {
      const element = elementsOf(world, family, name, map)[index] ?? ''
      const [, owner = ''] = /comment "([^"]*)"/.exec(element) ?? []
      if (owners.has(owner)) continue
      owners.add(owner)
      if (seen++ % step !== first - 1) continue
      execIn(
        world.host,
        'nft',
        `delete element ${family} slipway ${name} { ${element.replace(/ (counter|comment|:) .*/, '')} }`,
      )
      const slipway = await world.open()
      await slipway.close()
      t.is(slipway.reconciled.lost, undefined)
      t.deepEqual(await missing(scene, before), [], `${name} ${element}`)
    }
  }
})

test.serial('any element of a map that leads elsewhere under its comment', async (t) => {
  const scene = await setUp(t)
  const { world } = scene
  const before = state(scene)
  const { first, step } = momentsOf(5)
  const maps = setsOf(world).filter(({ map }) => map)
  for (const [index, { family, name, map }] of maps.entries()) {
    if (index % step !== first - 1) continue
    const held = elementsOf(world, family, name, map)
    const [element = ''] = held
    const [, key = '', rest = '', last] = /^(.*?)((?: counter| comment).* : .*)(.)$/.exec(element) ?? []
    const other = `${key}${rest}${last === '1' ? '2' : '1'}`
    execIn(
      world.host,
      'nft',
      `delete element ${family} slipway ${name} { ${key} }; add element ${family} slipway ${name} { ${other} }`,
    )
    t.notDeepEqual(elementsOf(world, family, name, map).sort(), [...held].sort(), name)
    const slipway = await world.open()
    await slipway.close()
    t.is(slipway.reconciled.lost, undefined)
    t.deepEqual(elementsOf(world, family, name, map).sort(), [...held].sort(), name)
    t.deepEqual(await missing(scene, before), [], name)
  }
  t.true(maps.length > 10)
})
