// Why: Node's loader takes half a millisecond for each file, and lib/ has some two hundred. What is published, and what
// the command, the benchmark and the examples run, is dist/: the same code in a few files. Tests import single modules:
// build-modules/ has a file for each, which takes what it exports from one of two files. Each process of a test would
// else take half a second to load.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { SetupError } from './say.mjs'
import { filesUnder, hashOf, inRoot, root, stampIs, writeStamp } from './tree.mjs'

const output = 'dist'
const modules = 'build-modules'
const stamp = `${output}/.bundle`

// What is imported or run by name. internal.js is not published.
const entries = {
  'for-bundlers': 'lib/index.ts',
  'bench/measure': 'lib/cli/bench/measure.ts',
}
// What Node.js imports, and the same for it: V8 can keep what it has compiled of CommonJS (lib/base/code-cache.ts).
const library = { library: 'lib/whole.ts' }
const starters = [
  { name: 'index', file: 'lib/library.ts', format: 'esm' },
  { name: 'internal', file: 'lib/internal-library.ts', format: 'esm' },
  { name: 'cli/main', file: 'lib/cli/main.ts', format: 'cjs' },
]
const command = { 'cli/command': 'lib/cli/command.ts' }

// What runs on a thread.
const threads = {
  'names-thread': 'lib/names/names-thread.ts',
  'events-thread': 'lib/events/events-thread.ts',
}

const inputHash = () =>
  hashOf(['package.json', 'tsconfig.base.json', 'scripts/setup/bundle.mjs', 'package-lock.json', ...filesUnder('lib')])

export const bundleIsCurrent = () =>
  existsSync(inRoot(output, 'index.js')) && existsSync(inRoot(modules, 'index.js')) && stampIs(stamp, inputHash())

export async function bundle() {
  if (bundleIsCurrent()) return
  const { rolldown } = await import('rolldown').catch(() => {
    throw new SetupError('The bundler is not installed. Type: npm ci')
  })
  const { dependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
  const external = Object.keys(dependencies)
  const ofCommand = await write(
    rolldown,
    { input: command, external, plugins: [withoutChildProcess, withoutNames] },
    {
      format: 'cjs',
      chunkFileNames: 'cli/[name]-[hash].js',
      codeSplitting: {
        includeDependenciesRecursively: false,
        groups: [{ debugName: 'command', name: partOfCommand() }],
      },
    },
  )
  const ofLibrary = await write(
    rolldown,
    { input: library, external },
    { format: 'cjs', codeSplitting: false, entryFileNames: '[name].cjs' },
  )
  const made = [...ofCommand, ...ofLibrary]
  // All of a thread's in a file of its own: it needs a tenth of the rest.
  for (const [name, file] of Object.entries(threads))
    made.push(
      ...(await write(
        rolldown,
        { input: { [name]: file }, external },
        { format: 'esm', sourcemap: true, codeSplitting: false },
      )),
    )
  made.push(
    ...(await write(
      rolldown,
      { input: entries, external },
      {
        format: 'esm',
        sourcemap: true,
        // One file for all that `import 'slipway'` needs: without it, what is shared is split by who shares it.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [{ debugName: 'core', name: partOfLibrary() }],
        },
      },
    )),
  )
  for (const { name, file, format } of starters)
    made.push(
      ...(await write(
        rolldown,
        {
          input: { [name]: file },
          external,
          transform: { define: { BUILD: JSON.stringify(inputHash().slice(0, 16)) } },
        },
        { format, codeSplitting: false },
      )),
    )
  for (const { fileName, code } of made)
    if (/^cli\/|\.cjs$/.test(fileName) && /(?<![.\w])import\(/.test(code ?? ''))
      throw new SetupError(`${fileName} imports what is none of its files, which a file that V8 has kept cannot.`)
  for (const file of [...ofCommand, ...ofLibrary]) asFunction(file)
  await writeManual(rolldown, external)
  await writeModules(rolldown)
  for (const folder of ['cli/cache', 'cache']) rmSync(inRoot(output, folder), { recursive: true, force: true })
  writeFileSync(inRoot(`${output}/cli/package.json`), '{ "type": "commonjs" }\n')
  writeLicenses(made)
  const kept = new Set(made.map(({ fileName }) => `${output}/${fileName}`))
  for (const file of filesUnder(output)) if (/\.c?js(\.map)?$/.test(file) && !kept.has(file)) rmSync(inRoot(file))
  writeStamp(stamp, inputHash())
}

// A file for the library and one for what most commands do: the large ones are apart, and what is imported when it is
// needed.
const partOfCommand = () => {
  const definitions = importedFrom(command['cli/command'])
  const library = importedFrom('lib/cli/actions.ts')
  return (id, bundling) => {
    if (!library(id, bundling) || definitions(id, bundling)) return null
    return id.startsWith(inRoot('lib/cli/')) ? 'actions' : 'library'
  }
}

// As lib/base/code-cache.ts reads them: a function around each, and ASCII, which V8 needs not decode, and keeps in half
// of the room of other texts.
function asFunction({ fileName, code }) {
  const text = `(function (exports, require, module, __filename, __dirname) {${code}})\n`
  // eslint-disable-next-line no-control-regex
  writeFileSync(inRoot(output, fileName), text.replace(/[^\x00-\x7f]/g, asEscape))
}

const asEscape = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

// Commander would start commands that are programs of their own, which ours are not. To load what starts them takes
// 3 ms.
const withoutChildProcess = {
  name: 'without child_process',
  resolveId: (name, importer) =>
    name === 'node:child_process' && /\/node_modules\/commander\//.test(importer ?? '') ? '\0nothing' : undefined,
  load: (id) => (id === '\0nothing' ? 'export {}' : undefined),
}

// The command looks no names up in sandboxes, so what does that is no part of it.
const withoutNames = {
  name: 'without names',
  load: (id) =>
    id === inRoot('lib/inside/names/questions.ts')
      ? "export const askForName = () => Promise.reject(new Error('This is no part of the command.'))"
      : undefined,
}

async function write(rolldown, { transform = {}, ...input }, options) {
  const build = await rolldown({
    cwd: root,
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    // What the syntax of `engines` in package.json is.
    transform: { target: 'node20.19', ...transform },
    logLevel: 'warn',
    ...input,
  })
  const { output: made } = await build.write({
    dir: inRoot(output),
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
    ...options,
  })
  await build.close()
  return made
}

// A file for each module, for tests. What runs when it is imported is apart: it would run with each.
async function writeModules(rolldown) {
  const runs = new Set(
    [...Object.values(threads), ...starters.map(({ file }) => file), entries['bench/measure']].map((file) =>
      inRoot(file),
    ),
  )
  const core = importedFrom(entries['for-bundlers'])
  const group = (id, bundling) => {
    if (!id.startsWith(inRoot('lib/')) || runs.has(id)) return null
    // The command looks for package.json two folders above.
    return core(id, bundling) ? 'core' : 'cli/others'
  }
  const input = Object.fromEntries(
    filesUnder('lib')
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file.slice('lib/'.length, -'.ts'.length), file]),
  )
  rmSync(inRoot(modules), { recursive: true, force: true })
  await write(
    rolldown,
    { input, logLevel: 'silent', external: (id) => !/^[./]/.test(id) && !id.startsWith('#') },
    {
      dir: inRoot(modules),
      format: 'esm',
      sourcemap: true,
      minify: false,
      codeSplitting: { includeDependenciesRecursively: false, groups: [{ debugName: 'modules', name: group }] },
    },
  )
}

