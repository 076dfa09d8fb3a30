import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * There are two forms of the library: single modules, which tests look into, and the bundle, which everybody else runs.
 */
type Form = 'modules' | 'bundle'

const formOf = (specifier: string): Form | undefined =>
  specifier.startsWith('#lib/')
    ? 'modules'
    : specifier === 'slipway' || specifier === '#internal'
      ? 'bundle'
      : undefined

/** What a compiled file imports, at once or later. Types are gone from it. */
function importsOf(file: string): string[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  return [...text.matchAll(/\b(?:from|import|import\()\s*'([^']+)'/g)].map(([, specifier = '']) => specifier)
}

/** Which forms a process has that runs a file, and by which files. */
function formsOf(file: string): Map<Form, string> {
  const forms = new Map<Form, string>()
  const seen = new Set<string>()
  const walk = (path: string): void => {
    if (seen.has(path)) return
    seen.add(path)
    for (const specifier of importsOf(path)) {
      const form = formOf(specifier)
      if (form) forms.set(form, path.slice(ROOT.length))
      if (specifier.startsWith('.')) walk(join(dirname(path), specifier))
    }
  }
  walk(file)
  return forms
}

const programs = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => join(ROOT, folder, file))

// A class of which a process has two makes `instanceof` a matter of luck.
test('no process has the modules and the bundle', (t) => {
  for (const file of programs('build-test')) {
    const forms = formsOf(file)
    t.true(
      forms.size < 2,
      `${file.slice(ROOT.length)}: ${[...forms].map(([form, by]) => `the ${form} by ${by}`).join(', ')}. Tests import '#lib/…', '#lib/index.js' for what is published.`,
    )
  }
  t.true(formsOf(fileURLToPath(import.meta.resolve('../helpers/world.js'))).has('modules'))
})

test('the benchmark and the examples run what is published', (t) => {
  for (const file of [...programs('build-bench'), ...programs('build-examples')]) {
    t.false(
      formsOf(file).has('modules'),
      `${file.slice(ROOT.length)} reaches '#lib/…': lib/internal.ts is what they may look into.`,
    )
  }
  t.true(formsOf(join(ROOT, 'build-bench/trial.js')).has('bundle'))
})

test('the bundle is ASCII: one character beyond Latin-1 would have V8 keep two bytes of each', (t) => {
  const core = readdirSync(join(ROOT, 'dist')).filter((file) => /^core-.*\.js$/.test(file))
  t.is(core.length, 1)
  for (const file of [...core, 'library.cjs'])
    t.is(/[^\0-\x7f].{0,40}/.exec(readFileSync(join(ROOT, 'dist', file), 'utf8'))?.[0], undefined)
})

test('what Node.js imports and what bundlers do export the same, and a process has one of it', async (t) => {
  const [index, again, bundled] = (await Promise.all(
    ['index.js', 'index.js?again', 'for-bundlers.js'].map(
      (file) => import(new URL(`../../dist/${file}`, import.meta.url).href),
    ),
  )) as Record<string, unknown>[]
  t.deepEqual(Object.keys(index ?? {}), Object.keys(bundled ?? {}))
  for (const [name, value] of Object.entries(index ?? {})) t.is(again?.[name], value)
})
