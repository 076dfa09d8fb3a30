import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { howItEnded, startChild, WELL } from '../env/run-child.js'
import { World } from '../helpers/world.js'

/**
 * Six processes create and remove sandboxes on one host at the same time: none of them waits for its turn while others
 * have many. SLIPWAY_PROCESSES in the environment asks for another number.
 */

const PROCESSES = Number(process.env['SLIPWAY_PROCESSES'] ?? 6)
const CREATES = 200
/**
 * No create takes longer than so many times the median of its run, less what its thread has waited for a CPU: other
 * programs on the machine may have that.
 */
const MOST = 10

test.serial(`no create of ${PROCESSES} busy processes takes over ${MOST} times the median`, async (t) => {
  const world = new World(t)
  await (await world.create(await world.open(), 'first')).remove()
  const children = Array.from({ length: PROCESSES }, (_, index) =>
    startChild('inARow', {
      open: { netns: world.host.path, stateDir: world.stateDir },
      prefix: `${world.prefix}-${index}`,
      port: 8000 + index,
      count: CREATES,
    }),
  )
  await Promise.all(children.map((child) => child.saysMore()))
  writeFileSync(join(world.stateDir, 'go'), '')
  const took: number[][] = []
  const own: number[] = []
  for (const child of children) {
    const ended = await child.ended
    t.like(howItEnded(ended), WELL)
    const creates = ended.said[1] as { took: number; waited: number }[]
    took.push(sorted(creates.map((one) => one.took)))
    own.push(...creates.map((one) => one.took - one.waited))
  }
  for (const [index, one] of took.entries())
    t.log(`process ${index}: p50 ${show(at(one, 0.5))}, p99 ${show(at(one, 0.99))}, max ${show(at(one, 1))}`)
  const all = sorted(took.flat())
  t.is(all.length, PROCESSES * CREATES)
  t.log(`all: p50 ${show(at(all, 0.5))}, p99 ${show(at(all, 0.99))}, max ${show(at(all, 1))}`)
  const most = Math.max(...own)
  t.log(`without waiting for a CPU: max ${show(most)}`)
  t.true(most <= MOST * at(all, 0.5))
})

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)
/** @param share - Of them, are not greater. */
const at = (numbers: readonly number[], share: number) => numbers[Math.ceil(share * numbers.length) - 1] ?? NaN
const show = (milliseconds: number) => `${milliseconds.toFixed(1)} ms`