// The page of the manual is made by a program of the same sources, which is not published. It is made here, where the
// packages are found that those import.
async function writeManual(rolldown, external) {
  const folder = mkdtempSync(inRoot(output, '.manual-'))
  try {
    await write(
      rolldown,
      { input: { manual: 'lib/cli/texts/manual.ts' }, external, plugins: [withoutChildProcess, withoutNames] },
      { format: 'esm', codeSplitting: false, dir: folder, entryFileNames: '[name].mjs' },
    )
    const { manual } = await import(path.join(folder, 'manual.mjs'))
    const { version } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'))
    writeFileSync(inRoot(`${output}/slipway.1`), manual(version))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

// What the command uses of other packages is within its files, as Node takes 10 to 20 ms to find and load each of them.
// Their licences want to be with them.
function writeLicenses(made) {
  const packages = new Set(
    made
      .flatMap(({ moduleIds = [] }) => moduleIds)
      .flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
  )
  const texts = [...packages].sort().map((folder) => {
    const license = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
    if (license === undefined)
      throw new SetupError(`${folder} is part of the bundle, and has no file with its licence.`)
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    return `${name} ${version}\n\n${readFileSync(`${folder}/${license}`, 'utf8').trim()}\n`
  })
  writeFileSync(inRoot(`${output}/cli/LICENSES`), texts.join(`\n${'-'.repeat(80)}\n\n`))
}

// `core` for what index.ts imports and what that imports, but not for what is imported() when it is needed.
const partOfLibrary = () => {
  const core = importedFrom(entries['for-bundlers'])
  return (id, bundling) => (id !== inRoot(entries['for-bundlers']) && core(id, bundling) ? 'core' : null)
}

// Whether a module is imported from a file, in however many steps.
function importedFrom(file) {
  let found
  return (id, bundling) => (found ??= importedBy(inRoot(file), bundling)).has(id)
}

function importedBy(id, bundling, found = new Set()) {
  if (found.has(id)) return found
  found.add(id)
  for (const imported of bundling.getModuleInfo(id)?.importedIds ?? []) importedBy(imported, bundling, found)
  return found
}
