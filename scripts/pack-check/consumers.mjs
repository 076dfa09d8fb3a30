// Why: people install the package with what they have, and import it in the ways there are. Each consumer gets an
// empty folder, what it installs, and a program of scripts/pack-check/consumers; what it prints has to be right.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { run, say, SetupError, step } from '../setup/say.mjs'
import { inRoot } from '../setup/tree.mjs'

// Exact versions: what is tried today is tried tomorrow.
const MANAGERS = {
  npm: ['npm', 'install', '--loglevel=error', '--no-audit', '--no-fund'],
  pnpm: ['npx', '--yes', 'pnpm@10.34.8', 'add', '--reporter=silent'],
  yarn: ['npx', '--yes', '@yarnpkg/cli-dist@4.18.1', 'add'],
}
const TYPESCRIPT = ['typescript@5.9.3', '@types/node@20']

const made = (code) => `app 8080\n${code}\n`
const ESBUILD = ['node_modules/.bin/esbuild', 'main.mjs', '--bundle', '--platform=node', '--format=esm']

/**
 * Each: the package manager, the folder of its program, what it installs besides, and what it runs: a command, whether
 * that needs a host of its own, what it prints to the end.
 */
const CONSUMERS = [
  { manager: 'npm', folder: 'esm', runs: [{ command: ['node', 'main.mjs'], host: true, prints: made('NOT_FOUND') }] },
  { manager: 'pnpm', folder: 'esm', runs: [{ command: ['node', 'main.mjs'], host: true, prints: made('NOT_FOUND') }] },
  {
    manager: 'yarn',
    folder: 'esm',
    // Plug'n'Play: node finds packages by a loader that yarn gives it.
    runs: [
      {
        command: ['node', '--require', './.pnp.cjs', '--experimental-loader', './.pnp.loader.mjs', 'main.mjs'],
        host: true,
        prints: made('NOT_FOUND'),
      },
    ],
  },
  {
    manager: 'npm',
    folder: 'commonjs',
    runs: [{ command: ['node', 'main.cjs'], host: true, prints: made('NOT_FOUND') }],
  },
  {
    manager: 'npm',
    folder: 'typescript',
    besides: TYPESCRIPT,
    runs: Object.entries({ nodenext: 'tsconfig.json', bundler: 'tsconfig.bundler.json' }).flatMap(([way, file]) => [
      { command: ['node_modules/.bin/tsc', '-p', file] },
      { command: ['node', `out/${way}/main.mjs`], host: true, prints: made('INVALID_ARGUMENT') },
    ]),
  },
  {
    manager: 'npm',
    folder: 'vitest',
    // The last one for Node.js 20.
    besides: ['vitest@4.1.12'],
    runs: [{ command: ['node_modules/.bin/vitest', 'run'], host: true, says: /Tests {2}2 passed/ }],
  },
  {
    manager: 'npm',
    folder: 'esm',
    what: 'esm, bundled by esbuild',
    besides: ['esbuild@0.28.2'],
    runs: [
      { command: [...ESBUILD, '--external:slipway', '--outfile=beside.mjs'] },
      { command: ['node', 'beside.mjs'], host: true, prints: made('NOT_FOUND') },
      // Where the package is not installed beside it, as on a server that the bundle is copied to.
      { command: [...ESBUILD, '--outfile=../alone/inside.mjs'] },
      { command: ['node', '../alone/inside.mjs'], host: true, refuses: /^\S*Error.*: .*external/m },
    ],
  },
]

/**
 * @param tarball - As `npm pack` makes it.
 * @param temporary - A folder to work in.
 */
export function tryConsumers(tarball, temporary) {
  for (const [index, { manager, folder, what = folder, besides = [], runs }] of CONSUMERS.entries()) {
    step(`${what}, installed by ${manager}`, () => {
      const where = path.join(temporary, `consumer-${index}`)
      mkdirSync(where)
      cpSync(inRoot('scripts/pack-check/consumers', folder), where, { recursive: true })
      writeFileSync(path.join(where, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }\n')
      // yarn takes a folder with a lockfile of its own for a project.
      if (manager === 'yarn') writeFileSync(path.join(where, 'yarn.lock'), '')
      const [command, ...args] = MANAGERS[manager]
      run(command, [...args, manager === 'yarn' ? `slipway@file:${tarball}` : tarball, ...besides], {
        cwd: where,
        sentence: `${manager} did not install the package.`,
        env: { ...process.env, YARN_ENABLE_IMMUTABLE_INSTALLS: '0', YARN_ENABLE_TELEMETRY: '0' },
      })
      for (const one of runs) tryIt(one, where)
    })
  }
}

function tryIt({ command, host = false, prints, says, refuses }, where) {
  const [program, ...args] = host ? [inRoot('scripts/in-own-namespaces.sh'), ...command] : command
  const options = { cwd: where, env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined } }
  if (refuses) {
    const { status, stderr } = spawnSync(program, args, { encoding: 'utf8', ...options })
    if (status === 0 || !refuses.test(stderr))
      throw new SetupError(
        `${command.join(' ')}: expected a refusal like ${refuses}, not status ${status} and:\n${stderr}`,
      )
    say(`  ${refuses.exec(stderr)[0]}`)
    return
  }
  const { stdout } = run(program, args, { sentence: 'A consumer failed.', ...options })
  if ((prints !== undefined && stdout !== prints) || (says && !says.test(stdout)))
    throw new SetupError(`${command.join(' ')} printed:\n${stdout}and not: ${prints ?? says}`)
}
