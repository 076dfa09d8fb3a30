// Why: CI reads a closing line 'N passed, N failed', which ava does not print. So ava runs as always, its output
// is passed on as it comes, and its own summary is counted at the end. The exit status is ava's.
//
//   node scripts/test.mjs [ava's arguments]
import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { inRoot, root } from './setup/tree.mjs'

const ava = spawn(process.execPath, [inRoot('node_modules/ava/entrypoints/cli.mjs'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'pipe', 'inherit'],
  // A pipe would lose the colours of a terminal.
  env: process.stdout.isTTY ? { FORCE_COLOR: '1', ...process.env } : process.env,
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ava.kill(signal))

// All that ava printed, to count from.
let output = ''
ava.stdout.setEncoding('utf8')
ava.stdout.on('data', (text) => {
  process.stdout.write(text)
  output += text
})

ava.on('close', (code, signal) => {
  const { passed, failed } = countsIn(stripVTControlCharacters(output))
  const succeeded = code === 0 && passed > 0
  // A run can go wrong without a failed test: no test found, a test process that crashed.
  console.log(`\n${passed} passed, ${succeeded ? failed : Math.max(failed, 1)} failed`)
  process.exitCode = signal ? 1 : succeeded ? 0 : code || 1
})

// ava closes with a line for each count that is not zero: '  2 tests failed', '  1 uncaught exception'. It says
// '  31 tests passed' only when nothing failed; else the ticked lines tell how many did pass.
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
