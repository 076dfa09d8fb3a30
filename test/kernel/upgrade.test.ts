import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { SlipwayError } from '#lib/index.js'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import { RULESET_NUMBER, RULESET_VERSION } from '#lib/policy/ruleset.js'
import { slipway as command } from '../helpers/command.js'
import { countedBy, elementLines, rulesets } from '../helpers/counted.js'
import { Conversation, serveEcho } from '../helpers/conversation.js'
import { layOutOldHost, loadRuleset } from '../helpers/old-host.js'
import { kernelState, readFiles } from '../helpers/snapshot.js'
import { pingFlood, TcpStream, udpStream } from '../helpers/streams.js'
import { openUdp } from '../helpers/traffic.js'
import { eventually, execIn, HOST_ADDRESS, World, type Place } from '../helpers/world.js'

/**
 * A host of 0.1.0 (test/fixtures/0.1.0) is taken over by this version: the ruleset is replaced, and what it held is
 * there. `Host.run` is watched by one test at a time.
 */
const serial = test.serial

const chain = (place: Place, name: string): string[] =>
  execIn(place, 'nft', 'list', 'chain', 'inet', 'slipway', name)
    .split('\n')
    .map((line) => line.trim())

function oldHost(t: ExecutionContext, version?: number) {
  const world = new World(t)
  return { world, places: layOutOldHost(world, version === undefined ? {} : { version }) }
}

/** What an administrator may have in the chain that is left for that: a set, a chain and a counter of their own. */
const ADMINISTRATORS = `
add set inet slipway blocked { type ipv4_addr; flags interval; counter; }
add element inet slipway blocked { 203.0.113.0/24 counter packets 3 bytes 180, 198.51.100.7 }
add counter inet slipway hits { packets 5 bytes 300 }
add chain inet slipway mine
add rule inet slipway mine ip saddr 192.0.2.77 counter name "hits"
add rule inet slipway mine ip saddr @blocked counter packets 2 bytes 120 drop comment "mine"
add rule inet slipway user ip saddr { 10.9.0.0/16, 10.11.0.1 } drop
add rule inet slipway user tcp dport vmap { 6666 : drop, 6667 : jump mine }
add rule inet slipway user jump mine
`

/** Elements of an administrator's, as many as a thousand sandboxes have there. */
const CROWD = ['inet slipway macs', 'bridge slipway senders4']
  .map((set, index) => {
    const elements = Array.from({ length: 1000 }, (_, number) => {
      const [high, low] = [number >> 8, number & 0xff]
      const mac = `02:00:00:00:${high.toString(16)}:${low.toString(16)}`
      return `"x" . ${mac}${index === 1 ? ` . 10.9.${high}.${low}` : ''}`
    })
    return `add element ${set} { ${elements.join(', ')} }`
  })
  .join('\n')

const setsOf = (lines: readonly string[]): string[] => lines.map((line) => line.split(' ').slice(0, 2).join(' ')).sort()

/** What the records owe to ruleset 6, and 5 did not have: each element by its set. */
const NEW = ['inet masqueraded4', 'inet nearer4', 'inet zoned4', 'inet zoned4', 'inet zoned6']

