// Why: build-*/ and dist/ follow the TypeScript sources. `tsc -b` writes what changed but never removes the
// output of a source that is gone, and a stale test would go on running; so that is done here.
import { existsSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { bundle } from './bundle.mjs'
import { SetupError } from './say.mjs'
import { filesUnder, inRoot, root } from './tree.mjs'

const outputOf = { lib: 'build-lib', test: 'build-test', bench: 'build-bench', examples: 'build-examples' }
// Types of lib/ are published, and stand where the bundle does.
const types = 'dist'

// Compiles the named parts, or all, and makes the bundle.
export async function compile(parts = Object.keys(outputOf)) {
  const compiler = inRoot('node_modules/typescript/bin/tsc')
  if (!existsSync(compiler)) throw new SetupError('The TypeScript compiler is not installed. Type: npm ci')
  for (const part of parts) removeStale(part, outputOf[part], '.js', '.js.map', '.d.ts')
  removeStale('lib', types, '.d.ts')
  // tsc believes its list of what it wrote, which is beside the types.
  if (!existsSync(inRoot(outputOf.lib))) rmSync(inRoot(types, '.tsbuildinfo'), { force: true })
  const { status } = spawnSync(process.execPath, [compiler, '-b', ...parts], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new SetupError('The TypeScript sources did not compile.')
  await bundle()
}

// Removes what a source that is gone has left in a folder, of these kinds of files.
function removeStale(part, output, ...endings) {
  for (const file of filesUnder(output)) {
    const ending = endings.find((one) => file.endsWith(one))
    if (ending && !existsSync(inRoot(part, `${file.slice(output.length + 1, -ending.length)}.ts`))) rmSync(inRoot(file))
  }
}
