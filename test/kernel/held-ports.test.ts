import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { Host } from '#lib/kernel/host.js'
import { PlanRefused } from '#lib/kernel/refusal.js'
import { enter } from '#lib/kernel/native.js'
import type { Operation, PortHold } from '#lib/plan/operation.js'
import type { Protocol } from '#lib/base/protocol.js'
import { listenIn, nodeIn, type HostPort } from '../helpers/listen.js'
import { descriptorsBesideSockets } from '../helpers/snapshot.js'
import { eventually, execIn, HOST_ADDRESS, OTHER_HOST_ADDRESS, World } from '../helpers/world.js'

/** What `port.hold` and `port.release` do, without a sandbox around. */

function open(t: ExecutionContext, world: World): Host {
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  return host
}

const hold = (protocol: Protocol, address: string, port: number): PortHold => ({
  op: 'port.hold',
  protocol,
  address,
  port,
})
const release = (held: PortHold): Operation => ({ ...held, op: 'port.release' })

const refusedWith = async (t: ExecutionContext, host: Host, ...plan: Operation[]) =>
  (await t.throwsAsync(host.run(plan), { instanceOf: PlanRefused }))?.errnoName

for (const protocol of ['tcp', 'udp'] as const) {
  test.serial(`${protocol}: while it is held nobody can have it, then everybody can`, async (t) => {
    const world = new World(t)
    const host = open(t, world)
    const [every, one, v6] = [
      hold(protocol, '0.0.0.0', 8080),
      hold(protocol, HOST_ADDRESS, 8081),
      hold(protocol, '::', 8082),
    ]
    const places: Record<string, HostPort> = {
      every: [protocol, '0.0.0.0', 8080],
      'one of every': [protocol, '127.0.0.1', 8080],
      one: [protocol, HOST_ADDRESS, 8081],
      'every of one': [protocol, '0.0.0.0', 8081],
      'another one': [protocol, OTHER_HOST_ADDRESS, 8081],
      'every IPv6': [protocol, '::', 8082],
      'IPv4 beside IPv6': [protocol, '0.0.0.0', 8082],
    }
    const tryAll = async () => {
      const outcomes = await listenIn(world.host, ...Object.values(places))
      return Object.fromEntries(Object.keys(places).map((what, index) => [what, outcomes[index]]))
    }
    const free = Object.fromEntries(Object.keys(places).map((what) => [what, 'listens']))
    t.deepEqual(await tryAll(), free)

    await host.run([every, one, v6])
    t.is(host.held, 3)
    t.true(host.holds(every) && host.holds(one) && host.holds(v6))
    const taken = {
      every: 'EADDRINUSE',
      'one of every': 'EADDRINUSE',
      one: 'EADDRINUSE',
      'every of one': 'EADDRINUSE',
      'every IPv6': 'EADDRINUSE',
    }
    t.deepEqual(await tryAll(), { ...free, ...taken })

    await host.run([every, one, v6].map(release))
    t.is(host.held, 0)
    t.false(host.holds(every))
    t.deepEqual(await tryAll(), free)

    await host.run([every])
    await host.close()
    t.is(host.held, 0)
    t.deepEqual(await tryAll(), free)
  })
}

test.serial(
  'who holds it, this executor or another, plays no part; a single address and all exclude each other',
  async (t) => {
    const world = new World(t)
    const [host, other] = [open(t, world), open(t, world)]
    for (const protocol of ['tcp', 'udp'] as const) {
      await host.run([hold(protocol, '0.0.0.0', 8080), hold(protocol, HOST_ADDRESS, 8081)])
      for (const wanted of [
        hold(protocol, '0.0.0.0', 8080),
        hold(protocol, HOST_ADDRESS, 8080),
        hold(protocol, '0.0.0.0', 8081),
        hold(protocol, HOST_ADDRESS, 8081),
      ]) {
        t.is(await refusedWith(t, host, wanted), 'EADDRINUSE')
        t.is(await refusedWith(t, other, wanted), 'EADDRINUSE')
        await other.run([{ ...wanted, optional: true }])
      }
      t.is(other.held, 0)
      // Nothing of another's is released.
      await other.run([release(hold(protocol, '0.0.0.0', 8080))])
      t.true(host.holds(hold(protocol, '0.0.0.0', 8080)))
    }
    t.is(await refusedWith(t, host, hold('tcp', '203.0.113.1', 8080)), 'EADDRNOTAVAIL')
  },
)

test.serial('a plan that is refused lets go of what it held, and keeps what it released', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  const [before, wanted] = [hold('tcp', '0.0.0.0', 8080), hold('udp', '0.0.0.0', 8081)]
  await host.run([before])
  t.is(await refusedWith(t, host, wanted, release(before), { op: 'link.delete', name: 'nowhere' }), 'ENODEV')
  t.true(host.holds(before))
  t.false(host.holds(wanted))
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080], ['udp', '0.0.0.0', 8081]), ['EADDRINUSE', 'listens'])
  // One that was held before and could not be had again stays, too.
  t.is(await refusedWith(t, host, { ...before, optional: true }, { op: 'link.delete', name: 'nowhere' }), 'ENODEV')
  t.true(host.holds(before))
  // Released and held anew in one plan.
  await host.run([release(before), before])
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080]), ['EADDRINUSE'])
  t.is(host.held, 1)
})

