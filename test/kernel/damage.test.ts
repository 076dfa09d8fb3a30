import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, statSync } from 'node:fs'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import test, { type ExecutionContext } from 'ava'
import { COMMAND, done, end, start } from '../helpers/command.js'
import { listenFor, setUpDamaged, type Scene } from '../helpers/damaged-host.js'
import { conditionOf, DAMAGES, stateFolder, type Damaged } from '../helpers/damages.js'
import { difference } from '../helpers/snapshot.js'
import { pingFlood, udpStream } from '../helpers/streams.js'
import { momentsOf } from '../helpers/thorough.js'
import { echoUdp, fetchFrom } from '../helpers/traffic.js'
import { eventually, lasting, execIn, HOST_ADDRESS, ipJson, runIn } from '../helpers/world.js'

/**
 * What others do to a host (helpers/damages.ts), and who notices it: a process that is open, at once; the next open();
 * doctor, which needs no process.
 */

/** All of a host is looked at by several, or after a flood of news: on a busy machine that takes a while. */
const BUSY_MS = 15_000

async function works(t: ExecutionContext, { world }: Damaged, what: string): Promise<void> {
  for (const port of [8080, 8081])
    t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:${port}/`), '192.0.2.9', `${what}: ${port}`)
}

/** Without these tables, or what is in them, no port leads anywhere. */
const CUTS_ALL = /flush ruleset|table inet slipway/

/**
 * Traffic of what is not damaged: between two sandboxes, and from outside to a published port. Returns what begins it,
 * which returns what ends it and says how many packets were lost.
 */
async function calmTraffic(t: ExecutionContext, { world, slipway }: Scene) {
  await slipway.networks.create({ name: 'calm' })
  const server = await world.create(slipway, 'server', { network: 'calm', publish: ['8082:90/udp'] })
  const client = await world.create(slipway, 'client', { network: 'calm' })
  echoUdp(t, server, 90)
  const [address = ''] = server.endpoints[0]?.addresses[0]?.split('/') ?? []
  return () => {
    const ping = pingFlood(t, client, address, ['-i', '0.002', '-W', '1'])
    const published = udpStream(t, world.neighbour, HOST_ADDRESS, 8082)
    return async () => {
      const { sent, answered } = await ping()
      return { between: sent - answered, sent, published: (await published()).length }
    }
  }
}

test.serial('a process that is open gives it back at once, and tells; traffic of others goes on', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const begin = await calmTraffic(t, scene)
  const heard = listenFor(t, scene.slipway)
  const before = conditionOf(scene)
  let looks = 0
  const looked = () => looks++
  subscribe('slipway:damage', looked)
  t.teardown(() => unsubscribe('slipway:damage', looked))
  // What is damaged once may be damaged again.
  const { first, step } = momentsOf(2)
  const tried = Object.entries(DAMAGES).filter((_, index) => index % step === first % step)
  // One of them once more: what is damaged again is given back again.
  for (const [what, damage] of tried.flatMap((one, index) => (index % 8 === 0 ? [one, one] : [one]))) {
    if (damage.silent) continue
    heard.length = 0
    const sofar = looks
    const end = begin()
    damage.do(scene)
    t.true(await eventually(() => looks > sofar), what)
    // A look that was under way may have given it back in passing.
    t.true(await eventually(() => heard.some(({ action }) => action === 'damaged' || action === 'healed')), what)
    t.deepEqual(await lasting(() => difference(before, conditionOf(scene))), [], what)
    const { between, published, sent } = await end()
    t.true(sent > 0)
    t.is(between, 0, what)
    if (!CUTS_ALL.test(what)) t.is(published, 0, what)
    t.deepEqual(
      heard.filter(({ action }) => action === 'lost'),
      [],
      what,
    )
    const told = heard.find(({ action }) => action === 'damaged')
    if (told && /table|chain|rule|flush|claim|port deleted/.test(what))
      t.regex(
        told.attributes['message'] ?? '',
        /was changed or deleted, by nft \(process \d+\)\. It is given back\./,
        what,
      )
  }
  await works(t, scene, 'in the end')
})

test.serial('with heal: false, a process that is open only tells; the next open() gives it back', async (t) => {
  const scene = await setUpDamaged(t, { heal: false })
  const heard = listenFor(t, scene.slipway)
  const before = conditionOf(scene)
  const { first, step } = momentsOf(3)
  const tried = Object.entries(DAMAGES).filter(([, { doctor }], index) => doctor && index % step === first % step)
  for (const [what, { do: damage, silent }] of tried) {
    heard.length = 0
    damage(scene)
    if (!silent) t.true(await eventually(() => heard.length > 0), what)
    const slipway = await scene.world.open()
    // What has been given back by then, it would not find.
    t.true(slipway.reconciled.healed.length > 0, what)
    t.is(slipway.reconciled.lost, undefined, what)
    await slipway.close()
    t.deepEqual(difference(before, conditionOf(scene)), [], what)
    t.deepEqual([...new Set(heard.map(({ action }) => action))], silent ? [] : ['damaged'], what)
    t.true(
      heard.every(({ attributes }) =>
        attributes['message']?.endsWith(
          'This process leaves it so (heal: false): one that heals gives it back, a call that needs it, or the next open().',
        ),
      ),
      what,
    )
  }
  await works(t, scene, 'in the end')
  await scene.slipway.close()
  t.deepEqual((await scene.world.open()).reconciled, {
    adopted: [scene.beside, scene.both, scene.one].map(({ name }) => name).sort(),
    healed: [],
    collected: [],
  })
})

test.serial('with heal: false, a process only tells of records that were deleted', async (t) => {
  const scene = await setUpDamaged(t, { heal: false })
  const heard = listenFor(t, scene.slipway)
  const before = conditionOf(scene)
  const folder = stateFolder(scene.world)
  const kept = `${folder}-kept`
  cpSync(folder, kept, { recursive: true })
  for (const what of Object.keys(DAMAGES).filter((name) => /^(the|all) records?\b/.test(name))) {
    heard.length = 0
    DAMAGES[what]?.do(scene)
    const tells = /omebody has deleted the record.*heal: false/
    t.true(await eventually(() => heard.some(({ attributes }) => tells.test(attributes['message'] ?? ''))), what)
    t.notDeepEqual(difference(before, conditionOf(scene)), [], what)
    cpSync(kept, folder, { recursive: true })
    // A name that was deleted, too, comes back as others do.
    await (await scene.world.open()).close()
    t.deepEqual(difference(before, conditionOf(scene)), [], what)
  }
})

const FIXED = [
  'nft flush ruleset',
  'docker0 deleted',
  'the bridge of web down',
  'a link deleted',
  'a published port deleted',
]

test.serial('doctor names it without a process that is open, and doctor --fix gives it back', async (t) => {
  const scene = await setUpDamaged(t)
  await scene.slipway.close()
  const { world } = scene
  const doctor = async (...flags: string[]) => {
    const { stdout } = await end(start(world, ['doctor', '--json', ...flags]))
    return (JSON.parse(stdout) as { check: string; status: string; finding: string }[])
      .filter(({ check, status }) => status === 'problem' && ['sandboxes', 'networks'].includes(check))
      .map(({ finding }) => finding)
  }
  const before = conditionOf(scene)
  t.deepEqual(await doctor(), [])
  const { first, step } = momentsOf(8)
  for (const [index, [what, damage]] of Object.entries(DAMAGES).entries()) {
    if (!damage.doctor || (!FIXED.includes(what) && index % step !== first % step)) continue
    damage.do(scene)
    t.regex((await doctor()).join('; '), damage.doctor, what)
    // It does what open() does, which is quicker.
    if (FIXED.includes(what)) t.deepEqual(await doctor('--fix'), [], what)
    else await (await world.open()).close()
    t.deepEqual(difference(before, conditionOf(scene)), [], what)
  }
})

test.serial('heal: false only tells; the next call that needs it gives it back', async (t) => {
  const scene = await setUpDamaged(t, { heal: false })
  const heard = listenFor(t, scene.slipway)
  execIn(scene.world.host, 'nft', 'flush ruleset')
  t.true(await eventually(() => heard.length > 0))
  t.regex(heard[0]?.attributes['message'] ?? '', /heal: false/)
  t.is(execIn(scene.world.host, 'nft', 'list', 'ruleset'), '')
  await scene.world.create(scene.slipway, 'next')
  await works(t, scene, 'after a call')
})

test.serial('a bridge that is down is damage of its network, and of no sandbox whose port waits for it', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const heard = listenFor(t, scene.slipway)
  for (const [network, bridge] of [
    ['bridge', 'docker0'],
    ['web', scene.web],
  ] as const) {
    heard.length = 0
    execIn(scene.world.host, 'ip', 'link', 'set', bridge, 'down')
    t.true(await eventually(() => heard.some(({ action }) => action === 'healed')), bridge)
    t.deepEqual(
      heard.filter(({ action }) => action === 'damaged').map(({ attributes }) => attributes['message']),
      [`Something of the network ${network} was changed or deleted. It is given back.`],
    )
    t.deepEqual(heard.filter(({ action }) => action === 'healed').length, 1, bridge)
  }
  await works(t, scene, 'in the end')
})

test.serial('what another has by now stays its own, and is told as lost', async (t) => {
  const { world, slipway, one, both, web } = await setUpDamaged(t, { heal: true })
  const heard = listenFor(t, slipway)
  const losses = () =>
    heard.flatMap(({ action, attributes }) => (action === 'lost' ? [attributes['message'] ?? ''] : [])).join('; ')
  const address = one.endpoints[0]?.addresses[0]?.split('/')[0]
  execIn(
    world.host,
    'nft',
    `delete element inet slipway published4 { tcp . 8081 }; add element inet slipway published4 { tcp . 8081 : ${address} . 80 }`,
  )
  t.true(
    await eventually(() =>
      losses().includes(`sandbox ${both.name}: its port 8081/tcp was claimed by an administrator`),
    ),
  )
  const published = execIn(world.host, 'nft', '--stateless', 'list', 'map', 'inet', 'slipway', 'published4')
  t.true(published.includes(`tcp . 8081 counter : ${address} . 80`), published)

  // A bridge of somebody else's: no link of a sandbox becomes a port of it.
  heard.length = 0
  execIn(world.host, 'sh', '-ec', `ip link delete ${web}; ip link add ${web} type bridge; ip link set ${web} up`)
  t.true(
    await eventually(() =>
      losses().includes(`There is an interface ${web}, and it is not the bridge of the network web`),
    ),
  )
  t.deepEqual(ipJson(world.host, 'link', 'show', 'master', web), [])
  const { reconciled } = await world.open()
  t.regex(reconciled.lost?.join('; ') ?? '', /^network web: There is an interface .*; sandbox .*: its port 8081/)
  t.deepEqual(ipJson(world.host, 'link', 'show', 'master', web), [])
})

test.serial('who has done it is named, and nobody who has taken away what is his meanwhile', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const { world } = scene
  const name = world.name('theirs')
  await done(world, 'create', '--name', name, '-p', '8090:80')
  const heard = listenFor(t, scene.slipway)
  // This process does not get to look at the one before it has heard of the other.
  const line = [COMMAND, `--netns=${world.host.path}`, `--state-dir=${world.stateDir}`, 'rm', name]
  execFileSync(process.execPath, line)
  DAMAGES['the chain forward flushed']?.do(scene)
  t.true(await eventually(() => heard.length > 0))
  t.regex(
    heard[0]?.attributes['message'] ?? '',
    /^Something of the ruleset was changed or deleted, by nft \(process \d+\)\. It is given back\.$/,
  )
})

test.serial('damage in the first moments of what it is done to is given back, too', async (t) => {
  const { world, slipway } = await setUpDamaged(t, { heal: true })
  await slipway.networks.create({ name: 'new', options: { 'com.docker.network.bridge.name': 'br-new' } })
  execIn(world.host, 'ip', 'link', 'set', 'br-new', 'down')
  t.true(
    await eventually(
      () => ipJson<{ flags: string[] }>(world.host, 'link', 'show', 'br-new')[0]?.flags.includes('UP') ?? false,
    ),
  )
})

test.serial('a sandbox that goes on deleting its link has it in the end', async (t) => {
  const { world, slipway, one } = await setUpDamaged(t, { heal: true })
  const heard = listenFor(t, slipway)
  await runIn(one, 'sh', '-c', 'for i in $(seq 300); do ip link delete eth0 2>/dev/null; done; true')
  t.true(await eventually(() => ipJson(one, 'link').length === 2))
  t.true(heard.some(({ action }) => action === 'healed'))
  t.is(await fetchFrom(world.neighbour, `http://${HOST_ADDRESS}:8080/`), '192.0.2.9')
})

