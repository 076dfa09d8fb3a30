import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { World } from '../helpers/world.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CHILD = fileURLToPath(new URL('opening-child.js', import.meta.url))

/**
 * Everything of ours that Node opens from a program's first line to an open host. Each file takes its loader half a
 * millisecond.
 */
const FILES = [
  'build-test/env/opening-child.js',
  'dist/index.js',
  'dist/library.cjs',
  // What V8 has compiled of it before.
  'dist/cache/*/library.cjs',
  'build/Release/slipway.node',
  'package.json',
]
/** Of an empty host: whether the two tables are there, and its links. */
const QUESTIONS = 3
/** Folders that a thread of libuv's pool is asked for: that of the networks' records, which is watched from then on. */
const FOLDERS = 1

test('a program that opens an empty host reads few files, and asks the kernel little', async (t) => {
  const world = new World(t)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-strace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'log')
  const strace = [
    '-f',
    '-qq',
    '-s',
    '200',
    '-o',
    log,
    '-e',
    'trace=openat,sendto,access,stat,statx,newfstatat',
    '-e',
    'signal=none',
  ]
  const options = JSON.stringify({ netns: world.host.path, stateDir: world.stateDir })
  // Without the sanitizer that this may run under (scripts/sanitize.mjs): it opens files of its own.
  const env = { ...process.env, LD_PRELOAD: '', NODE_OPTIONS: '', SLIPWAY_ADDON: '' }
  // The first one keeps what was compiled.
  await promisify(execFile)(process.execPath, [CHILD, options], { timeout: 60_000, env })
  await promisify(execFile)('strace', [...strace, process.execPath, CHILD, options], { timeout: 60_000, env })
  const lines = readFileSync(log, 'utf8').split('\n')

  const opened = lines.flatMap((line) => /openat\(AT_FDCWD, "([^"]+)"(?!.* = -1)/.exec(line)?.[1] ?? [])
  const ours = [
    ...new Set(
      opened
        .filter((path) => path.startsWith(ROOT))
        .map((path) => path.slice(ROOT.length).replace(/cache\/[^/]+/, 'cache/*')),
    ),
  ]
  t.deepEqual(
    ours.filter((file) => !FILES.includes(file)),
    [],
  )
  t.true(ours.includes('dist/library.cjs') && ours.includes('build/Release/slipway.node'))

  const [begin = -1, end = -1] = ['begin', 'end'].map((mark) =>
    lines.findIndex((line) => line.includes(`/slipway-${mark}/open"`)),
  )
  t.true(begin >= 0 && end > begin)
  const within = lines.slice(begin, end)
  const questions = within.filter((line) => line.includes(' sendto('))
  t.true(
    questions.length > 0 && questions.length <= QUESTIONS,
    `${questions.length} questions:\n${questions.join('\n')}`,
  )
  const [ownThread = ''] = within[0]?.split(' ') ?? []
  const folders = within.filter(
    (line) => line.includes('O_DIRECTORY') && line.includes(world.stateDir) && !line.startsWith(ownThread),
  )
  t.true(folders.length <= FOLDERS, folders.join('\n'))
})
