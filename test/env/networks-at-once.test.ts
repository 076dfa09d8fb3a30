import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import type { CreateNetworkOptions } from 'slipway'
import { elements } from '../helpers/snapshot.js'
import { momentsOf } from '../helpers/thorough.js'
import { eventually, ipJson, World } from '../helpers/world.js'
import { kernelIsAsListed } from './invariants.js'
import { howItEnded, startChild, WELL } from './run-child.js'

/** Eight processes create networks at the same moment: subnets are claims, and a process that is killed leaves none. */

const PROCESSES = 8

interface Outcome {
  name?: string
  subnets?: string[]
  code?: string
  message?: string
}

const KINDS: Omit<CreateNetworkOptions, 'name'>[] = [
  {},
  { ipv6: true },
  { ipv4: false, ipv6: true },
  { options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' } },
  { internal: true },
  { internal: true, options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'isolated' } },
]

/** Three networks for each process, of other kinds than those of the next. */
const LISTS = Array.from({ length: PROCESSES }, (_, process) =>
  [0, 1, 2].map((index) => ({ name: `net${process}-${index}`, ...KINDS[(process + index) % KINDS.length] })),
)

/** Lets each process create its networks at the same moment. @param began - Called then, with what ends one of them. */
async function atOnce(
  t: ExecutionContext,
  world: World,
  lists: CreateNetworkOptions[][],
  began?: (kill: (index: number) => void) => Promise<void>,
): Promise<(Outcome[] | undefined)[]> {
  const open = {
    netns: world.host.path,
    stateDir: world.stateDir,
    defaultAddressPools: [{ base: '10.0.0.0/8', size: 24 }],
  }
  const children = lists.map((networks) => startChild('networksAtOnce', { open, prefix: world.prefix, networks }))
  await Promise.all(children.map((child) => child.saysMore()))
  writeFileSync(join(world.stateDir, 'go'), '')
  const killed = new Set<number>()
  await began?.((index) => {
    killed.add(index)
    children[index]?.process.kill('SIGKILL')
  })
  const ended = await Promise.all(children.map((child) => child.ended))
  for (const [index, one] of ended.entries()) if (!killed.has(index)) t.like(howItEnded(one), WELL)
  return ended.map(({ said }) => said[1] as Outcome[] | undefined)
}

const claimed = (world: World) =>
  [4, 6].flatMap((family) => elements(world.host, `subnets${family}`).map(({ key }) => key)).sort()

const bridges = (world: World) =>
  ipJson<{ ifname: string }>(world.host, 'link').filter(({ ifname }) => ifname.startsWith('br-')).length

test.serial('networks of every kind: each has subnets of its own', async (t) => {
  const world = new World(t)
  const made = (await atOnce(t, world, LISTS)).flatMap((outcomes) => outcomes ?? [])
  t.deepEqual(
    made.filter(({ code }) => code),
    [],
  )
  const subnets = made.flatMap((one) => one.subnets ?? []).sort()
  t.is(
    subnets.length,
    LISTS.flat()
      .flatMap(({ ipv4 = true, ipv6 = false }) => [ipv4, ipv6])
      .filter(Boolean).length,
  )
  t.is(new Set(subnets).size, subnets.length)
  t.deepEqual(claimed(world), subnets)
  const slipway = await world.open()
  await kernelIsAsListed(t, world, slipway)
  t.is((await slipway.networks.prune()).length, LISTS.flat().length)
  t.deepEqual([claimed(world), bridges(world)], [[], 0])
})

test.serial('one subnet that all of them want: one has it, and the others hear which network that is', async (t) => {
  const world = new World(t)
  const lists = Array.from({ length: PROCESSES }, (_, index) => [
    { name: `net${index}`, subnets: [{ subnet: '10.8.0.0/24' }] },
  ])
  const made = (await atOnce(t, world, lists)).flatMap((outcomes) => outcomes ?? [])
  const [winner, ...more] = made.filter(({ code }) => code === undefined)
  t.deepEqual([winner?.subnets, more], [['10.8.0.0/24'], []])
  for (const { code, message = '' } of made.filter((one) => one !== winner)) {
    t.is(code, 'CONFLICT')
    t.regex(message, new RegExp(`the network ${winner?.name} (will have|has) 10\\.8\\.0\\.0/24`))
  }
  t.deepEqual(claimed(world), ['10.8.0.0/24'])
})

// Each of them is killed a little later than the one before; in `npm test`, one of them.
const MOMENTS = [3, 10, 25]
const { first, step } = momentsOf(MOMENTS.length)
for (const milliseconds of MOMENTS.filter((_, index) => (index + 1 - first) % step === 0)) {
  test.serial(
    `one of them is killed after ${milliseconds} ms: what it had claimed is a network's, or nobody's after the next open()`,
    async (t) => {
      const world = new World(t)
      await atOnce(t, world, LISTS, async (kill) => {
        await new Promise((resolve) => setTimeout(resolve, milliseconds))
        kill(milliseconds % PROCESSES)
      })
      const slipway = await world.open()
      await kernelIsAsListed(t, world, slipway)
      const listed = (await slipway.networks.list()).filter(({ userDefined }) => userDefined)
      t.true(listed.length >= (PROCESSES - 1) * 3)
      t.deepEqual(claimed(world), listed.flatMap(({ subnets }) => subnets).sort())
      for (const network of listed) await network.remove()
      t.true(await eventually(() => claimed(world).length + bridges(world) === 0))
      t.deepEqual((await world.open()).reconciled, { adopted: [], healed: [], collected: [] })
    },
  )
}