serial('open() replaces the ruleset of 0.1.0: what it held is there, and no packet is lost', async (t) => {
  const { world, places } = oldHost(t)
  const { host, neighbour } = world
  loadRuleset(world, `${ADMINISTRATORS}${CROWD}`)
  serveEcho(t, places.app, 80)
  serveEcho(t, places.front, 443)
  for (const [place, served] of [
    [places.app, 53],
    [places.front, 7],
  ] as const) {
    const echo = openUdp(t, place, served)
    echo.on('message', (message, { port, address }) => echo.send(message, port, address))
  }
  // A frame that is not its own counts, and is dropped. Nobody has to be asked for, as a question would be repeated.
  execIn(
    places.db,
    'sh',
    '-c',
    `ip neighbor replace 172.20.0.1 lladdr 02:42:ac:14:00:01 dev eth0
    ip address add 172.20.0.99/32 dev eth0
    ping -c 1 -W 0.2 -I 172.20.0.99 172.20.0.1
    ip address delete 172.20.0.99/32 dev eth0`,
  )
  t.deepEqual(rulesets(host), ['slipway ruleset 5', 'slipway ruleset 5'])

  // To published ports, and over the switch.
  const streams = [new TcpStream(t, neighbour, `${HOST_ADDRESS}:8080`), new TcpStream(t, places.db, '172.20.0.3:443')]
  const datagrams = [udpStream(t, neighbour, HOST_ADDRESS, 5353), udpStream(t, places.db, '172.20.0.3', 7)]
  for (const stream of streams) t.true(await stream.heard(20))
  const floods = [
    pingFlood(t, host, '172.17.0.2'),
    pingFlood(t, places.app, '192.0.2.9'),
    pingFlood(t, places.db, '172.20.0.3'),
  ]
  const before = elementLines(host)
  const counted = countedBy(host)
  const users = ['user', 'mine'].map((name) => chain(host, name))
  const blocked = execIn(host, 'nft', 'list', 'set', 'inet', 'slipway', 'blocked')
  const hits = execIn(host, 'nft', 'list', 'counter', 'inet', 'slipway', 'hits')
  const slipway = await world.open()

  for (const stream of streams) {
    const { whole, count } = await stream.end()
    t.true(whole, `a part of ${count} numbers is missing`)
  }
  for (const missing of datagrams) t.deepEqual(await missing(), [])
  for (const flood of floods) {
    const { sent, answered } = await flood()
    t.true(sent > 0)
    t.is(answered, sent)
  }

  t.deepEqual(rulesets(host), [RULESET_VERSION, RULESET_VERSION])
  // Bridges and ports of 0.1.0 let pass what a later version does not: they are set as they are to be.
  const [alone = '', ...others] = ['alone', 'app', 'db', 'front', 'vault'].map((name) => world.name(name))
  const { healed, ...rest } = slipway.reconciled
  t.deepEqual([...healed].sort(), ['network bridge', 'network quiet', 'network shy', 'network web', ...others].sort())
  t.deepEqual(rest, {
    adopted: [alone],
    collected: [],
    upgraded: `ruleset 5 of the nf_tables tables "slipway" was replaced by ruleset ${RULESET_NUMBER}`,
  })
  const after = elementLines(host)
  t.deepEqual(
    before.filter((line) => !after.includes(line)),
    [],
  )
  t.deepEqual(setsOf(after.filter((line) => !before.includes(line))), NEW)
  // The rules that both versions have. (What sandboxes send of themselves may go on counting.)
  const still = countedBy(host)
  const common = [...counted].filter(([rule]) => still.has(rule))
  t.deepEqual(
    common.filter(([rule, packets]) => Number(still.get(rule)) < packets),
    [],
  )
  t.true(Number(counted.get('sender: not its own')) > 0)
  t.deepEqual(
    ['user', 'mine'].map((name) => chain(host, name)),
    users,
  )
  t.is(execIn(host, 'nft', 'list', 'set', 'inet', 'slipway', 'blocked'), blocked)
  t.is(execIn(host, 'nft', 'list', 'counter', 'inet', 'slipway', 'hits'), hits)
})

serial('a host that was taken over works: ports, claims, removals, and what is made anew', async (t) => {
  const { world, places } = oldHost(t)
  const { host, neighbour } = world
  serveEcho(t, places.app, 80)
  serveEcho(t, places.db, 5432)
  serveEcho(t, places.front, 443)
  const slipway = await world.open()
  for (const [from, to] of [
    [neighbour, `${HOST_ADDRESS}:8080`],
    [neighbour, `${HOST_ADDRESS}:443`],
    [host, '127.0.0.1:5432'],
    [places.db, '172.20.0.3:443'],
  ] as const)
    t.true(await new Conversation(t, from, to).says('hello'), to)
  await t.throwsAsync(world.create(slipway, 'late', { publish: ['8080:80'] }), { code: 'PORT_IN_USE' } as object)
  await t.throwsAsync(world.create(slipway, 'late', { network: 'web', ip: '172.20.0.3' }), {
    instanceOf: SlipwayError,
    message: /172\.20\.0\.3/,
  })
  const front = await slipway.sandboxes.get(places.front.name)
  await front.disconnect('shy')
  await front.connect('quiet')
  const records = Object.entries(readFiles(world.stateDir))
  const versionOf = (name: string) =>
    (JSON.parse(records.find(([path]) => path.endsWith(`${name}.json`))?.[1] ?? '{}') as { version?: number }).version
  t.deepEqual(
    ['front', 'db'].map((name) => versionOf(world.name(name))),
    [3, 2],
  )
  for (const { name } of Object.values(places)) await (await slipway.sandboxes.get(name)).remove()
  for (const name of ['web', 'quiet', 'shy']) await (await slipway.networks.get(name)).remove()
  await slipway.close()
  const { status, stderr } = await command(world, 'uninstall', '--force')
  t.is(status, 0, stderr)
  t.deepEqual(rulesets(host), [])
  t.deepEqual(elementLines(host), [])
})

