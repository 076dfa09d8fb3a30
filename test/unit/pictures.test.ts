import { readFileSync } from 'node:fs'
import test from 'ava'
import { chartsOf } from '../../build-bench/pictures/charts.js'
import { density } from '../../build-bench/pictures/density.js'
import { DARK, duration } from '../../build-bench/pictures/look.js'
import type { Measured, Run } from '../../build-bench/pictures/measured.js'
import { page } from '../../build-bench/pictures/page.js'
import { replaceBlock, summary } from '../../build-bench/pictures/summary.js'
import { svg } from '../../build-bench/pictures/svg.js'

/** Pictures of the benchmark: from samples to SVG, HTML and Markdown. */

const spread = (from: number, n = 100): number[] => Array.from({ length: n }, (_, i) => from * (1 + i / n))
const sample = (arm: string, measure: string, total: number[], more: Partial<Measured> = {}): Measured => ({
  arm,
  measure,
  round: 0,
  count: total.length,
  ...more,
  result: { total, phases: {}, ...more.result },
})

const phases = { namespace: [300], link: [400], rest: [100] }
const SAMPLES: Measured[] = [
  sample('exec', 'latency', spread(20_000)),
  sample('floor', 'latency', spread(1000), { result: { total: spread(1000), phases } }),
  sample('ours', 'latency', spread(1200), { result: { total: spread(1200), phases } }),
  sample('ours', 'first-byte', spread(1900)),
  ...[1, 1000].map((at) => sample('ours', 'burst', [at * 1000], { at, count: at })),
  ...[0, 100, 10_000].map((at) => sample('ours', 'endpoints', spread(1000 + at / 10), { at })),
  ...[0, 50_000].map((at) => sample('ours', 'ports', spread(100), { at })),
  sample('ours', 'teardown', spread(100), {
    at: 1,
    result: { total: spread(100), phases: {}, series: { completed: spread(20_000) } },
  }),
  sample('ours', 'teardown', [50_000], {
    at: 500,
    count: 500,
    result: { total: [50_000], phases: {}, series: { completed: [500_000] } },
  }),
  ...['none', 'moved-peer'].map((variant) => sample('floor', 'ablation', spread(1000), { variant, at: 50 })),
  ...['hash', 'rule'].flatMap((variant) =>
    [0, 1000].map((at) => sample('floor', 'claims', spread(10), { variant, at })),
  ),
  ...['outside', 'localhost'].map((variant) =>
    sample('ours', 'data', [], {
      variant,
      result: { total: [], phases: {}, numbers: { gigabitsPerSecond: 20, connectionsPerSecond: 9000 } },
    }),
  ),
]
const RUN: Run = {
  facts: {
    date: '2030-01-02T03:04:05.678Z',
    command: 'npm run bench -- --quick',
    commit: 'abc',
    kernel: '6.18 x86_64',
    hz: '250',
    cpus: '2 × CPU <&">',
    memory: '4 GiB',
    load: '0',
    node: 'v20',
    brNetfilter: 'on',
  },
  samples: SAMPLES,
}
const NOTES = ['2 × CPU <&">', 'Slipway abc']

const named = (name: string) => {
  const chart = chartsOf(SAMPLES).find((one) => one.name === name)
  if (!chart) throw new Error(`no chart ${name}`)
  return chart
}

test('what was measured has a picture, and what was not has none', (t) => {
  t.deepEqual(
    chartsOf(SAMPLES).map(({ name }) => name),
    [
      'latency',
      'latency-cumulative',
      'phases',
      'first-byte',
      'bursts',
      'endpoints',
      'ports',
      'teardown',
      'teardown-at-once',
      'ablation',
      'claims',
      'throughput',
      'connections',
    ],
  )
  t.deepEqual(chartsOf([]), [])
  t.deepEqual(chartsOf([sample('ours', 'of-a-later-version', [1])]), [])
  t.deepEqual(chartsOf([sample('ours', 'endpoints', [1], { at: 10 })]), [], 'one place is no curve')
  t.deepEqual(chartsOf([sample('ours', 'latency', [])]), [], 'a trial without samples')
})

test('distributions: the fastest first, with its percentiles in words', (t) => {
  t.deepEqual(named('latency').text, [
    'floor (C++, only messages): median 1.49 ms, 99th percentile 1.98 ms, 100 samples.',
    'Slipway: median 1.79 ms, 99th percentile 2.38 ms, 100 samples.',
    'ip and nft commands: median 29.8 ms, 99th percentile 39.6 ms, 100 samples.',
  ])
})

test('a density is highest where most samples are, and ends with them', (t) => {
  const curve = density([...spread(1000, 50), ...spread(10_000, 5)])
  const [peak] = curve.reduce((best, point) => (point[1] > best[1] ? point : best))
  t.true(peak > 1000 && peak < 2000, String(peak))
  t.is(Math.max(...curve.map(([, height]) => height)), 1)
  t.true((curve[0]?.[1] ?? 1) < 0.1)
  t.true((curve.at(-1)?.[0] ?? 0) > 19_000)
  t.true(
    density([5, 5, 5]).every(([x, height]) => Number.isFinite(x) && Number.isFinite(height)),
    'all the same',
  )
})

