// Why: the whole suite once more, with an addon that checks its memory (asan: ASan and UBSan) or its threads
// (tsan) while it works. Node itself is not instrumented, so the sanitizer's runtime is preloaded.
//
//   node scripts/sanitize.mjs asan|tsan [ava's arguments]
import { spawnSync } from 'node:child_process'
import { rmSync, symlinkSync } from 'node:fs'
import { fail, run, SetupError, step } from './setup/say.mjs'
import { nodeGypEnvironment } from './setup/node-gyp.mjs'
import { inRoot, root } from './setup/tree.mjs'

const kinds = {
  asan: {
    sanitize: 'address,undefined',
    library: 'libasan.so',
    environment: {
      // Node and V8 free little on exit, and every process of a test would be reported; test/env counts leaks of ours.
      ASAN_OPTIONS:
        'detect_leaks=0:halt_on_error=1:abort_on_error=0:strict_string_checks=1:detect_stack_use_after_return=1',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    },
  },
  tsan: {
    sanitize: 'thread',
    library: 'libtsan.so',
    // TSan names functions only of what was loaded when the process began.
    preloadAddon: true,
    environment: {
      TSAN_OPTIONS: `halt_on_error=0:exitcode=66:second_deadlock_stack=1:suppressions=${inRoot('scripts/tsan-suppressions.txt')}`,
    },
  },
}

try {
  const [kind, ...avaArguments] = process.argv.slice(2)
  const { sanitize, library, preloadAddon, environment } = kinds[kind] ?? {}
  if (!sanitize) throw new SetupError(`Which sanitizer? One of: ${Object.keys(kinds).join(', ')}.`)

  if (spawnSync(process.execPath, [inRoot('scripts/setup.mjs'), 'dev'], { stdio: 'inherit' }).status !== 0)
    process.exit(1)

  const folder = `build-${kind}`
  const addon = inRoot(folder, 'Debug/slipway.node')
  step(`compiling the addon with -fsanitize=${sanitize}`, () => {
    const { stdout, stderr } = run(
      inRoot('node_modules/.bin/cmake-js'),
      [
        'build',
        '--directory',
        'native',
        '--out',
        folder,
        '--config',
        'Debug',
        '--log-level',
        'error',
        '--parallel',
        '2',
        `--CDSANITIZE=${sanitize}`,
      ],
      { cwd: root, env: nodeGypEnvironment(), sentence: 'The addon did not compile.' },
    )
    if ((stdout + stderr).includes('warning:')) process.stderr.write(stdout + stderr)
  })

  linkCompileCommands(folder)

  const runtime = run('g++', [`-print-file-name=${library}`]).stdout.trim()
  const preload = preloadAddon ? `${runtime}:${addon}` : runtime
  const variables = {
    LD_PRELOAD: preload,
    SLIPWAY_PRELOAD: preload,
    SLIPWAY_ADDON: addon,
    SLIPWAY_SANITIZER: runtime,
    SLIPWAY_PATIENCE: '5',
    NODE_OPTIONS: `--import=${inRoot('scripts/spare-the-tools.mjs')}`,
    ...environment,
  }
  // Set within the namespaces, so that unshare and mount are not preloaded too.
  const { status } = spawnSync(
    inRoot('scripts/in-own-namespaces.sh'),
    [
      'env',
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      inRoot('scripts/test.mjs'),
      '--timeout=10m',
      // Tests that run at once in a process keep each other from answering in time: it is slow enough with one.
      '--serial',
      ...avaArguments,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  process.exitCode = status ?? 1
} catch (error) {
  fail(error)
}

// clangd looks for it in the root.
function linkCompileCommands(folder) {
  rmSync(inRoot('compile_commands.json'), { force: true })
  symlinkSync(`${folder}/compile_commands.json`, inRoot('compile_commands.json'))
}