test.serial('of two processes that are open, both hear of it, and nothing is given back twice', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const other = await scene.world.open({ heal: true })
  const heard = [listenFor(t, scene.slipway), listenFor(t, other)]
  const before = conditionOf(scene)
  for (const what of ['the claim of an address deleted', 'a link deleted', 'docker0 down', 'nft flush ruleset']) {
    for (const one of heard) one.length = 0
    DAMAGES[what]?.do(scene)
    t.deepEqual(await lasting(() => difference(before, conditionOf(scene))), [], what)
    t.deepEqual(
      heard.flat().filter(({ action }) => action === 'lost'),
      [],
      what,
    )
  }
  await works(t, scene, 'in the end')
})

test.serial('what other processes do in the course of their work is no damage', async (t) => {
  const { world, slipway } = await setUpDamaged(t, { heal: true })
  const heard = listenFor(t, slipway)
  const other = await world.open({ pool: { size: 2 } })
  for (let round = 0; round < 10; round++) {
    await other.networks.create({ name: `n${round}` })
    const sandbox = await world.create(other, `x${round}`, { network: `n${round}`, publish: ['80'] })
    await sandbox.connect('web')
    await sandbox.publish('81/udp')
    await sandbox.disconnect('web')
    await sandbox.unpublish('81/udp')
    await sandbox.remove()
    await (await other.networks.get(`n${round}`)).remove()
  }
  await other.close({ wait: true })
  t.deepEqual(heard, [])
})

