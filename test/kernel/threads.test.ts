import { execFileSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { constants } from 'node:os'
import test from 'ava'
import { Host } from '#lib/kernel/host.js'
import { SlipwayError } from '#lib/index.js'
import { Executor } from '#lib/kernel/native.js'
import { World } from '../helpers/world.js'

/** Less than the stack of one thread. */
const ROOM = 4 * 1024 * 1024

/** The namespace, where this thread is, its way back, and a socket. */
const OF_THIS_THREAD = 4

/** What it takes to start a program, and more. */
const OF_A_CHILD = 32

/** The process has no room for the stack of one more thread. */
function withoutThreads(work: () => void): void {
  const limit = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--as=${bytes}:unlimited`])
  const [, used = ''] = /^VmSize:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  limit(Number(used) * 1024 + ROOM)
  try {
    work()
  } finally {
    limit('unlimited')
  }
}

test.serial('a thread that the kernel refuses is an error, and the next open succeeds', async (t) => {
  const world = new World(t)
  withoutThreads(() => {
    const error = t.throws<SlipwayError>(() => new Host(world.host.path), { instanceOf: SlipwayError })
    t.like(error, { code: 'EXHAUSTED', syscall: 'pthread_create' })
  })
  const host = new Host(world.host.path)
  t.is((await host.find('link', { name: 'lo' }))?.name, 'lo')
  await host.close()
})

test.serial('a thread that began without descriptors opens what it needs once there are some', async (t) => {
  const world = new World(t)
  const reserve = Array.from({ length: OF_A_CHILD }, () => openSync('/dev/null', 'r'))
  const filling: number[] = []
  const limit = (most: string) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${most}:`], {
      env: { ...process.env, LD_PRELOAD: '' },
    })
  const [, before = ''] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  const highest = Math.max(...readdirSync('/proc/self/fd').map(Number))
  for (let last = 0; last <= highest; filling.push(last)) last = openSync('/dev/null', 'r')
  // For the namespace, and what this thread needs.
  limit(String(Math.max(...filling) + 1 + OF_THIS_THREAD))
  const executor = new Executor(world.host.path)
  const refused = await executor.query({ ask: 'link', name: 'lo' })
  for (const fd of [...reserve, ...filling]) closeSync(fd)
  limit(before)
  t.like(refused, { failure: { errno: constants.errno.EMFILE } })
  t.like(await executor.query({ ask: 'link', name: 'lo' }), { value: { name: 'lo' } })
  await executor.close()
})

test.serial('nothing that is asked of a closed executor reaches it', async (t) => {
  const world = new World(t)
  const executor = new Executor(world.host.path)
  await executor.close()
  t.throws(() => executor.runNow('0\x1f', false), { message: 'the executor is closed' })
  t.throws(() => executor.run('0\x1f', false, undefined, 0, true), { message: 'the executor is closed' })
  t.throws(() => executor.query({ ask: 'links' }), { message: 'the executor is closed' })
  t.deepEqual(executor.runTogether([], [], false), [])
  executor.prepare()
  t.false(executor.holds('tcp 0.0.0.0 80'))
  t.is(executor.held, 0)
  await executor.close()
})

test.serial('files that are first read inside a sandbox leave no thread there', (t) => {
  const world = new World(t)
  const [addon = ''] = /\/.*slipway.*\.node$/m.exec(readFileSync('/proc/self/maps', 'utf8')) ?? []
  // A program that has loaded nothing else has not begun to use libuv's pool.
  const program = `
    const fs = require('node:fs')
    const { enter } = require(process.argv[1])
    enter(process.argv[2], () => new Promise((resolve) => fs.readFile('/dev/null', resolve))).then(() => {
      for (const id of fs.readdirSync('/proc/self/task')) console.log(fs.readlinkSync('/proc/self/task/' + id + '/ns/net'))
    })`
  const spaces = execFileSync(process.execPath, ['-e', program, addon, world.host.path], { encoding: 'utf8' })
    .trim()
    .split('\n')
  t.true(spaces.length > 4)
  t.is(new Set(spaces).size, 1)
})
