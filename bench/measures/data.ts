import { execFile, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Bringer } from '../arms/arm.js'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { runFloor } from '../floor-program.js'
import { ip, run } from '../peers/tools.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

const execute = promisify(execFile)

/** The host and another one on its uplink, by addresses that RFC 5737 keeps for documentation. */
const HOST = '192.0.2.2'
const NEIGHBOUR = { name: 'neighbour', address: '192.0.2.9/24' }

/**
 * What goes through a published port that is there already: bytes and connections. `variant` says from where: `outside`
 * is another host on the uplink, `localhost` this host.
 */
export async function data(arm: Bringer, { seconds = 3, variant = 'outside' }: TrialSpec): Promise<TrialResult> {
  addNeighbour()
  await arm.create(0)
  const from = variant.startsWith('outside')
    ? { netns: `/run/netns/${NEIGHBOUR.name}`, host: HOST }
    : { netns: '/proc/self/ns/net', host: '127.0.0.1' }
  const bytes = await throughput(arm.netns(0), from, seconds)
  const connections = await connectionRate(arm.netns(0), from, seconds)
  return { total: [], phases: {}, numbers: { gigabitsPerSecond: bytes / 1e9, connectionsPerSecond: connections } }
}

interface Client {
  netns: string
  host: string
}

const port = String(CONTAINER_PORT)
const published = String(endpoint(0).hostPort)

/** Bits a second of one TCP stream to the sandbox. */
async function throughput(netns: string, from: Client, seconds: number): Promise<number> {
  const server = spawn('nsenter', [`--net=${netns}`, 'iperf3', '--server', '--one-off', '--port', port], {
    stdio: 'ignore',
  })
  try {
    await listening(netns)
    const args = [
      `--net=${from.netns}`,
      'iperf3',
      '--client',
      from.host,
      '--port',
      published,
      '--time',
      String(seconds),
      '--json',
    ]
    const { stdout } = await execute('nsenter', args, { timeout: (seconds + 20) * 1000 })
    return (JSON.parse(stdout) as { end: { sum_received: { bits_per_second: number } } }).end.sum_received
      .bits_per_second
  } finally {
    server.kill()
  }
}

/** Connections a second, of which each fetches a byte. */
async function connectionRate(netns: string, from: Client, seconds: number): Promise<number> {
  const { count, nanoseconds } = await runFloor<Record<'count' | 'nanoseconds', [number]>>(
    'connections',
    `--server=${netns}`,
    `--client=${from.netns}`,
    `--host=${from.host}`,
    `--first-port=${published}`,
    `--seconds=${seconds}`,
  )
  return (count[0] * 1e9) / nanoseconds[0]
}

/** Somebody listens inside. A connection as a test would be taken for the client. */
async function listening(netns: string): Promise<void> {
  for (const end = Date.now() + 5000; Date.now() < end; await sleep(20)) {
    if (run('nsenter', [`--net=${netns}`, 'ss', '-Hltn', `sport = :${port}`]) !== '') return
  }
  throw new Error('iperf3 did not listen within 5 s.')
}

function addNeighbour(): void {
  const { name, address } = NEIGHBOUR
  ip('netns', 'add', name)
  ip('link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
  ip('address', 'add', `${HOST}/24`, 'dev', 'uplink')
  ip('link', 'set', 'uplink', 'up')
  ip('-n', name, 'address', 'add', address, 'dev', 'eth0')
  ip('-n', name, 'link', 'set', 'eth0', 'up')
}
