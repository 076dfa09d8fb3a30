import test from 'ava'
import { atOnce } from '../../build-bench/arms/arm.js'
import { FULL, PARTS, QUICK } from '../../build-bench/parts.js'
import { againstTable } from '../../build-bench/report-against.js'
import { schedule } from '../../build-bench/schedule.js'
import { percentile, ratio } from '../../build-bench/stats.js'
import { ARMS, MEASURES } from '../../build-bench/trial-spec.js'

/** What the benchmark does before and after it measures. */

test('a round has each trial of each arm once, in an order that the seed decides', (t) => {
  const sizes = { ...QUICK, trials: 2 }
  const order = (seed: number) => schedule(['ours', 'floor'], ['latency', 'burst'], sizes, seed)
  const first = order(1).filter(({ round }) => round === 0)
  t.is(first.length, 2 * (1 + sizes.bursts.length))
  t.is(new Set(first.map(({ arm, measure, at }) => `${arm} ${measure} ${at}`)).size, first.length)
  t.deepEqual(order(1), order(1))
  t.notDeepEqual(order(1), order(2))
})

test('peers are in the first rounds only, and asked for no more than they can do', (t) => {
  const trials = schedule(ARMS, MEASURES, FULL, 1)
  const peers = trials.filter(({ arm }) => !['ours', 'pooled', 'against', 'against-pooled', 'floor'].includes(arm))
  t.true(peers.every(({ round }) => round < FULL.peerTrials))
  t.true(
    peers
      .filter(({ measure }) => measure === 'burst' || measure === 'endpoints')
      .every(({ at = 0 }) => at <= FULL.peerMost),
  )
  t.true(trials.some(({ round }) => round === FULL.trials - 1))
})

test('every arm of a part has trials, but for bursts of Docker in a hurry', (t) => {
  for (const measure of MEASURES) {
    for (const sizes of [FULL, QUICK]) {
      for (const arm of PARTS[measure].arms) {
        const trials = PARTS[measure].trials(arm, sizes)
        t.true(trials.length > 0 || (sizes === QUICK && measure === 'burst'), `${measure} ${arm}`)
      }
    }
  }
})

test('no more are in flight than are wanted, and each is done once', async (t) => {
  let flying = 0
  let most = 0
  const done: number[] = []
  await atOnce(20, 3, async (i) => {
    most = Math.max(most, ++flying)
    await new Promise((resolve) => setImmediate(resolve))
    flying--
    done.push(i)
  })
  t.is(most, 3)
  t.deepEqual(
    done.sort((a, b) => a - b),
    Array.from({ length: 20 }, (_, i) => i),
  )
})

test('percentiles are values that were measured; a ratio has its rounds', (t) => {
  t.is(percentile([3, 1, 2], 50), 2)
  t.is(percentile([1, 2, 3, 4], 99), 4)
  t.is(percentile([], 50), NaN)
  t.deepEqual(
    ratio(
      [
        [2, 2],
        [6, 6],
      ],
      [
        [1, 1],
        [2, 2],
      ],
      50,
    ),
    { value: 2, low: 2, high: 3 },
  )
})

test('another checkout has a trial in every round, in the parts that know it, and practises as we do', (t) => {
  const own = ['ours', 'pooled', 'floor'] as const
  const beside = schedule([...own, 'against', 'against-pooled'], MEASURES, FULL, 1)
  for (const measure of ['latency', 'burst', 'teardown', 'churn'] as const) {
    for (const [here, there] of [
      ['ours', 'against'],
      ['pooled', 'against-pooled'],
    ]) {
      const trials = (of: string | undefined) =>
        beside
          .filter(({ arm, measure: what }) => arm === of && what === measure)
          .map(({ arm: _, ...trial }) => JSON.stringify(trial))
          .sort()
      t.true(trials(here).length >= FULL.trials, measure)
      t.deepEqual(trials(there), trials(here))
    }
  }
  t.is(beside.filter(({ measure, arm }) => measure === 'costs' && arm === 'against').length, FULL.trials)
  t.is(schedule(own, ['costs'], FULL, 1).length, 1)
})

test('here and there are compared by trials of the same kind, pool with pool', (t) => {
  const trial = { measure: 'latency', warmUp: 0, count: 2, round: 0 } as const
  const table = againstTable([
    { ...trial, arm: 'ours', result: { total: [100, 200], phases: {} } },
    { ...trial, arm: 'against', result: { total: [50, 100], phases: {} } },
    { ...trial, arm: 'pooled', result: { total: [10], phases: {} } },
    { ...trial, arm: 'floor', result: { total: [1], phases: {} } },
  ])
  t.regex(table, /one endpoint with a port .* 100 .* 50 .* 2\.00 .* 200 .* 100 .* 2\.00 .* 2, 2 /)
  t.notRegex(table, /pool/)
  t.is(againstTable([{ ...trial, arm: 'ours', result: { total: [100], phases: {} } }]), '')
})
