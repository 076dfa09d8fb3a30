import test, { type ExecutionContext } from 'ava'
import { ask, NO_ANSWER, openUdp, portOf, serveUdp } from '../helpers/traffic.js'
import { execIn, HOST_ADDRESS, ip, NEIGHBOUR_ADDRESS, OTHER_HOST_ADDRESS, World, type Place } from '../helpers/world.js'

/**
 * UDP clients keep their port, and conntrack remembers where their datagrams went: a port that comes or goes must be
 * heard of by clients of its own at once, and by no others. Each client here is one socket that goes on asking.
 */

/** What conntrack knows, as `client port > host port > server`: from whom, to which port, and who answers. */
function connections(host: Place): string[] {
  const lines = execIn(host, 'conntrack', '-L', '-p', 'udp').split('\n').filter(Boolean)
  // A line has the tuple of either direction: src= dst= sport= dport= src= dst= sport= dport=
  const fields = (line: string, name: string) =>
    [...line.matchAll(new RegExp(`${name}=(\\S+)`, 'g'))].map(([, value]) => value)
  return lines
    .map((line) => `${fields(line, 'sport')[0]} > ${fields(line, 'dport')[0]} > ${fields(line, 'src')[1]}`)
    .sort()
}

async function setUp(t: ExecutionContext) {
  const world = new World(t)
  const slipway = await world.open()
  const app = await world.create(slipway, 'app', { publish: ['5353:53/udp', '5354:54/udp'] })
  for (const port of [53, 54]) serveUdp(t, app, port)
  // Servers that have nothing to do with Slipway, on ports that look like ours.
  serveUdp(t, world.host, 5300)
  serveUdp(t, world.neighbour, 5353)
  return { world, slipway, app, host: world.host, neighbour: world.neighbour }
}

test.serial('unpublish ends the conversations through its port, and no others', async (t) => {
  const { app, host, neighbour } = await setUp(t)
  const [ours, theirs, local, outward] = [
    openUdp(t, neighbour),
    openUdp(t, neighbour),
    openUdp(t, neighbour),
    openUdp(t, app),
  ]
  t.is(await ask(ours, HOST_ADDRESS, 5353), NEIGHBOUR_ADDRESS)
  t.is(await ask(theirs, HOST_ADDRESS, 5354), NEIGHBOUR_ADDRESS)
  t.is(await ask(local, HOST_ADDRESS, 5300), NEIGHBOUR_ADDRESS)
  t.is(await ask(outward, NEIGHBOUR_ADDRESS, 5353), HOST_ADDRESS)
  const others = [
    `${portOf(theirs)} > 5354 > 172.17.0.2`,
    `${portOf(local)} > 5300 > ${HOST_ADDRESS}`,
    `${portOf(outward)} > 5353 > ${NEIGHBOUR_ADDRESS}`,
  ]

  await app.unpublish('5353:53/udp')
  for (const one of others) t.true(connections(host).includes(one), one)
  t.is(await ask(ours, HOST_ADDRESS, 5353, NO_ANSWER), NO_ANSWER)
  t.is(await ask(theirs, HOST_ADDRESS, 5354), NEIGHBOUR_ADDRESS)
})

test.serial('publish is heard at once by who has asked before', async (t) => {
  const { app, host, neighbour } = await setUp(t)
  const [early, stranger] = [openUdp(t, neighbour), openUdp(t, app)]
  t.is(await ask(early, HOST_ADDRESS, 6000, NO_ANSWER), NO_ANSWER)
  t.is(await ask(stranger, NEIGHBOUR_ADDRESS, 6000, NO_ANSWER), NO_ANSWER)
  const passingThrough = `${portOf(stranger)} > 6000 > ${NEIGHBOUR_ADDRESS}`
  t.true(connections(host).includes(passingThrough))
  await app.publish('6000:53/udp')
  t.true(connections(host).includes(passingThrough))
  t.is(await ask(early, HOST_ADDRESS, 6000), NEIGHBOUR_ADDRESS)
})

test.serial('unpublish of a port of one host address ends only what went through that address', async (t) => {
  const { app, neighbour } = await setUp(t)
  await app.publish(`${HOST_ADDRESS}:7000:53/udp`, `${OTHER_HOST_ADDRESS}:7000:53/udp`)
  const [one, other] = [openUdp(t, neighbour), openUdp(t, neighbour)]
  t.is(await ask(one, HOST_ADDRESS, 7000), NEIGHBOUR_ADDRESS)
  t.is(await ask(other, OTHER_HOST_ADDRESS, 7000), NEIGHBOUR_ADDRESS)
  await app.unpublish(`${HOST_ADDRESS}:7000:53/udp`)
  t.is(await ask(one, HOST_ADDRESS, 7000, NO_ANSWER), NO_ANSWER)
  t.is(await ask(other, OTHER_HOST_ADDRESS, 7000), NEIGHBOUR_ADDRESS)
})

test.serial('a client follows a port from one sandbox to the next', async (t) => {
  const { world, slipway, app, neighbour } = await setUp(t)
  const client = openUdp(t, neighbour)
  t.is(await ask(client, HOST_ADDRESS, 5353), NEIGHBOUR_ADDRESS)
  await app.remove()
  t.is(await ask(client, HOST_ADDRESS, 5353, NO_ANSWER), NO_ANSWER)
  const next = await world.create(slipway, 'next', { publish: ['5353:53/udp'] })
  serveUdp(t, next, 53)
  t.is(await ask(client, HOST_ADDRESS, 5353), NEIGHBOUR_ADDRESS)
})

test.serial('the same over IPv6', async (t) => {
  const world = new World(t)
  for (const [place, link, last] of [
    [world.host, 'uplink', 1],
    [world.neighbour, 'eth0', 9],
  ] as const) {
    for (const address of [`fd00:99::${last}/64`, `fe80::${last}/64`])
      ip('-n', place.name, 'address', 'add', address, 'dev', link, 'nodad')
  }
  const slipway = await world.open({ ipv6: true, fixedCidrV6: 'fd00:17::/64' })
  const app = await world.create(slipway, 'app')
  serveUdp(t, app, 53, 6)
  const client = openUdp(t, world.neighbour, 0, 6)
  t.is(await ask(client, 'fd00:99::1', 5353, NO_ANSWER), NO_ANSWER)
  await app.publish('[::]:5353:53/udp')
  t.is(await ask(client, 'fd00:99::1', 5353), 'fd00:99::9')
  await app.unpublish('[::]:5353:53/udp')
  t.is(await ask(client, 'fd00:99::1', 5353, NO_ANSWER), NO_ANSWER)
})
