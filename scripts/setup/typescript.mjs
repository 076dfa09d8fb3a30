// Why: build-*/ and dist/ follow the TypeScript sources. `tsc -b` writes what changed but never removes the
// output of a source that is gone, and a stale test would go on running; so that is done here.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { bundle } from './bundle.mjs'
import { SetupError } from './say.mjs'
import { filesUnder, hashOf, inRoot, root, stampIs, writeStamp } from './tree.mjs'

const outputOf = { lib: 'build-lib', test: 'build-test', bench: 'build-bench', examples: 'build-examples' }
// Types are published, and stand where the bundle does.
const types = 'dist'
const typesStamp = `${types}/.types`

// Compiles the named parts, or all, and makes the bundle.
export async function compile(parts = Object.keys(outputOf)) {
  const compiler = inRoot('node_modules/typescript/bin/tsc')
  if (!existsSync(compiler)) throw new SetupError('The TypeScript compiler is not installed. Type: npm ci')
  for (const part of parts) removeStale(part, outputOf[part], '.js', '.js.map', '.d.ts')
  tsc(compiler, ['-b', ...parts])
  writeTypes(compiler)
  await bundle()
}

function tsc(compiler, args) {
  const { status } = spawnSync(process.execPath, [compiler, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new SetupError('The TypeScript sources did not compile.')
}

// Writes the types that are published. `tsc -b` cannot: what is @internal is left out of them, and tests need it.
function writeTypes(compiler) {
  const hash = hashOf(['tsconfig.base.json', 'package-lock.json', ...filesUnder('lib')])
  if (existsSync(inRoot(types, 'index.d.ts')) && stampIs(typesStamp, hash)) return
  for (const file of filesUnder(types)) if (file.endsWith('.d.ts')) rmSync(inRoot(file))
  tsc(compiler, ['-p', 'lib/tsconfig.types.json'])
  const published = reachedFrom(`${types}/index.d.ts`)
  for (const file of filesUnder(types)) if (file.endsWith('.d.ts') && !published.has(file)) rmSync(inRoot(file))
  writeStamp(typesStamp, hash)
}

// tsc writes the types of every source that it has read. This says which files a user's compiler reads.
function reachedFrom(file, reached = new Set()) {
  if (reached.has(file)) return reached
  reached.add(file)
  for (const [, specifier] of readFileSync(inRoot(file), 'utf8').matchAll(/(?:from |import\()'(\.[^']+)\.js'/g))
    reachedFrom(path.posix.join(path.posix.dirname(file), `${specifier}.d.ts`), reached)
  return reached
}

// Removes what a source that is gone has left in a folder, of these kinds of files.
function removeStale(part, output, ...endings) {
  for (const file of filesUnder(output)) {
    const ending = endings.find((one) => file.endsWith(one))
    if (ending && !existsSync(inRoot(part, `${file.slice(output.length + 1, -ending.length)}.ts`))) rmSync(inRoot(file))
  }
}
