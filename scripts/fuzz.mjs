// Why: what reads what others wrote (the kernel's answers, plans, records, DNS, daemon.json, -p) is tried with inputs
// that nobody would write, under the sanitizers where it is C++. docs/fuzzing.md says what is tried, and why by these
// means.
//
//   npm run fuzz -- --minutes N [--target NAME]...      all targets share the time; without --minutes, ten
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { fail, run, SetupError, step } from './setup/say.mjs'
import { nodeGypEnvironment } from './setup/node-gyp.mjs'
import { inRoot, root } from './setup/tree.mjs'

const FOLDER = 'build-fuzz'
const FINDINGS = inRoot('fuzz-findings')

// What each is given beside bytes: words that mean something to it. Plans get the names of operations, too.
const native = {
  answers: [],
  datagrams: [],
  elements: [],
  firewalls: [
    'inet',
    'meta',
    'ct',
    'payload',
    'cmp',
    'bitwise',
    'immediate',
    'counter',
    'reject',
    'match',
    'target',
    'conntrack',
    'state',
    'comment',
    'tcp',
    'udp',
    'REJECT',
    'ERROR',
  ],
  news: ['fz0', 'fz1', 'fz-as-long-as-1'],
  plan: [
    '\\x1f',
    '\\x1f\\x1f\\x1f',
    'true',
    'false',
    'macvlan',
    'ipvlan',
    'vlan',
    'dummy',
    'private',
    'vepa',
    'passthru',
    'l2',
    'l3s',
    'ipv4_addr',
    'ipv6_addr',
    'ifname',
    'ether_addr',
    'inet_service',
    'inet_proto',
    'inet',
    'bridge',
    'jump x',
    'goto x',
    'drop',
    'accept',
    '4294967295',
    '4294967296',
    '65536',
    '-1',
    '10.0.0.0/8',
    '::/0',
    '0-65535',
  ],
}
const script = ['records', 'dns-messages', 'dns-frames', 'daemon-json', 'publish']
const all = [...Object.keys(native), ...script]

// A line that says how far it is: libFuzzer's, and that of test/fuzz/main.ts.
const PROGRESS = /^#(\d+)\s.*cov: (\d+)|^[\w-]+: (\d+) inputs$/

try {
  const { minutes, targets } = readArguments()
  if (spawnSync(process.execPath, [inRoot('scripts/setup.mjs'), 'fuzz'], { stdio: 'inherit' }).status !== 0)
    process.exit(1)
  if (targets.some((name) => name in native)) await build()
  const seconds = Math.max(1, Math.round((minutes * 60) / targets.length))
  const results = []
  for (const name of targets) results.push(await tryTarget(name, seconds))
  for (const { name, inputs, covered, good } of results) {
    console.log(
      `${name.padEnd(14)} ${`${inputs}`.padStart(10)} inputs${covered ? `, ${covered} edges covered` : ''}${good ? '' : `  FAILED, see ${FINDINGS}`}`,
    )
  }
  process.exitCode = results.every(({ good }) => good) ? 0 : 1
} catch (error) {
  fail(error)
}

function readArguments() {
  let values
  try {
    ;({ values } = parseArgs({
      options: { minutes: { type: 'string', default: '10' }, target: { type: 'string', multiple: true } },
    }))
  } catch (error) {
    throw new SetupError(error.message)
  }
  const minutes = Number(values.minutes)
  if (!(minutes > 0)) throw new SetupError('How many minutes? A number, as in --minutes 10.')
  const targets = [...new Set(values.target ?? all)]
  const unknown = targets.filter((name) => !all.includes(name))
  if (unknown.length > 0)
    throw new SetupError(`Which target? There is no ${unknown.join(', ')}, but ${all.join(', ')}.`)
  return { minutes, targets }
}

async function build() {
  step('compiling the fuzzers with clang', () => {
    run(
      inRoot('node_modules/.bin/cmake-js'),
      [
        'build',
        '--directory',
        'native',
        '--out',
        FOLDER,
        '--config',
        'Debug',
        '--log-level',
        'error',
        '--parallel',
        '2',
        '--CDFUZZ=ON',
        '--CDCMAKE_CXX_COMPILER=clang++',
        '--target',
        'fuzzers',
      ],
      { cwd: root, env: nodeGypEnvironment(), sentence: 'The fuzzers did not compile.' },
    )
  })
  run(process.execPath, [inRoot('build-test/fuzz/main.js'), 'seeds', inRoot(FOLDER, 'seeds')], {
    sentence: 'The seeds could not be written.',
  })
  const { TRAITS } = await import(inRoot('build-lib/plan/traits.js'))
  native.plan.push(...Object.keys(TRAITS))
  for (const [name, words] of Object.entries(native)) {
    mkdirSync(inRoot(FOLDER, 'corpus', name), { recursive: true })
    writeFileSync(inRoot(FOLDER, `${name}.dict`), words.map((word) => `"${word}"\n`).join(''))
  }
}

function tryTarget(name, seconds) {
  mkdirSync(FINDINGS, { recursive: true })
  const before = readdirSync(FINDINGS).length
  const [command, ...args] =
    name in native
      ? [
          inRoot(FOLDER, `fuzz-${name}`),
          inRoot(FOLDER, 'corpus', name),
          inRoot(FOLDER, 'seeds', name),
          ...(native[name].length > 0 ? [`-dict=${inRoot(FOLDER, `${name}.dict`)}`] : []),
          `-max_total_time=${seconds}`,
          `-artifact_prefix=${FINDINGS}/${name}-`,
          '-timeout=20',
          '-print_final_stats=0',
        ]
      : [process.execPath, inRoot('build-test/fuzz/main.js'), name, `${seconds}`, FINDINGS]
  console.log(`${name}: ${seconds} s`)
  const child = spawn(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, UBSAN_OPTIONS: 'print_stacktrace=1' },
  })
  const result = { name, inputs: 0, covered: 0, good: true }
  const tail = []
  const hear = (line) => {
    const [, count, covered, inputs] = PROGRESS.exec(line) ?? []
    tail.push(line)
    if (tail.length > 60) tail.shift()
    if (count === undefined && inputs === undefined) return
    result.inputs = Number(count ?? inputs)
    result.covered = Number(covered ?? result.covered)
    // libFuzzer says so with each thing that it finds out.
    if (count === undefined || /\s(pulse|DONE)\s/.test(line))
      console.log(count === undefined ? line : `${name}: ${count} inputs, ${covered} edges covered`)
  }
  for (const stream of [child.stdout, child.stderr]) {
    let rest = ''
    stream.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop()
      lines.forEach(hear)
    })
  }
  // What neither ends nor is stopped by its own watch.
  const guard = setTimeout(() => child.kill('SIGKILL'), (seconds + 120) * 1000)
  return new Promise((resolve, reject) => {
    child.on('error', (error) => reject(new SetupError(`${name} did not start: ${error.message}`)))
    child.on('close', (code) => {
      clearTimeout(guard)
      result.good = code === 0 && readdirSync(FINDINGS).length === before
      if (!result.good) console.error(tail.join('\n'))
      resolve(result)
    })
  })
}
