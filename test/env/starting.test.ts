import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import { COMMAND, done } from '../helpers/command.js'
import { World } from '../helpers/world.js'

/** What a start of the command loads: each file and each module of Node takes time, so the lists are short. */

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PROBE = join(ROOT, 'test/env/starting-probe.cjs')

interface Loaded {
  /** Of the package, without the hashes in their names. */
  files: string[]
  /** The length of their texts, without what was compiled before. */
  bytes: number
  /** Modules of Node. */
  builtins: string[]
  /** Everything that was read. */
  read: string[]
}

const temporary = (t: ExecutionContext): string => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-start-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

/** @param before - What is typed before Node. */
function start(t: ExecutionContext, command: string, args: readonly string[], before: readonly string[] = []): Loaded {
  const list = join(temporary(t), 'list')
  chmodSync(join(list, '..'), 0o777)
  const [program = '', ...rest] = [...before, process.execPath, '--require', PROBE, command, ...args]
  const { status, stderr } = spawnSync(program, rest, {
    env: { ...process.env, PROBE: list, NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
    encoding: 'utf8',
  })
  t.is(status, 0, stderr)
  const { read, builtins } = JSON.parse(readFileSync(list, 'utf8')) as { read: string[]; builtins: string[] }
  const files = read
    .filter((path) => path.startsWith(ROOT) && !path.includes('/cache/'))
    .map((path) => path.slice(ROOT.length).replace(/-[\w-]{8}\.js$/, '.js'))
  const texts = new Set(read.filter((path) => path.startsWith(join(ROOT, 'dist')) && !path.includes('/cache/')))
  const bytes = [...texts].reduce((sum, path) => sum + statSync(path).size, 0)
  return { files: [...new Set(files)].sort(), bytes, builtins, read }
}

const DEFINITIONS = ['dist/cli/main.js', 'dist/cli/command.js', 'package.json']
/** Of the nameservers in resolv.conf, IPv6 ones. */
const ADDRESSES = 'node_modules/ipaddr.js/lib/ipaddr.js'
const LIBRARY = ['dist/cli/actions.js', 'dist/cli/library.js']
const ADDON = 'build/Release/slipway.node'
/** What takes Node more than a millisecond to load, and is only for some commands. */
const LARGE = [
  'child_process',
  'crypto',
  'dns',
  'fs/promises',
  'http',
  'net',
  'perf_hooks',
  'readline',
  'stream',
  'tls',
  'worker_threads',
]
/** Of all files of the command and the library, as V8 has to have their whole text: they may grow by a tenth. */
const MOST_BYTES = 740 << 10

test('a command loads what it needs', (t) => {
  const world = new World(t)
  const host = [`--netns=${world.host.path}`, `--state-dir=${world.stateDir}`]
  const looking: [string[], string[], string[]][] = [
    [['--version'], [], []],
    [['--help'], [], ['net', 'stream']],
    [['create', '--help'], [], ['net', 'stream']],
    [['network', 'create', '--help'], [], ['net', 'stream']],
    [[...host, 'ls'], [...LIBRARY, ADDON], []],
    [[...host, 'network', 'ls'], [...LIBRARY, ADDON], []],
    [[...host, 'create', '--name', world.name('app'), '-p', '8080:80'], [...LIBRARY, ADDON], []],
    [[...host, 'port', world.name('app')], [...LIBRARY, ADDON], []],
    [[...host, 'rm', world.name('app')], [...LIBRARY, ADDON], []],
    [
      [...host, 'run', '--network', 'none', '--', 'true'],
      [...LIBRARY, ADDON],
      ['child_process', 'dns', 'net', 'perf_hooks', 'stream'],
    ],
  ]
  for (const [args, files, large] of looking) {
    const loaded = start(t, COMMAND, args)
    t.deepEqual(
      loaded.files.filter((file) => ![...DEFINITIONS, ADDRESSES, ...files].includes(file)),
      [],
      args.join(' '),
    )
    for (const file of files) if (!process.env['SLIPWAY_ADDON']) t.true(loaded.files.includes(file), args.join(' '))
    t.deepEqual(
      loaded.builtins.filter((name) => LARGE.includes(name) && !large.includes(name)),
      [],
      args.join(' '),
    )
    t.true(loaded.bytes < MOST_BYTES, `${args.join(' ')}: ${loaded.bytes} bytes`)
  }
})

test('what was compiled is kept beside the command, and is believed only as far as the command itself', async (t) => {
  const world = new World(t)
  t.regex(await done(world, '--version'), /^\d/)
  // A package of its own, as the other's is in use by other tests.
  const own = temporary(t)
  chmodSync(own, 0o755)
  cpSync(join(ROOT, 'package.json'), join(own, 'package.json'))
  cpSync(join(ROOT, 'dist/cli'), join(own, 'dist/cli'), {
    recursive: true,
    filter: (path) => !path.includes('/cache') && !path.endsWith('.d.ts'),
  })
  const command = join(own, 'dist/cli/main.js')
  const cache = join(own, 'dist/cli/cache')
  const kept = (): string[] =>
    readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) => /\.js/.test(name))
  const readsKept = (before?: readonly string[]): boolean =>
    start(t, command, ['--help'], before).read.some((path) => path.startsWith(cache))

  const other = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
  t.false(readsKept(other))
  t.throws(kept, { code: 'ENOENT' }, 'kept by a user who does not own the package')
  t.false(readsKept())
  const [file = ''] = kept()
  t.regex(file, new RegExp(`-${process.version}-${process.arch}/command\\.js$`))
  const path = join(cache, file)
  t.is(statSync(path).mode & 0o777, 0o644)
  t.true(readsKept())
  t.true(readsKept(other))

  chmodSync(path, 0o666)
  t.false(readsKept(), 'a file that others can write')
  chmodSync(path, 0o644)
  chmodSync(join(path, '..'), 0o777)
  t.false(readsKept(), 'a folder that others can write')
  chmodSync(join(path, '..'), 0o755)
  chownSync(path, 65_534, 65_534)
  t.false(readsKept(), "another user's file")
  chownSync(path, 0, 0)
  t.true(readsKept())
})
