// Why: what a machine can tell about the sources, it tells before a person reads them: how they are laid out, what a
// linter finds, which folder imports which. `npm test` begins with it.
//
//   npm run check                  says what is wrong
//   npm run check -- --fix         lays out the sources, and mends what the linter can mend
//   npm run check -- --native      clang-tidy reads all of native/ as well: minutes
//   npm run check -- --arrows      prints which folder of lib/ imports which
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { arrows, printArrows } from './check/arrows.mjs'
import { longComments } from './check/long-comments.mjs'
import { nativeSources, tidy } from './check/native.mjs'
import { ensureDependencies } from './setup/dependencies.mjs'
import { ensurePackages } from './setup/packages.mjs'
import { fail, say } from './setup/say.mjs'
import { inRoot, root } from './setup/tree.mjs'

const program = (name) => inRoot('node_modules/.bin', name)
const FOLDERS = ['lib', 'test', 'bench', 'examples', 'scripts', 'native']

// Each: what is checked, and what it finds, a line for each; empty where all is well.
const checks = (fix) => [
  ['layout', () => output(program('oxfmt'), [fix ? '--write' : '--list-different'])],
  ['lint', () => output(program('oxlint'), ['--format', 'unix', ...(fix ? ['--fix'] : []), ...FOLDERS])],
  ['layout of C++', () => output('clang-format', [...(fix ? ['-i'] : ['--dry-run', '-Werror']), ...nativeSources()])],
  ['comments', () => longComments()],
  ['arrows', () => arrows().wrong],
]

try {
  const { values } = parseArgs({
    options: { fix: { type: 'boolean' }, native: { type: 'boolean' }, arrows: { type: 'boolean' } },
  })
  ensurePackages(values.native ? 'tidy' : 'check')
  ensureDependencies()
  if (values.arrows) printArrows()
  let wrong = 0
  for (const [what, check] of [...checks(values.fix), ...(values.native ? [['clang-tidy', tidy]] : [])]) {
    const began = performance.now()
    const found = check()
    const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
    if (found.length > 0) process.stdout.write(`${found.join('\n')}\n`)
    say(`check of ${what}: ${found.length === 0 ? 'nothing wrong' : 'see above'} (${took})`)
    wrong += found.length
  }
  if (wrong > 0) {
    say('Type: npm run check -- --fix, which mends the layout, and some of the rest.')
    process.exitCode = 1
  }
} catch (error) {
  fail(error)
}

function output(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 })
  if (result.error) throw result.error
  if (result.status === 0) return []
  const lines = `${result.stdout}${result.stderr}`.split('\n').filter((line) => line.trim() !== '')
  return lines.length > 0 ? lines : [`${command} ended with status ${result.status}`]
}
