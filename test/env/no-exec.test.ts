import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { World } from '../helpers/world.js'
import { howItEnded, runChild, WELL } from './run-child.js'

test('no call of the library executes a program or makes a process', async (t) => {
  const world = new World(t)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-strace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'log')
  const ended = await runChild(
    'everyCall',
    { open: { netns: world.host.path, stateDir: world.stateDir }, prefix: world.prefix },
    {
      under: [
        'strace',
        '-f',
        '-qq',
        '-s',
        '300',
        '-o',
        log,
        '-e',
        'trace=execve,execveat,clone,clone3,fork,vfork',
        '-e',
        'signal=none',
      ],
    },
  )
  t.like(howItEnded(ended), WELL)
  t.deepEqual(ended.said, ['done'])

  // Without those that are told in two halves, whose second has no arguments.
  const calls = readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => /^\d+ +(execve|execveat|clone|clone3|fork|vfork)\(/.test(line))
  // env(1) only preloads a sanitizer.
  const executed = calls.filter((line) => line.includes(' exec') && !line.includes('["env"'))
  t.is(executed.length, 1, executed.join('\n'))
  t.true(executed[0]?.includes('child.js'))
  const made = calls.filter((line) => !line.includes(' exec'))
  t.true(made.length > 0)
  t.deepEqual(
    made.filter((line) => !line.includes('CLONE_THREAD')),
    [],
  )
})
