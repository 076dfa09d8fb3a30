// Why: Node's loader takes half a millisecond for each file, and lib/ has some two hundred. What is published, and what
// the command, the benchmark and the examples run, is dist/: the same code in a few files. Tests import single modules,
// build-lib/, as tsc writes them.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { SetupError } from './say.mjs'
import { filesUnder, hashOf, inRoot, root, stampIs, writeStamp } from './tree.mjs'

const output = 'dist'
const stamp = `${output}/.bundle`

// What is imported or run by name. internal.js is not published.
const entries = {
  index: 'lib/index.ts',
  internal: 'lib/internal.ts',
  'cli/main': 'lib/cli/main.ts',
  'cli/bench/measure': 'lib/cli/bench/measure.ts',
}

const inputHash = () =>
  hashOf(['package.json', 'tsconfig.base.json', 'scripts/setup/bundle.mjs', 'package-lock.json', ...filesUnder('lib')])

export const bundleIsCurrent = () => existsSync(inRoot(output, 'index.js')) && stampIs(stamp, inputHash())

export async function bundle() {
  if (bundleIsCurrent()) return
  const { rolldown } = await import('rolldown').catch(() => {
    throw new SetupError('The bundler is not installed. Type: npm ci')
  })
  const { dependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  const build = await rolldown({
    cwd: root,
    input: entries,
    platform: 'node',
    external: Object.keys(dependencies),
    preserveEntrySignatures: 'allow-extension',
    // What the syntax of `engines` in package.json is.
    transform: { target: 'node20.19' },
    logLevel: 'warn',
  })
  const { output: made } = await build.write({
    dir: inRoot(output),
    format: 'esm',
    sourcemap: true,
    // Node compiles all of it at import: short names of parameters and variables make that a fifth shorter. Functions
    // and classes keep theirs, and lines their layout, for traces and for console.log().
    minify: {
      compress: { keepNames: { function: true, class: true } },
      mangle: { toplevel: true, keepNames: true },
      codegen: { removeWhitespace: false },
    },
    // Others are in the map.
    comments: { legal: true, annotation: true, jsdoc: false },
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    // One file for all that `import 'slipway'` needs: without it, what is shared is split by who shares it.
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: 'core', name: coreOf() }] },
  })
  await build.close()
  const kept = new Set(made.map(({ fileName }) => `${output}/${fileName}`))
  for (const file of filesUnder(output)) if (/\.js(\.map)?$/.test(file) && !kept.has(file)) rmSync(inRoot(file))
  writeStamp(stamp, inputHash())
}

// Names the group of a module: `core` for what index.ts imports and what that imports, but not for what is imported()
// when it is needed.
function coreOf() {
  const index = inRoot(entries.index)
  let core
  return (id, bundling) => {
    core ??= importedBy(index, bundling)
    return id !== index && core.has(id) ? 'core' : null
  }
}

function importedBy(id, bundling, found = new Set()) {
  if (found.has(id)) return found
  found.add(id)
  for (const imported of bundling.getModuleInfo(id)?.importedIds ?? []) importedBy(imported, bundling, found)
  return found
}