test.serial('connections of a server that has ended are no obstacle, and one that listens is', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  // The server closes first, so the rest of the connection (TIME_WAIT) stays on its port.
  await nodeIn(
    world.host,
    `
    const { connect, createServer } = require('net')
    const server = createServer((socket) => socket.end()).listen(8080, '127.0.0.1', () => connect(8080, '127.0.0.1').resume().on('close', () => server.close()))
  `,
  )
  t.regex(execIn(world.host, 'ss', '-Htan', 'sport = :8080'), /TIME-WAIT/)
  await host.run([hold('tcp', '0.0.0.0', 8080)])
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8080], ['tcp', '127.0.0.1', 8080]), [
    'EADDRINUSE',
    'EADDRINUSE',
  ])
  t.is(await refusedWith(t, open(t, world), hold('tcp', '0.0.0.0', 8080)), 'EADDRINUSE')

  const server = enter(world.host.path, () => createServer().listen(8081))
  t.teardown(() => server.close())
  await once(server, 'listening')
  t.is(await refusedWith(t, host, hold('tcp', '0.0.0.0', 8081)), 'EADDRINUSE')
})

test.serial('a client is refused and not kept waiting', async (t) => {
  const world = new World(t)
  await open(t, world).run([hold('tcp', '0.0.0.0', 8080), hold('tcp', '::', 8080)])
  const codes = await nodeIn(
    world.host,
    `
    const attempt = (host) => new Promise((resolve) => require('net').connect(8080, host).on('connect', () => resolve('connected')).on('error', ({ code }) => resolve(code)))
    console.log(await attempt('127.0.0.1'), await attempt('::1'))
  `,
  )
  t.is(codes, 'ECONNREFUSED ECONNREFUSED\n')
})

test.serial(
  'datagrams to a held port are dropped, but for those few that the smallest buffer has room for',
  async (t) => {
    const world = new World(t)
    await open(t, world).run([hold('udp', '0.0.0.0', 8080)])
    execIn(world.host, 'bash', '-c', 'for n in $(seq 100); do echo -n 0123456789 > /dev/udp/127.0.0.1/8080; done')
    // /proc/net/udp: sl local_address rem_address st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ref
    // pointer drops
    const fields = execIn(world.host, 'cat', '/proc/net/udp')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
    const socket = fields.find(([, local]) => local === '00000000:1F90')
    const waiting = Number.parseInt(socket?.[4]?.split(':')[1] ?? '', 16)
    t.true(waiting <= 4096, `${waiting} bytes of memory wait`)
    t.true(Number(socket?.at(-1)) >= 97, `${socket?.at(-1)} of 100 were dropped`)
  },
)

test.serial('half of the descriptors that this process may have are left to it', async (t) => {
  const world = new World(t)
  // LD_PRELOAD: a sanitizer is for us, not for the tool.
  const limit = (soft: string) =>
    execFileSync('prlimit', [`--pid=${process.pid}`, `--nofile=${soft}:`], { env: { ...process.env, LD_PRELOAD: '' } })
  const [, before = ''] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  limit('200')
  const hosts = [open(t, world), open(t, world)] as const
  limit(before)
  const numbers = () => readdirSync('/proc/self/fd').map(Number)
  const holds = Array.from({ length: 150 }, (_, index) => hold('tcp', '0.0.0.0', 8000 + index))
  // The first has room made for more descriptors, by one that has a low number for a moment.
  const quiet = String(descriptorsBesideSockets())
  await hosts[0].run(holds.slice(0, 1))
  t.true(await eventually(() => String(descriptorsBesideSockets()) === quiet))
  await hosts[0].run(holds.slice(1))
  t.is(numbers().filter((number) => number < 100).length, 100)
  // Beside what this process has open for itself.
  t.true(hosts[0].held > 10 && hosts[0].held < 100)
  t.deepEqual(await listenIn(world.host, ['tcp', '0.0.0.0', 8000], ['tcp', '0.0.0.0', 8149]), ['EADDRINUSE', 'listens'])
  // Past it, a port that somebody has is a conflict still.
  const server = enter(world.host.path, () => createServer().listen(8200))
  await once(server, 'listening')
  t.is(await refusedWith(t, hosts[0], hold('tcp', '0.0.0.0', 8200)), 'EADDRINUSE')
  server.close()
  // Another of this process has no half of its own.
  await hosts[1].run([hold('udp', '0.0.0.0', 8000)])
  t.is(hosts[1].held, 0)
  await hosts[0].run(holds.slice(0, 10).map(release))
  await hosts[1].run([hold('udp', '0.0.0.0', 8000)])
  t.is(hosts[1].held, 1)
  await hosts[0].run(holds.map(release))
  t.is(hosts[0].held, 0)
})

test.serial('SCTP is held where the kernel has it, and is no obstacle elsewhere', async (t) => {
  const world = new World(t)
  const host = open(t, world)
  await host.run([hold('sctp', '0.0.0.0', 3868), hold('sctp', '::', 3868)])
  const kernelHasIt = /^SCTP/m.test(readFileSync('/proc/net/protocols', 'utf8'))
  t.is(host.held, kernelHasIt ? 2 : 0)
})
