import test from 'ava'
import { percentile } from '#lib/cli/bench/percentile.js'
import { duration, histograms } from '#lib/cli/bench/picture.js'

/** What `slipway bench` makes of times. */

test('a percentile is a sample', (t) => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i)
  t.deepEqual(
    [0, 1, 50, 90, 99, 99.1, 100].map((percent) => percentile(hundred, percent)),
    [1, 1, 50, 90, 99, 100, 100],
  )
  t.is(percentile([7], 50), 7)
  t.is(percentile([1, 2], 50), 1)
  t.is(percentile([], 50), NaN)
})

test('histograms share a log axis, and one slow sample among thousands is seen', (t) => {
  const times = (...list: [count: number, time: number][]) =>
    list.flatMap(([count, time]) => new Array<number>(count).fill(time))
  t.deepEqual(histograms({ create: times([60, 1000], [100, 1300], [1, 10_000]), publish: times([3, 100]) }, 60), [
    '                                       p50      p90      p99',
    '                     ▂█',
    'create               ██         ▁  1.30 ms  1.30 ms  1.30 ms',
    '         █',
    'publish  █                          100 µs   100 µs   100 µs',
    '         ┬──┬────┬───┬──┬────┬──┬',
    '         100 µs    1 ms     10 ms',
  ])
})

test('histograms of samples that are all alike, of none, and without room', (t) => {
  t.deepEqual(histograms({ create: [150, 150], publish: [] }, 60).length, 5, 'what was not measured has no row')
  t.is(
    histograms({ create: [150, 150] }, 60)[2]?.trim(),
    'create  █                           150 µs   150 µs   150 µs',
  )
  for (const width of [1, 20, 40]) {
    for (const line of histograms({ create: [3, 150, 2_000_000] }, width))
      t.true(line.length <= 8 + Math.max(width - 8 - 27, 10) + 27, line)
  }
})

test('the axis names whole decades first', (t) => {
  const [line = '', names = ''] = histograms({ create: [90, 120_000] }, 80).slice(-2)
  t.deepEqual([...line].filter((char) => char === '┬').length, 10)
  t.deepEqual(names.trim().split(/  +/), ['100 µs', '1 ms', '10 ms', '100 ms'])
})

test('durations have three digits and a unit', (t) => {
  t.deepEqual([0.5, 9.994, 50, 999.4, 999.6, 1234, 99_960, 999_600, 22_800_000].map(duration), [
    '0.50 µs',
    '9.99 µs',
    '50.0 µs',
    '999 µs',
    '1.00 ms',
    '1.23 ms',
    '100 ms',
    '1.00 s',
    '22.8 s',
  ])
})
