import { runFloor } from '../floor-program.js'
import { FLEET_PORTS } from '../measures/fleet.js'
import { run } from '../peers/tools.js'
import { prepareHost } from '../prepare-host.js'
import { makeSegment, SEGMENT } from '../segment.js'
import { readSegmentKind, type Phase, type TrialResult, type TrialSpec } from '../trial-spec.js'

/** What the program prints: nanoseconds. `wall` has one, of all together. */
interface Printed {
  total: number[]
  firstByte: number[]
  wall: number[]
  phases: Partial<Record<Phase, number[]>>
}

/** Of Slipway's own, as lib/api/options.ts has it, and as many as a bridge takes. */
const PORTS_PER_BRIDGE = 256
const MOST_PORTS = 1020

/**
 * The C++ program of bench/floor. It has no queue and no loop, so what is many at once elsewhere is one after another
 * here.
 */
export async function floor(spec: TrialSpec): Promise<TrialResult> {
  const { measure, count, warmUp, at = 0, variant = '', seconds = 10 } = spec
  if (measure === 'segments') return onSegment(spec)
  const crowded = variant === 'one-bridge' || measure === 'churn'
  const sizes = [
    `--count=${count}`,
    `--existing=${warmUp}`,
    ...(await prepareNetwork(warmUp + count, crowded ? MOST_PORTS : PORTS_PER_BRIDGE)),
  ]
  switch (measure) {
    case 'latency':
    case 'endpoints': {
      const { total, phases } = await runFloor<Printed>('endpoints', ...sizes)
      return { total: total.map(toMicroseconds), phases: withRest(total, phases) }
    }
    case 'first-byte': {
      const { firstByte } = await runFloor<Printed>('endpoints', ...sizes, '--first-byte')
      return { total: firstByte.map(toMicroseconds), phases: {} }
    }
    case 'burst':
      return whole(await runFloor<Printed>('endpoints', ...sizes))
    case 'fleet':
      return whole(
        await runFloor<Printed>(
          'endpoints',
          `--count=${count}`,
          `--existing=${Math.ceil(warmUp / FLEET_PORTS)}`,
          `--ports=${FLEET_PORTS}`,
        ),
      )
    case 'teardown': {
      const { removed, completed } = await runFloor<Record<'removed' | 'completed', number[]>>(
        'teardown',
        ...sizes,
        `--at-once=${at || 1}`,
      )
      return { total: removed.map(toMicroseconds), phases: {}, series: { completed: completed.map(toMicroseconds) } }
    }
    case 'ports':
    case 'connect':
    case 'claims':
      return published(spec, await publish(variant || 'hash', count, at, measure !== 'ports'))
    case 'churn': {
      const { created, removed, wall } = await runFloor<Record<'created' | 'removed' | 'wall', number[]>>(
        'churn',
        ...sizes,
        `--seconds=${seconds}`,
      )
      const numbers = { count: created.length, perSecond: (created.length * 1e9) / (wall[0] ?? NaN) }
      return {
        total: created.map(toMicroseconds),
        phases: {},
        series: { removed: removed.map(toMicroseconds) },
        numbers,
      }
    }
    case 'ablation':
      return ablation(sizes, variant)
    default:
      throw new RangeError(`the floor knows no ${measure}`)
  }
}

/** Endpoints that are a part of a link, and take no place of a bridge. */
async function onSegment({ count, warmUp, variant }: TrialSpec): Promise<TrialResult> {
  await prepareHost()
  makeSegment()
  const { total, phases, removed } = await runFloor<Printed & { removed: number[] }>(
    'segment',
    `--count=${count}`,
    `--existing=${warmUp}`,
    `--parent=${SEGMENT.parent}`,
    `--kind=${readSegmentKind(variant)}`,
    `--first-address=${SEGMENT.firstAddress}`,
  )
  return {
    total: total.map(toMicroseconds),
    phases: withRest(total, phases),
    series: { removed: removed.map(toMicroseconds) },
  }
}

