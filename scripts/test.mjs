// Why: CI reads a closing line 'N passed, N failed', which ava does not print. So ava runs as always, its output
// is passed on as it comes, and its own summary is counted at the end.
//
// A few tests measure what the whole machine does: they can fail because others run beside them. So a file with a test
// that failed runs once more, alone, where no more than MOST_AGAIN files did. Who passes then is named at the end as
// unsteady, counts as passed, and is to be mended. SLIPWAY_TESTS=strict, =long and files named by hand get no second
// run.
//
//   node scripts/test.mjs [ava's arguments]
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { inRoot, root } from './setup/tree.mjs'

// A change that breaks something breaks more files than chance does.
const MOST_AGAIN = 4

const args = process.argv.slice(2)
const once = args.length > 0 || process.env.SLIPWAY_TESTS

const first = await run(args)
const again = once ? [] : filesOf(first)
const second = again.length === 0 ? undefined : await runAlone(again)
const result = second?.succeeded ? { ...first, passed: first.passed + first.failed, failed: 0, succeeded: true } : first
if (second?.succeeded) {
  console.log('\nUnsteady: failed beside others, passed alone. Look for the cause.')
  for (const title of first.titles) console.log(`  ${title}`)
}
// A run can go wrong without a failed test: no test found, a test process that crashed.
console.log(`\n${result.passed} passed, ${result.succeeded ? 0 : Math.max(result.failed, 1)} failed`)
process.exitCode = result.succeeded ? 0 : first.code || 1

/** Runs ava with `args`, and passes on what it prints. */
async function run(args) {
  const ava = spawn(process.execPath, [inRoot('node_modules/ava/entrypoints/cli.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    // A pipe would lose the colours of a terminal.
    env: process.stdout.isTTY ? { FORCE_COLOR: '1', ...process.env } : process.env,
  })
  const pass = (signal) => ava.kill(signal)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, pass)
  // All that ava printed, to count from.
  let output = ''
  ava.stdout.setEncoding('utf8')
  ava.stdout.on('data', (text) => {
    process.stdout.write(text)
    output += text
  })
  const [code, signal] = await new Promise((resolve) => ava.on('close', (...how) => resolve(how)))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(signal, pass)
  const plain = stripVTControlCharacters(output)
  const counts = countsIn(plain)
  return { code, signal, ...counts, titles: titlesIn(plain), succeeded: code === 0 && counts.passed > 0 }
}

/** The files of the tests that failed; none where there are many, or where more went wrong than tests. */
function filesOf({ code, signal, failed, titles }) {
  if (code !== 1 || signal || titles.length === 0 || titles.length !== failed) return []
  const files = [...new Set(titles.map(fileOf))]
  return files.length <= MOST_AGAIN && !files.includes(undefined) ? files : []
}

/** 'kernel › ports › a port is …' is of build-test/kernel/ports.test.js. */
function fileOf(title) {
  const [folder, name] = title.split(' › ')
  const file = `build-test/${folder}/${name}.test.js`
  return existsSync(inRoot(file)) ? file : undefined
}

async function runAlone(files) {
  console.log(`\nOnce more, alone: ${files.join(', ')}`)
  return run(['--concurrency', '1', ...files])
}

/** The tests that ava has marked as failed: 'kernel › ports › a port is …'. */
function titlesIn(text) {
  return [...text.matchAll(/^ {2}[✘×] \[fail\]: (.*)$/gm)].map(([, title]) => title.replace(/ \([\d.]+m?s\)/, ''))
}

/**
 * ava closes with a line for each count that is not zero: '  2 tests failed', '  1 uncaught exception'. It says
 * '  31 tests passed' only when nothing failed; else the ticked lines tell how many did pass.
 */
function countsIn(text) {
  const last = (pattern) => Number([...text.matchAll(pattern)].at(-1)?.[1] ?? 0)
  return {
    passed: last(/^ {2}(\d+) tests? passed$/gm) || [...text.matchAll(/^ {2}[✔√] /gm)].length,
    failed:
      last(/^ {2}(\d+) tests? failed$/gm) +
      last(/^ {2}(\d+) hooks? failed$/gm) +
      last(/^ {2}(\d+) uncaught exceptions?$/gm) +
      last(/^ {2}(\d+) unhandled rejections?$/gm) +
      last(/^ {2}(\d+) tests? remained pending after a timeout$/gm),
  }
}