test.serial('what was not heard, as there was too much of it, is looked for', async (t) => {
  const scene = await setUpDamaged(t, { heal: true })
  const heard = listenFor(t, scene.slipway)
  const before = conditionOf(scene)
  // While this thread reads nothing, more than there is room for.
  const toggles = "yes 'link set docker0 mtu 1400\nlink set docker0 mtu 1500' | head -n 12000 | ip -batch -"
  execIn(
    scene.world.host,
    'sh',
    '-ec',
    `${toggles.replace("yes '", `yes "$(printf '`).replace("' |", `')" |`)}; ip link set docker0 down; nft flush set inet slipway macs`,
  )
  t.true(
    await eventually(() => heard.some(({ attributes }) => /more to tell/.test(attributes['message'] ?? '')), BUSY_MS),
  )
  t.deepEqual(await lasting(() => difference(before, conditionOf(scene))), [])
})

test.serial(
  'a namespace of another host, with the same addresses and MACs, is not taken for one that has lost its name',
  async (t) => {
    const [ours, theirs] = [await setUpDamaged(t), await setUpDamaged(t)]
    t.is(ours.one.endpoints[0]?.mac, theirs.one.endpoints[0]?.mac)
    t.deepEqual(ours.one.endpoints[0]?.addresses, theirs.one.endpoints[0]?.addresses)
    // Theirs is the one that processes are in.
    ours.inside.kill('SIGKILL')
    const { ino } = statSync(theirs.one.path)
    await ours.slipway.close()
    execFileSync('ip', ['netns', 'delete', ours.one.name])
    const again = await ours.world.open()
    t.false(existsSync(ours.one.path))
    t.false(again.reconciled.healed.includes(ours.one.name))
    t.is(statSync(theirs.one.path).ino, ino)
  },
)