test('the share that is up within a time grows to all of it', (t) => {
  const { series } = named('latency-cumulative').option as { series: { data: [number, number][] }[] }
  for (const { data } of series) {
    t.deepEqual(
      data.map(([, percent]) => percent),
      data.map(([, percent]) => percent).sort((a, b) => a - b),
    )
    t.is(data.at(-1)?.[1], 100)
  }
  t.is(series[0]?.data.at(-1)?.[0], 1.99, 'the slowest')
})

test('cost over a number tells of every place of every arm', (t) => {
  const chart = named('endpoints')
  t.deepEqual((chart.option as { xAxis: { data: string[] } }).xAxis.data, ['0', '100', '10,000'])
  t.is(chart.text[0], 'Slipway, median: 1.49 ms at 0, 1.50 ms at 100, 2.98 ms at 10,000.')
  t.is(named('bursts').text[0], 'Slipway, median: 1,000 a second at 1, 1,000 a second at 1,000.')
})

test('several ways of one arm are told apart', (t) => {
  t.deepEqual(named('teardown').text, [
    'Slipway: returns: median 149 µs, 99th percentile 198 µs, 100 samples.',
    'Slipway: kernel is done: median 29.8 ms, 99th percentile 39.6 ms, 100 samples.',
  ])
  t.deepEqual(named('teardown-at-once').text, [
    'Slipway: returns: 10,000 endpoints a second.',
    'Slipway: kernel is done: 1,000 endpoints a second.',
  ])
  t.deepEqual(
    named('ablation').text.map((line) => line.split(':')[0]),
    ['none, 50', 'moved-peer, 50'],
  )
  t.is(named('claims').text[0], 'hash, median: 14.9 µs at 0, 14.9 µs at 1,000.')
  t.deepEqual(named('throughput').text, [
    'Slipway: outside: 20.0 gigabits a second.',
    'Slipway: localhost: 20.0 gigabits a second.',
  ])
})

test('an SVG says what it shows and where it was measured, and has a dark colour for each light one', (t) => {
  const picture = svg(chartsOf(SAMPLES), NOTES)
  for (const text of [
    'One endpoint with one published port, until it is up',
    'milliseconds, log scale',
    '2 × CPU &#60;&#38;&#34;&#62;',
    'Slipway abc',
  ])
    t.true(picture.includes(`>${text}</text>`), text)
  // What clips has a colour that nobody sees.
  const colors = [...picture.replace(/<clipPath.*?<\/clipPath>/gs, '').matchAll(/ (?:fill|stroke)="(#[^"]+)"/g)].map(
    ([, color]) => color ?? '',
  )
  t.deepEqual(
    [...new Set(colors)].filter((color) => !(color in DARK)),
    [],
  )
  t.false(/NaN|undefined/.test(picture))
  const ids = [...picture.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
  t.is(new Set(ids).size, ids.length, 'pictures below each other do not share names')
})

test('the report is one file that carries its charts and loads nothing', (t) => {
  const charts = chartsOf(SAMPLES)
  const html = page('A </script> title', charts, NOTES, '│ <table> │')
  const [, options = ''] = /<script type="application\/json" id="options">(.*?)<\/script>/s.exec(html) ?? []
  t.deepEqual(
    JSON.parse(options),
    JSON.parse(JSON.stringify(charts.map(({ option }) => option))),
    'no function among the options',
  )
  t.is(html.match(/<div class="chart"/g)?.length, charts.length)
  t.notRegex(html, /<script[^>]* src=|<link|@import/)
  t.true(html.includes('<h1>A &#60;/script&#62; title</h1>') && html.includes('│ &#60;table&#62; │'))
})

test('a README has the numbers of the run between two marks', (t) => {
  const text = summary(RUN, chartsOf(SAMPLES))
  t.true(text.includes('| Slipway | 1.79 ms | 2.27 ms | 2.38 ms | 1.20 | 1.20 |'), text)
  t.true(text.includes('npm run bench -- --quick'))
  const [begin = '', end = ''] = [
    '<!-- benchmark: written by `npm run bench:readme -- FILE.json`, not by hand -->',
    '<!-- benchmark: end -->',
  ]
  t.is(replaceBlock(`a\n${begin}\nold\n${end}\nb`, 'new'), `a\n${begin}\nnew\n${end}\nb`)
  t.throws(() => replaceBlock('no marks', 'new'), { message: /one block/ })
  t.throws(() => replaceBlock(`${begin}${end}${begin}${end}`, 'new'), { message: /one block/ })
})

test('durations have three digits and a unit', (t) => {
  t.deepEqual([0.5, 9.99, 50, 999.4, 999.6, 1234, 99_960, 999_600, 22_800_000].map(duration), [
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

test("the README's picture and its numbers are of one run", (t) => {
  const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const picture = file('docs/benchmark.svg')
  const notes = [...picture.matchAll(/<text [^>]*font-size="11"[^>]*>([^<]+)<\/text>/g)].map(([, note]) => note)
  t.is(notes.length, 2)
  t.true(file('README.md').includes(`${notes.join('. ')}.`))
})