serial('what another process claims between the reading and the transaction is claimed still', async (t) => {
  const { world } = oldHost(t)
  const { run } = Host.prototype
  let tried = 0
  Host.prototype.run = function (this: Host, plan: Plan, options?: RunOptions) {
    if (plan[0]?.op === 'generation.check' && ++tried === 1)
      loadRuleset(world, 'add element inet slipway addresses4 { 172.17.0.77 comment "an administrator" }')
    return run.call(this, plan, options)
  }
  t.teardown(() => (Host.prototype.run = run))
  await world.open()
  t.is(tried, 2)
  t.true(elementLines(world.host).some((line) => line.includes('172.17.0.77')))
  t.deepEqual(rulesets(world.host), [RULESET_VERSION, RULESET_VERSION])
})

/** What the kernel and the state folder have. */
const stateOf = (world: World) => ({
  ...kernelState(world.host),
  files: readFiles(world.stateDir),
  all: readdirSync(world.stateDir, { recursive: true }).sort(),
})

serial('a newer ruleset is refused before anything is written', async (t) => {
  const { world } = oldHost(t, RULESET_NUMBER + 1)
  const before = stateOf(world)
  await t.throwsAsync(world.open(), {
    instanceOf: SlipwayError,
    message: new RegExp(
      `ruleset ${RULESET_NUMBER + 1}, and this version knows ruleset ${RULESET_NUMBER}.*slipway uninstall`,
    ),
  })
  t.deepEqual(stateOf(world), before)
})

serial('a process that is open when a newer version replaces the ruleset works on, and tells', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ heal: true })
  await world.create(slipway, 'before')
  const told: string[] = []
  const listening = new AbortController()
  t.teardown(() => listening.abort())
  void (async () => {
    for await (const { attributes } of slipway.events({ action: 'lost', signal: listening.signal }))
      told.push(attributes['message'] ?? '')
  })().catch(() => undefined)
  const newer = execIn(world.host, 'nft', 'list', 'ruleset').replaceAll(
    RULESET_VERSION,
    `slipway ruleset ${RULESET_NUMBER + 1}`,
  )
  loadRuleset(world, `delete table inet slipway\ndelete table bridge slipway\n${newer}`)
  t.true(
    await eventually(() =>
      told.some((one) => /^What others have changed .* could not be looked at: A newer/.test(one)),
    ),
  )
  const after = await world.create(slipway, 'after', { publish: ['8080:80'] })
  await after.remove()
  await t.throwsAsync(slipway.networks.create({ name: 'web' }), { code: 'CONFLICT', message: /newer/ } as object)
})

serial('a record of a newer version is refused before anything is written, with words for what to do', async (t) => {
  for (const version of [5, RULESET_NUMBER])
    for (const [folder, file] of [
      ['sandboxes', 'db'],
      ['networks', 'web'],
    ] as const) {
      const { world } = oldHost(t, version)
      const name = folder === 'sandboxes' ? world.name(file) : file
      const path = Object.keys(readFiles(world.stateDir)).find((one) => one.endsWith(`/${folder}/${name}.json`)) ?? ''
      writeFileSync(path, readFileSync(path, 'utf8').replace(/"version":\d+/, '"version":9'))
      const before = stateOf(world)
      await t.throwsAsync(world.open(), {
        instanceOf: SlipwayError,
        message: new RegExp(
          `A newer Slipway has written ${path}: version is 9.*Nothing was changed.*slipway uninstall`,
        ),
      })
      t.deepEqual(stateOf(world), before)
    }
})

serial(
  'a ruleset that the kernel does not let be replaced stays as it is, and the error says what to do',
  async (t) => {
    const { world } = oldHost(t)
    // A chain without a name can be made by the rule alone that jumps there.
    loadRuleset(world, 'add rule inet slipway user ip saddr 192.0.2.77 jump { drop; }')
    const before = kernelState(world.host)
    await t.throwsAsync(world.open(), {
      instanceOf: SlipwayError,
      message: /ruleset 5, and could not be replaced by ruleset \d+: .*Nothing was changed.*chain "user"/,
    })
    t.deepEqual(kernelState(world.host), before)
  },
)

serial('doctor says which ruleset is there, and --fix replaces it', async (t) => {
  const { world } = oldHost(t)
  loadRuleset(world, 'add chain inet slipway mine')
  const look = async () =>
    (
      JSON.parse((await command(world, 'doctor', '--json')).stdout) as {
        check: string
        finding: string
        advice?: string
      }[]
    ).find(({ check }) => check === 'nf_tables')
  const before = kernelState(world.host)
  const found = await look()
  t.true(found?.finding.includes('ruleset 5'), found?.finding)
  t.is(found?.advice, 'slipway doctor --fix')
  t.deepEqual(kernelState(world.host), before)
  const { stderr } = await command(world, 'doctor', '--fix')
  t.true(stderr.includes(`was replaced by ruleset ${RULESET_NUMBER}, without chain mine`), stderr)
  t.is((await look())?.finding, `there, and ruleset ${RULESET_NUMBER} is in place`)
})