/** Makes the network, and `count` endpoints that only have to be there, for arms whose own would take long. */
export async function floorNeighbours(count: number): Promise<void> {
  await runFloor('endpoints', '--count=0', `--existing=${count}`, ...(await prepareNetwork(count)))
}

/**
 * Makes the network with as many bridges as endpoints take, by Slipway's own plan. @returns the floor's options for
 * them.
 */
async function prepareNetwork(endpoints: number, portsPerBridge = PORTS_PER_BRIDGE): Promise<string[]> {
  const bridges = await prepareHost(Math.max(1, Math.ceil(endpoints / portsPerBridge)))
  return [`--bridges=${bridges.join(',')}`, `--ports-per-bridge=${portsPerBridge}`]
}

/** `none` is as Slipway does it; `threads-N` is N threads side by side, and its only time that of all together. */
async function ablation(sizes: string[], variant: string): Promise<TrialResult> {
  const threads = /^threads-(\d+)$/.exec(variant)?.[1]
  if (threads) {
    const { total, wall } = await runFloor<Printed>('endpoints', ...sizes, `--threads=${threads}`)
    return {
      total: wall.map((all) => toMicroseconds(all) / total.length),
      phases: {},
      numbers: { count: total.length },
    }
  }
  const { total, phases } = await runFloor<Printed>(
    'endpoints',
    ...sizes,
    ...(['none', 'one-bridge'].includes(variant) ? [] : [`--way=${variant}`]),
  )
  return { total: total.map(toMicroseconds), phases: withRest(total, phases) }
}

/**
 * What the ways of finding a published port look them up in. Their chains come before Slipway's, so that a connection
 * meets them first.
 */
const LOOK_UP: Record<string, string> = {
  interval: 'meta l4proto { tcp, udp } dnat ip to meta l4proto . th dport map @ports',
  rule: '',
  verdict: 'meta l4proto . th dport vmap @ports',
}

const MAP_OF: Record<string, string> = {
  interval: 'map ports { type inet_proto . inet_service : ipv4_addr . inet_service; flags interval; }',
  rule: '',
  verdict: 'map ports { type inet_proto . inet_service : verdict; }',
}

async function publish(
  claims: string,
  count: number,
  at: number,
  connect: boolean,
): Promise<Record<'added' | 'removed' | 'connected', number[]>> {
  if (claims !== 'hash') {
    run('nft', [
      `table ip ablation { ${MAP_OF[claims]}
chain ports { ${LOOK_UP[claims]}
}
chain output { type nat hook output priority -150; ip daddr 127.0.0.1 jump ports; }
}`,
    ])
  }
  return runFloor(
    'publish',
    `--count=${count}`,
    `--existing=${at}`,
    `--claims=${claims}`,
    ...(connect ? ['--first-byte'] : []),
  )
}

function published(
  { measure }: TrialSpec,
  { added, removed, connected }: Record<'added' | 'removed' | 'connected', number[]>,
): TrialResult {
  const [micros, gone, first] = [added, removed, connected].map((list) => list.map(toMicroseconds)) as [
    number[],
    number[],
    number[],
  ]
  return measure === 'connect'
    ? { total: first, phases: {} }
    : { total: micros, phases: {}, series: { removed: gone, ...(first.length > 0 ? { connected: first } : {}) } }
}

const whole = ({ wall }: Printed): TrialResult => ({ total: wall.map(toMicroseconds), phases: {} })

const toMicroseconds = (nanoseconds: number) => nanoseconds / 1000

function withRest(total: number[], phases: Printed['phases']): TrialResult['phases'] {
  const lists = Object.values(phases)
  const rest = total.map((one, i) => one - lists.reduce((sum, list) => sum + (list[i] ?? 0), 0))
  return Object.fromEntries(
    Object.entries({ ...phases, rest }).map(([phase, list]) => [phase, list.map(toMicroseconds)]),
  )
}
