import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { addressesOn, answersTo, linksIn, onSegment } from '../helpers/segment.js'
import { readFiles } from '../helpers/snapshot.js'
import { eventually, ip, ipJson, PATIENCE, World } from '../helpers/world.js'
import { howItEnded, runChild, startChild, WELL } from './run-child.js'
import { injected } from '../helpers/injected.js'
import { elementsOf } from './whole.js'

/**
 * A process that is killed while it makes, connects, disconnects or removes sandboxes on a segment, or their network:
 * what the next open() finds is whole, and all of it can be removed.
 */

const linksOf = (world: World): string[] =>
  ipJson<{ ifname: string }>(world.host, 'link')
    .map(({ ifname }) => ifname)
    .filter((name) => !['lo', 'uplink', 'docker0'].includes(name))

const claimsOf = (world: World): string[] =>
  ['segments4', 'segments6', 'macs']
    .flatMap((set) => elementsOf(world, set).map(({ key }) => key))
    .filter((key) => key.startsWith('uplink'))

async function recovers(t: ExecutionContext, world: World, what: string): Promise<void> {
  const slipway = await world.open()
  t.deepEqual(slipway.reconciled.lost, undefined, what)
  for (const sandbox of await slipway.sandboxes.list()) {
    const addresses = addressesOn(sandbox)
    t.deepEqual(
      await answersTo(world.neighbour, addresses),
      addresses.map(() => 'yes'),
      what,
    )
    t.deepEqual(
      await answersTo(world.host, addresses),
      addresses.map(() => 'yes'),
      what,
    )
    await t.notThrowsAsync(sandbox.remove(), what)
  }
  for (const network of (await slipway.networks.list()).filter(({ userDefined }) => userDefined))
    await t.notThrowsAsync(network.remove(), what)
  await eventually(() => linksOf(world).length + claimsOf(world).length === 0)
  t.deepEqual([linksOf(world), claimsOf(world)], [[], []], what)
  t.deepEqual(
    world.namespaces().filter((name) => ![world.host.name, world.neighbour.name].includes(name)),
    [],
    what,
  )
  t.deepEqual(
    Object.keys(readFiles(world.stateDir)).filter((path) => path.endsWith('.json')),
    [],
    what,
  )
  await slipway.close({ wait: true })
}

// Each with the step in which its calls are met in one run.
for (const [call, step] of [
  ['sendto', 7],
  ['rename', 1],
  ['linkat', 1],
  ['unlink', 1],
] as const) {
  test.serial(`killed before each ${call}`, async (t) => {
    for (let time = 1 + Math.floor(Math.random() * step); time <= 400; time += step) {
      const world = new World(t)
      const under = injected(call, `signal=SIGKILL:when=${time}`)
      const open = { netns: world.host.path, stateDir: world.stateDir }
      const ended = await runChild('segmentLife', { open, prefix: world.prefix }, { under })
      if (ended.said.includes('done')) {
        t.like(howItEnded(ended), WELL)
        t.true(time > 2, `only ${time - 1} calls were seen`)
        return
      }
      t.is(ended.signal, 'SIGKILL', ended.stderr)
      await recovers(t, world, `${call} ${time}`)
    }
    t.fail('more calls are made than were tried')
  })
}

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

test.serial(
  'killed while it gives back what a parent took with it: another process that is open ends that',
  async (t) => {
    let last = Infinity
    let killed = 0
    let opening: number | undefined
    for (let time = 1 + Math.floor(Math.random() * 6); time <= last; time += 6) {
      const world = new World(t)
      const slipway = await world.open()
      await onSegment(slipway, {
        ipv6: false,
        subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
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
      // strace would let it go on.
      const kill = () => process.kill(Number(readFileSync(log, 'utf8').split(' ')[0]), 'SIGKILL')
      if (opening === undefined) {
        const measure = start([])
        await measure.saysMore()
        opening = calls()
        kill()
        await measure.ended
      }
      const child = start(['-e', `inject=sendto:signal=SIGKILL:when=${opening + time}`])
      await child.saysMore()
      parentAgain(world)
      // This process hears of it when the other has been killed at it, or is done with it.
      if (standStill(child.process.pid ?? 0, 1500 * PATIENCE)) killed++
      else last = 0
      for (const app of apps) {
        const how = `${app.name}, ${time} calls`
        t.true(
          await eventually(async () => String(await answersTo(world.neighbour, addressesOn(app))) === 'yes', 15_000),
          how,
        )
        t.true(await eventually(async () => String(await answersTo(world.host, addressesOn(app))) === 'yes'), how)
        t.is(linksIn(app).filter(({ linkinfo }) => linkinfo?.info_kind === 'macvlan').length, 1, how)
      }
      if (child.process.exitCode === null && child.process.signalCode === null) kill()
      await child.ended
      await slipway.close({ wait: true })
      await recovers(t, world, `${time} calls`)
    }
    t.true(killed > 3, `${killed} were killed`)
  },
)
