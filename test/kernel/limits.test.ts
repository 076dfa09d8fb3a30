import { spawn } from 'node:child_process'
import test, { type ExecutionContext } from 'ava'
import { howItEnded, runChild, startChild, WELL, type Ended } from '../env/run-child.js'
import { faultsFile, LIBRARY } from '../helpers/faults/faults.js'
import { OF_ITS_OWN } from '../helpers/own-namespaces.js'
import { processGroup } from '../helpers/process-group.js'
import { execIn, World, type Place } from '../helpers/world.js'

/**
 * Troubles of the kernel that it can be brought into here, for this process or this namespace alone: what
 * troubles.test.ts has a library say, the kernel says itself.
 */

const DONE = 'done'

test('no more network namespaces: create says so, nothing of it is left, and it works when one has gone', async (t) => {
  const ended = await runChild('fewNamespaces', { open: {}, prefix: 't' }, { under: OF_ITS_OWN })
  t.like(howItEnded(ended), WELL)
  const [short, later] = ended.said as [
    { made: number; told: { code: string; message: string }; left: string[] },
    string,
  ]
  t.true(short.made > 0)
  t.is(short.told.code, 'EXHAUSTED')
  t.regex(short.told.message, /makes no more network namespaces.*user\.max_net_namespaces/)
  t.deepEqual(short.left, [])
  t.is(later, DONE)
})

test('no more processes and threads', async (t) => {
  const world = new World(t)
  const group = processGroup(t, world)
  if (group === undefined) {
    t.log('Nobody may make a control group with a limit of processes here.')
    t.pass()
    return
  }
  const ended = await runChild('fewProcesses', {
    open: { netns: world.host.path, stateDir: world.stateDir },
    prefix: world.prefix,
    group,
  })
  t.like(ended, { code: 0, signal: null })
  const [opened, calls, later] = [ended.said.slice(0, 6), ended.said[6], ended.said[7]]
  // With room for none, one and two of the three threads that an open host has.
  for (const one of [0, 2, 4]) {
    const { code, message } = opened[one] as { code: string; message: string }
    t.is(code, 'EXHAUSTED')
    t.regex(message, /no more threads, and an open host has three\. .*pids\.max/)
    t.true(opened[one + 1])
  }
  const { exec, ...others } = calls as Record<string, unknown>
  t.like(exec, { code: 'EXHAUSTED' })
  t.regex((exec as { message: string }).message, /starts no more processes .*\(EAGAIN\)\. .*pids\.max/)
  // What a host does that is open takes none.
  t.deepEqual(others, Object.fromEntries(Object.keys(others).map((call) => [call, DONE])))
  t.is(later, DONE)
  // Nobody answers names meanwhile, which is said, and tried again.
  t.regex(ended.stderr, /\[SLIPWAY_NAMES\] Warning: .*\(EAGAIN\)\. It is started again/)
})

/** Changes that do nothing in the end, one every millisecond. */
function change(t: ExecutionContext, place: Place, program: string[], lines: [string, string]): void {
  const child = spawn('nsenter', [`--net=${place.path}`, ...program], { stdio: ['pipe', 'ignore', 'ignore'] })
  child.stdin.on('error', () => undefined)
  let turn = 0
  const timer = setInterval(() => child.stdin.write(`${lines[turn++ % 2]}\n`), 1)
  t.teardown(() => {
    clearInterval(timer)
    child.kill('SIGKILL')
  })
}

test('what is read while others change it is read again', async (t) => {
  const world = new World(t)
  const { host } = world
  const addresses = Array.from({ length: 1500 }, (_, number) => `10.255.${number >> 8}.${number & 0xff}`)
  execIn(
    host,
    'sh',
    '-ec',
    `ip -batch - <<'END'\n${addresses.map((one) => `address add ${one}/32 dev lo`).join('\n')}\nEND`,
  )
  const file = faultsFile(world.stateDir)
  const child = startChild(
    'interrupted',
    { open: { netns: host.path, stateDir: `${world.stateDir}/state` }, prefix: world.prefix },
    { preload: [LIBRARY], env: file.env },
  )
  await child.saysMore()
  change(t, host, ['ip', '-batch', '-'], ['address add 10.254.0.1/32 dev lo', 'address del 10.254.0.1/32 dev lo'])
  const ended: Ended = await child.ended
  t.like(howItEnded(ended), WELL)
  const { hit, ended: ends } = ended.said[1] as { hit: number; ended: string[] }
  // So often the kernel said that what it told had changed while it told it.
  t.true(hit > 0)
  t.deepEqual(ends, [JSON.stringify(DONE)])
})
