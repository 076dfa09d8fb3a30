import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { DualStackWorld } from '../helpers/dual-stack.js'
import { addressesOn, answersTo, linksIn, onSegment, routesIn, SEGMENT } from '../helpers/segment.js'
import { momentsOf, THOROUGH } from '../helpers/thorough.js'
import { eventually, ip, PATIENCE, World } from '../helpers/world.js'
import { startChild } from './run-child.js'
import { killedBefore, recovers, type Killed } from './segments-killed.js'

/**
 * A process that is killed while it makes, connects, disconnects or removes sandboxes on a segment, or their network:
 * what the next open() finds is whole, and all of it can be removed.
 */

/** One IP version, with the host on the segment. */
const SHIM: Killed = {
  network: {
    name: 'lan',
    driver: 'macvlan',
    subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
    options: { parent: 'uplink', host_shim: 'true' },
  },
  world: (t) => new World(t),
  reached: { neighbour: true, host: true },
}
/** Both, without. */
const BOTH: Killed = {
  network: {
    name: 'lan',
    ...SEGMENT,
    subnets: [
      { subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25', gateway: '192.0.2.9' },
      { subnet: 'fd00:99::/64', ipRange: 'fd00:99::8:0/112', gateway: 'fd00:99::9' },
    ],
  },
  world: (t) => new DualStackWorld(t, true),
  reached: { neighbour: true, host: false },
  routes: ['192.0.2.9 eth0'],
}

// Each with the step in which its calls are met.
for (const [title, killed, calls] of [
  ['with a shim', SHIM, { sendto: 61, rename: 9, linkat: 1, unlink: 6 }],
  ['of both IP versions, without a shim', BOTH, { sendto: 101, rename: 15 }],
] as const)
  for (const [call, step] of Object.entries(calls))
    test.serial(`killed before each ${call}, on a network ${title}`, (t) =>
      killedBefore(t, call, momentsOf(step), killed),
    )

/** As its owner brings the parent up again, by the same name. */
function parentAgain({ host, neighbour }: World): void {
  ip('-n', host.name, 'link', 'delete', 'uplink')
  ip('link', 'add', 'uplink', 'netns', host.name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', neighbour.name)
  ip('-n', neighbour.name, 'address', 'add', '192.0.2.9/24', 'dev', 'eth0')
  ip('-n', neighbour.name, 'link', 'set', 'eth0', 'up')
  ip('-n', host.name, 'link', 'set', 'uplink', 'up')
}

/** Holds this process's event loop until another process has ended, or so many milliseconds have passed. */
function standStill(pid: number, milliseconds: number): boolean {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  for (const deadline = Date.now() + milliseconds; Date.now() < deadline; Atomics.wait(stop, 0, 0, 5)) {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    if (/^State:\s+Z/m.test(status)) return true
  }
  return false
}

/** What strace runs, as strace would let it go on; strace ends with it. Nothing where both have ended. */
function killTraced({ pid = 0, exitCode, signalCode }: ChildProcess): void {
  if (exitCode !== null || signalCode !== null) return
  for (const traced of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean))
    process.kill(Number(traced), 'SIGKILL')
}

test.serial(
  'killed while it gives back what a parent took with it: another process that is open ends that',
  async (t) => {
    let last = Infinity
    let killed = 0
    let opening: number | undefined
    // A few of some two hundred calls, others in each run.
    const most = THOROUGH ? 20 : 4
    for (
      let time = 1 + Math.floor(Math.random() * 6), rounds = 0;
      time <= last && rounds < most;
      time += 1 + Math.floor(Math.random() * 24), rounds++
    ) {
      const world = new World(t)
      const slipway = await world.open()
      await onSegment(slipway, {
        ipv6: false,
        subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25', gateway: '192.0.2.9' }],
        options: { host_shim: 'true' },
      })
      const apps = [await world.create(slipway, 'app', { network: 'lan' }), await world.create(slipway, 'beside')]
      await apps[1]?.connect('lan')
      const log = join(world.stateDir, 'log')
      // How often it has called until it is open; it is killed so many calls later.
      const start = (when: string[]) =>
        startChild(
          'stays',
          { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix },
          {
            under: ['strace', '-f', '-qqq', '-o', log, '-e', 'trace=sendto', '-e', 'signal=none', ...when],
          },
        )
      const calls = () => readFileSync(log, 'utf8').split('\n').length - 1
      if (opening === undefined) {
        const measure = start([])
        await measure.saysMore()
        opening = calls()
        killTraced(measure.process)
        await measure.ended
      }
      const child = start(['-e', `inject=sendto:signal=SIGKILL:when=${opening + time}`])
      t.teardown(() => killTraced(child.process))
      await child.saysMore()
      parentAgain(world)
      // This process hears of it when the other has been killed at it, or is done with it.
      if (standStill(child.process.pid ?? 0, 1500 * PATIENCE)) killed++
      else last = 0
      for (const app of apps) {
        const how = `${app.name}, ${time} calls`
        t.true(
          await eventually(
            async () => String(await answersTo(world.neighbour, addressesOn(app), 'brief')) === 'yes',
            15_000,
          ),
          how,
        )
        t.true(
          await eventually(async () => String(await answersTo(world.host, addressesOn(app), 'brief')) === 'yes'),
          how,
        )
        const route = app.name.endsWith('app') ? '192.0.2.9 eth0' : '172.17.0.1 eth0'
        t.true(await eventually(() => String(routesIn(app)) === route), how)
        t.is(linksIn(app).filter(({ linkinfo }) => linkinfo?.info_kind === 'macvlan').length, 1, how)
      }
      killTraced(child.process)
      await child.ended
      await slipway.close({ wait: true })
      await recovers(t, world, SHIM, `${time} calls`)
    }
    t.true(killed > 1, `${killed} were killed`)
  },
)
