import test from 'ava'
import { Host } from '#lib/kernel/host.js'
import { RULESET_VERSION } from '#lib/policy/ruleset.js'
import { elementLines, rulesets } from '../helpers/counted.js'
import { echoFor, flow, type Protocol } from '../helpers/flow.js'
import { layOutOldCrowd } from '../helpers/old-crowd.js'
import { layOutOldHost } from '../helpers/old-host.js'
import { pingFlood } from '../helpers/streams.js'
import { HOST_ADDRESS, World, type Place } from '../helpers/world.js'

/** A host of 0.1.0 with a thousand sandboxes more is taken over while packets flow. */

const COUNT = 1000

test('a thousand sandboxes: one transaction replaces the ruleset, and no packet is lost', async (t) => {
  t.timeout(600_000)
  const world = new World(t)
  const { host, neighbour } = world
  const places = layOutOldHost(world)
  layOutOldCrowd(world, COUNT)
  const flows: { what: string; end: Awaited<ReturnType<typeof flow>> }[] = []
  const begin = async (
    what: string,
    to: Place,
    from: Place,
    protocol: Protocol,
    address: string,
    ports: [number, number],
  ) => {
    const [asked, served] = ports
    await echoFor(t, to, protocol, served)
    flows.push({ what: `${protocol} ${what}`, end: await flow(t, from, protocol, address, asked) })
  }
  const { app, db, front } = places
  await begin('to a published port', app, neighbour, 'tcp', HOST_ADDRESS, [8080, 80])
  await begin('to a published port', app, neighbour, 'udp', HOST_ADDRESS, [5353, 53])
  await begin('between sandboxes', front, db, 'tcp', '172.20.0.3', [7, 7])
  await begin('between sandboxes', front, db, 'udp', '172.20.0.3', [7, 7])
  const floods = [
    pingFlood(t, host, '172.17.0.2'),
    pingFlood(t, app, '192.0.2.9'),
    pingFlood(t, { name: 'c7', path: `/run/netns/${world.name('c7')}` }, '172.17.16.9'),
  ]
  const before = elementLines(host)
  const looking = new Host(host.path)
  t.teardown(() => looking.close())
  const generation = await looking.ask('generation', {})
  const began = performance.now()
  const slipway = await world.open()
  t.log(`open() took ${Math.round(performance.now() - began)} ms, with ${before.length} elements`)
  for (const { what, end } of flows) {
    const { sent, missing } = await end()
    t.true(sent > 0, what)
    t.deepEqual(missing, [], `${what}: of ${sent}`)
    t.log(`${what}: ${sent} sent, none lost`)
  }
  for (const flood of floods) {
    const { sent, answered } = await flood()
    t.true(sent > 0)
    t.is(answered, sent)
    t.log(`ping: ${sent} sent, ${answered} answered`)
  }
  t.is(await looking.ask('generation', {}), generation + 1)
  t.deepEqual(rulesets(host), [RULESET_VERSION, RULESET_VERSION])
  // Bridges and ports of 0.1.0 let pass what a later version does not.
  const { adopted, healed, collected } = slipway.reconciled
  t.deepEqual([adopted, collected], [[world.name('alone')], []])
  t.is(healed.filter((name) => !name.startsWith('network ')).length, COUNT + Object.keys(places).length - 1)
  const after = new Set(elementLines(host))
  t.deepEqual(
    before.filter((line) => !after.has(line)),
    [],
  )
})
