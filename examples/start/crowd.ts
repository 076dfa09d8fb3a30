import { performance } from 'node:perf_hooks'
import { SingleBar } from 'cli-progress'
import Table from 'cli-table3'
import type { Sandbox, Slipway } from 'slipway'
import { indent } from './fetches.js'
import { measureFloor, untilTakenDown } from './floor.js'
import { number, paint, say } from './style.js'

export const CROWD = 300
/** Brought up before, by both, and not counted. */
const WARM_UP = 50
const FIRST_PORT = 20000

/** One after another, beside the floor; then all at once. Returns when all of them are gone again. */
export async function crowd(slipway: Slipway, atMost: () => Promise<void>): Promise<void> {
  const there = (await slipway.sandboxes.list()).length
  const floor = await measureFloor(CROWD, there + WARM_UP)
  const warm = []
  for (let i = 0; i < WARM_UP; i++) warm.push(await create(slipway, CROWD + i))
  const { sandboxes, times } = await oneAfterAnother(slipway)
  printTimes(times, floor)
  await atMost()
  const removing = await removeAll([...sandboxes, ...warm])
  await allAtOnce(slipway, removing, sandboxes.length + warm.length)
}

const create = (slipway: Slipway, i: number): Promise<Sandbox> =>
  slipway.sandboxes.create({ name: `crowd${i}`, publish: [`${FIRST_PORT + i}:80`] })

async function oneAfterAnother(slipway: Slipway): Promise<{ sandboxes: Sandbox[]; times: number[] }> {
  const progress = showProgress()
  const sandboxes: Sandbox[] = []
  const times: number[] = []
  for (let i = 0; i < CROWD; i++) {
    const began = performance.now()
    sandboxes.push(await create(slipway, i))
    times.push((performance.now() - began) * 1000)
    progress.update(i + 1)
  }
  progress.stop()
  return { sandboxes, times }
}

/** A bar on a terminal, else a line now and then. */
function showProgress(): { update(done: number): void; stop(): void } {
  if (!process.stdout.isTTY) {
    return { update: (done) => void (done % 100 === 0 && say(`  ${done} of ${CROWD} up`)), stop: () => say() }
  }
  const bar = new SingleBar({
    format: '  {bar} {value} of {total} up',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 40,
    hideCursor: true,
    stream: process.stdout,
  })
  bar.start(CROWD, 0)
  return { update: (done) => bar.update(done), stop: () => (bar.stop(), say()) }
}

function printTimes(ours: number[], floor: number[]): void {
  const rows = [ours, floor].map((times) => {
    const seconds = times.reduce((sum, one) => sum + one, 0) / 1e6
    return [percentile(times, 50), percentile(times, 99), times.length / seconds] as const
  })
  const [us, them] = rows as [Row, Row]
  const table = new Table({
    head: ['', 'p50', 'p99', 'endpoints/s'],
    colAligns: ['left', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  })
  table.push(
    [paint('bold', 'Slipway'), `${number(us[0])} µs`, `${number(us[1])} µs`, number(us[2])],
    ['C++ floor', `${number(them[0])} µs`, `${number(them[1])} µs`, number(them[2])],
    [
      paint('dim', 'ratio'),
      `${(us[0] / them[0]).toFixed(2)} ×`,
      `${(us[1] / them[1]).toFixed(2)} ×`,
      `${(us[2] / them[2]).toFixed(2)} ×`,
    ],
  )
  say(indent(table.toString()))
  say(paint('dim', '  The floor: a C++ program that sends the same messages and does nothing else, just before,'))
  say(
    paint(
      'dim',
      '  in a host namespace of its own, beside as many endpoints. One run, so take it as a hint: npm run bench',
    ),
  )
}

type Row = readonly [p50: number, p99: number, rate: number]

/** Nearest rank. */
function percentile(samples: readonly number[], percent: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? NaN
}

async function removeAll(sandboxes: Sandbox[]): Promise<number> {
  const began = performance.now()
  await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
  const milliseconds = performance.now() - began
  await untilTakenDown()
  return milliseconds
}

async function allAtOnce(slipway: Slipway, removing: number, removed: number): Promise<void> {
  const began = performance.now()
  const sandboxes = await Promise.all(Array.from({ length: CROWD }, (_, i) => create(slipway, i)))
  const milliseconds = performance.now() - began
  say(
    `\n  ${CROWD} at once, Promise.all   up in ${paint('bold', `${number(milliseconds)} ms`)}, ${number((CROWD / milliseconds) * 1000)} endpoints/s`,
  )
  say(
    `  ${removed} at once removed       ${paint('bold', `${number(removing)} ms`)} until names, addresses and ports are free`,
  )
  await removeAll(sandboxes)
}
