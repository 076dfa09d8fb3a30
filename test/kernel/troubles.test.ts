import test from 'ava'
import type { Outcome } from '../env/child/troubles.js'
import { howItEnded, runChild, WELL } from '../env/run-child.js'
import { faultsFile, LIBRARY, type Fault } from '../helpers/faults/faults.js'
import { momentsOf, THOROUGH } from '../helpers/thorough.js'
import { World } from '../helpers/world.js'

/**
 * What the kernel can be in trouble with × the calls that meet it. Each is done all the same, or is refused in words
 * that say what is short and what helps, with the host as it was; none hangs, and the same call without trouble is done
 * after. docs/reliability.md has this table for readers.
 */

const CHANGES = [
  'create',
  'connect',
  'disconnect',
  'publish',
  'unpublish',
  'remove',
  'networks.create',
  'network.remove',
]
const ALL = [...CHANGES, 'list', 'open']
const NEW_FILES = ['create', 'networks.create']
const CHANGED_FILES = ['publish', 'remove']
const FILES = [...NEW_FILES, ...CHANGED_FILES]

/** What is met, by which calls, at every so-many-th moment of `npm test`, and what a caller is told, if anything. */
interface Trouble extends Fault {
  calls: string[]
  step: number
  told?: RegExp
}

const NO_MEMORY = /^EXHAUSTED E\w+: The kernel has no memory for .*memory\.max/s
const TROUBLES: Record<string, Trouble> = {
  'the kernel has no buffer for a message': {
    ...{ what: 'send', errno: 'ENOBUFS', calls: ALL, step: 9 },
    told: NO_MEMORY,
  },
  'an answer is lost: what was done is looked up': {
    ...{ what: 'answer', errno: 'ENOBUFS', calls: ALL, step: 9 },
    told: /^KERNEL ENOBUFS: The kernel's answer to .* was lost.*nothing of the call is left\. .*net\.core\.rmem_max/s,
  },
  'the kernel refuses a message without memory': {
    ...{ what: 'message', errno: 'ENOMEM', calls: CHANGES, step: 11 },
    told: NO_MEMORY,
  },
  'a message is too long': {
    ...{ what: 'send', errno: 'EMSGSIZE', calls: ['create'], step: 5 },
    told: /^EXHAUSTED EMSGSIZE: .* more than the kernel takes at once/s,
  },
  'another transaction comes in between: it is tried again': {
    ...{ what: 'message', errno: 'ERESTART', calls: ['publish', 'unpublish', 'remove'], step: 5 },
  },
  'a signal comes while a message is sent': { what: 'send', errno: 'EINTR', calls: CHANGES, step: 9 },
  'a signal comes while an answer is read': { what: 'recv', errno: 'EINTR', calls: CHANGES, step: 9 },
  'a signal comes while a file is opened': { what: 'open', errno: 'EINTR', calls: FILES, step: 7 },
  'a signal comes while a file is locked': { what: 'flock', errno: 'EINTR', calls: CHANGED_FILES, step: 3 },
  'a signal comes while a file is written': { what: 'write', errno: 'EINTR', calls: FILES, step: 3 },
  'what is read has changed while it was read: it is read again': {
    ...{ what: 'dump', errno: 'EINTR', calls: ['networks.create', 'network.remove', 'list', 'open'], step: 17 },
  },
  'what is read changes each time': {
    ...{ what: 'dump', errno: 'EINTR', times: 1_000_000, calls: ['list'], step: 1 },
    told: /^KERNEL EINTR: What "read addresses" reads was changed each time/,
  },
  'the process has as many files open as it may': {
    ...{ what: 'open', errno: 'EMFILE', calls: FILES, step: 7 },
    told: /^KERNEL EMFILE: This process has as many files open as it may.*ulimit -n/,
  },
  'the host has as many files open as it may': {
    ...{ what: 'socket', errno: 'ENFILE', calls: [...NEW_FILES, 'publish'], step: 3 },
    told: /^KERNEL ENFILE: The processes of this host have as many files open.*fs\.file-max/,
  },
  "the user's share of the file system is used up": {
    ...{ what: 'link', errno: 'EDQUOT', calls: NEW_FILES, step: 1 },
    told: /^KERNEL EDQUOT: There is no room for \S+\.json in this user's share/,
  },
  'the file system has no memory': { what: 'rename', errno: 'ENOMEM', calls: CHANGED_FILES, step: 1, told: NO_MEMORY },
  'there may be no more namespaces': {
    ...{ what: 'unshare', errno: 'ENOSPC', times: 2, calls: ['create'], step: 1 },
    told: /^EXHAUSTED ENOSPC: The kernel makes no more network namespaces.*user\.max_net_namespaces/,
  },
  'there may be no more mounts': {
    ...{ what: 'mount', errno: 'ENOSPC', calls: ['create'], step: 1 },
    told: /^EXHAUSTED ENOSPC: This mount namespace has as many mounts.*fs\.mount-max/,
  },
  'there may be no more threads': {
    ...{ what: 'thread', errno: 'EAGAIN', calls: ['open', 'events'], step: 1 },
    told: /^EXHAUSTED EAGAIN: The kernel gives this process no more threads.*pids\.max/,
  },
  'there may be no more watches of files': { what: 'watch', errno: 'ENOSPC', calls: ['open'], step: 1 },
}

const say = (ended: Outcome['ended']): string =>
  typeof ended === 'string' ? ended : `${ended.code} ${ended.errnoName}: ${ended.message}`

test('each trouble, met by each call', async (t) => {
  t.timeout(THOROUGH ? 1_200_000 : 120_000)
  const world = new World(t)
  const file = faultsFile(world.stateDir)
  // One process meets all: what one call leaves of itself, those after it would show.
  const troubles = Object.entries(TROUBLES).map(([, { calls, step, told: _, ...fault }]) => ({
    fault,
    // One of them, another in each run, or all.
    calls: THOROUGH ? calls : calls.slice(Math.floor(Math.random() * calls.length)).slice(0, 1),
    moments: momentsOf(step),
  }))
  const ended = await runChild(
    'troubles',
    { open: { netns: world.host.path, stateDir: `${world.stateDir}/state` }, prefix: world.prefix, troubles },
    { preload: [LIBRARY], env: file.env, timeout: 1_100_000 },
  )
  t.like(howItEnded(ended), WELL)
  t.is(ended.said.at(-1), 'done')
  const met = new Map(Object.keys(TROUBLES).map((title) => [title, 0]))
  for (const one of ended.said.slice(0, -1) as Outcome[]) {
    const index = troubles.findIndex(({ fault }) => isSame(fault, one.fault))
    const [title, { told }] = Object.entries(TROUBLES)[index] as [string, Trouble]
    const what = `${title}: ${one.call}, after ${one.after}`
    t.deepEqual(one.left, [], what)
    const said = say(one.ended)
    if (said !== 'done' && !(one.hit > 0 && told?.test(said))) t.fail(`${what}: ${said}`)
    if (typeof one.ended === 'object') t.is(one.ended.notUndone, undefined, what)
    met.set(title, (met.get(title) ?? 0) + Math.min(one.hit, 1))
  }
  t.deepEqual(
    [...met].filter(([, count]) => count === 0),
    [],
  )
  t.log([...met].map(([title, count]) => `${title}: ${count}`).join('\n'))
})

const isSame = (one: Fault, other: Fault): boolean =>
  one.what === other.what && one.errno === other.errno && one.times === other.times
