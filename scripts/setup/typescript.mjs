// Why: dist/ and build-*/ follow the TypeScript sources. `tsc -b` writes what changed but never removes the
// output of a source that is gone, and a stale test would go on running; so that is done here.
import { existsSync, rmSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { SetupError } from './say.mjs'
import { filesUnder, inRoot, root } from './tree.mjs'

const outputOf = { lib: 'dist', test: 'build-test', bench: 'build-bench', examples: 'build-examples' }

// Compiles the named parts, or all.
export function compile(parts = Object.keys(outputOf)) {
  const compiler = inRoot('node_modules/typescript/bin/tsc')
  if (!existsSync(compiler)) throw new SetupError('The TypeScript compiler is not installed. Type: npm ci')
  for (const part of parts) removeStale(part, outputOf[part])
  const { status } = spawnSync(process.execPath, [compiler, '-b', ...parts], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new SetupError('The TypeScript sources did not compile.')
}

function removeStale(part, output) {
  for (const file of filesUnder(output)) {
    const base = file.replace(/\.(js|js\.map|d\.ts)$/, '').slice(output.length + 1)
    if (base.endsWith('.tsbuildinfo') || existsSync(inRoot(part, `${base}.ts`))) continue
    rmSync(inRoot(file))
  }
}
