import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { release, tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { World } from '../helpers/world.js'
import { howItEnded, runChild, WELL } from './run-child.js'

/**
 * So many system calls and netlink messages, and no more: what makes a call slower shows here before it shows in a
 * benchmark. Fewer are welcome; then lower the number.
 */
interface Budget {
  /** Netlink messages that are sent, with the two that begin and end a transaction. */
  messages: number
  /** Those that are not named are not allowed. */
  calls: Record<string, number>
}

/** The event loop's and its threads', as they happen to meet. */
const LOOP = ['epoll_wait', 'epoll_pwait', 'epoll_ctl', 'futex', 'sched_yield', 'restart_syscall']
/** V8's and malloc's, whenever they like; they close nothing. */
const MEMORY = ['mmap', 'munmap', 'mprotect', 'madvise', 'brk', 'mremap', 'getpid', 'gettid']

/** The executor's thread closes what a plan has used after it has answered: in the budget of the next call. */
const LATE = 2
/** To the host's namespace and back, for a bind(): none of it in a process that is there already. */
const AT_HOST = { readlinkat: 1, openat: 1, setns: 2 }
/** A record: nobody sees it before it is whole. */
const RECORD = { openat: 1, write: 1, linkat: 1, close: 2 }
/**
 * Exchanging a record: lock, see that it is still in its place, compare, write the next one beside it, put that in
 * place.
 */
const EXCHANGE = { openat: 3, flock: 1, newfstatat: 2, read: 2, write: 1, rename: 1, close: 3 }
/**
 * The executor's thread says that it is done (eventfd), JavaScript's hears it. V8's threads say so, too, of tasks of
 * their own, and on a busy machine many times until they are heard: what is heard is counted.
 */
const HOP = { read: 1 }
const SAYS = /^\d+ +write\(\d+, "\\1(\\0){7}", 8/
/** A transaction, and its one ack. */
const TRANSACTION = { sendto: 1, recvfrom: 1 }
/**
 * That the namespace is still at its path: a look at it. The number of its inode comes back, so its cookie is asked
 * for, too. Since Linux 6.18 the kernel tells that from outside. Before, the thread goes there and asks a socket.
 */
const LOOK = sum(
  { openat: 1, fstatfs: 1, newfstatat: 1, name_to_handle_at: 1, close: 1 },
  isSince(6, 18) ? {} : { openat: 2, setns: 2, socket: 1, getsockopt: 1, close: 3 },
)
/**
 * A port that no other process is to have. Whether one has ended whose ports are to be taken over, a look at a folder
 * tells.
 */
const HOLD = { newfstatat: 1, socket: 1, bind: 1 }

/**
 * The kernel tells each process that listens for a parent of every change of it, of what it is to hear, say: those who
 * listen for that parent, and those who listen for links of ours.
 */
const NEWS = { recvfrom: 4 }

/** And each process that has the host open, of what becomes of a link of ours. */
const OWN_LINK = { recvfrom: 12 }

const BUDGETS: Record<string, Budget> = {
  // A second with an open host: nobody looks whether there is something to do.
  idle: { messages: 0, calls: {} },
  create: {
    // Transaction: begin, address, sender, MAC, port, end. (Two endpoints with one MAC on a network take each other's
    // frames: it is a claim, too, for an element in a transaction that is sent anyway. A port of UDP has an element
    // more, its zone, which makes a walk through conntrack unnecessary that took 8 ms.) Veth, its settings, up, the
    // bridge's entry for its MAC. (No frame that a sandbox sends is to say where others are: so that entry is a message
    // more beside those that go anyway.) lo up, eth0's settings, up, address, route. Carrier of the veth and of the
    // bridge, which has one from its first sandbox on: before that, it drops what is sent first.
    messages: 6 + 4 + 5 + 2,
    calls: sum(
      HOP,
      OWN_LINK,
      HOLD,
      AT_HOST,
      RECORD,
      TRANSACTION,
      { unshare: 1, openat: 1, setns: 1 }, // the namespace, a descriptor of it, and home
      // For what is inside: buffers, words of the kernel's, patience. (Connected to the kernel in place of bound:
      // nobody else is heard.)
      { socket: 1, setsockopt: 5, connect: 1 },
      { mknodat: 1, mount: 1 }, // its name
      // Which one it is: undo leaves another that has taken its name, and so does what is done with the sandbox later.
      // (Another may get the inode's number later, so the socket inside is asked for the cookie: 0.3 µs.)
      { newfstatat: 1, getsockopt: 1 },
      { ioctl: 1, sendto: 1, recvfrom: 2 }, // the bridge's number, the veth: the kernel echoes its number, which undo and what follows go by
      { openat: 1, write: 1, close: 1, sendto: 1, recvfrom: 1 }, // no IPv6 for its end here; then it is raised
      { ioctl: 1, sendto: 1, recvfrom: 1 }, // eth0's number, what is inside
      { read: 1, recvfrom: 1 }, // what is heard of that, where the call takes longer
      { sendto: 1, recvfrom: 3 }, // the carriers
      { openat: 1, fchmod: 1, close: 1 }, // it has been made: what its processes do inside later is not taken for what a process that died has left half made
      { close: 2 + LATE },
    ),
  },
  claim: {
    // Begin, address, sender, MAC, port, end.
    messages: 6,
    calls: sum(
      { newfstatat: 1, bind: 1 }, // of a socket that was there; as above
      AT_HOST,
      { write: 1, linkat: 1, close: 2 }, // the record, in a file that was open
      TRANSACTION,
      { ioctl: 2 }, // link and bridge are there still
      { mknodat: 1, move_mount: 1 }, // its name
      { close: 2 }, // what held it until now
    ),
  },
  'create on a segment': {
    // Transaction: begin, address, MAC, end. The macvlan, born inside. lo up, eth0's settings, up, address.
    messages: 4 + 1 + 4,
    calls: sum(
      HOP,
      RECORD,
      TRANSACTION,
      { unshare: 1, openat: 1, setns: 1 }, // as of a create
      { socket: 1, setsockopt: 5, connect: 1 },
      { mknodat: 1, mount: 1 },
      { newfstatat: 1, getsockopt: 1 },
      { ioctl: 1, sendto: 1, recvfrom: 1 }, // the parent's number, the macvlan
      { ioctl: 1, sendto: 1, recvfrom: 1 }, // eth0's number, what is inside
      { openat: 1, read: 2, close: 1 }, // the network is still there
      { openat: 1, fchmod: 1, close: 1 }, // it has been made
      NEWS,
      { close: 2 + LATE },
    ),
  },
  'claim on a segment': {
    // Begin, address, MAC, end. Inside, eth0's settings and up, address, so that nothing is heard of it before.
    messages: 4 + 3,
    calls: sum(
      HOP,
      { write: 1, linkat: 1, close: 1 }, // the record, in a file that was open
      TRANSACTION,
      { ioctl: 1 }, // the parent is there still
      { mknodat: 1, move_mount: 1, close: 1 }, // its name
      { fcntl: 1, setns: 2 }, // inside and back
      { socket: 1, setsockopt: 5, connect: 1 },
      { ioctl: 1, sendto: 1, recvfrom: 1 }, // eth0's number, what is inside
      { openat: 1, read: 2, close: 1 }, // the network is still there
      NEWS,
      { close: 2 + LATE }, // what held it until now
    ),
  },
  publish: {
    // Begin, port, end.
    messages: 3,
    calls: sum(HOLD, AT_HOST, EXCHANGE, LOOK, TRANSACTION, EXCHANGE, { close: 1 + LATE }),
  },
  unpublish: {
    messages: 3,
    calls: sum(EXCHANGE, TRANSACTION, EXCHANGE, { close: 1 + LATE }),
  },
  // More ports than the process may have descriptors for: this one is not kept, and others may have it.
  'publish beside many': {
    messages: 3,
    calls: sum(HOLD, AT_HOST, EXCHANGE, LOOK, TRANSACTION, EXCHANGE, { close: 2 + LATE }),
  },
  'unpublish beside many': {
    messages: 3,
    calls: sum(EXCHANGE, TRANSACTION, EXCHANGE, { statx: 1, close: LATE }),
  },
  remove: {
    // Begin, port, sender, end.
    messages: 4,
    calls: sum(EXCHANGE, TRANSACTION, { close: 1 + LATE }), // the port; the rest is done behind the caller's back
  },
}

function isSince(major: number, minor: number): boolean {
  const [ownMajor = 0, ownMinor = 0] = release().split('.').map(Number)
  return ownMajor > major || (ownMajor === major && ownMinor >= minor)
}

function sum(...parts: Record<string, number>[]): Record<string, number> {
  const all: Record<string, number> = {}
  for (const [call, count] of parts.flatMap(Object.entries<number>)) all[call] = (all[call] ?? 0) + count
  return all
}

/** The types of these questions: of NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET and IPCTNL_MSG_CT_GET_STATS. */
const CONNECTIONS_WALK = '0x101'
const CONNECTIONS_COUNT = '0x105'

/** Half of them are for ports. */
const DESCRIPTORS = 200

test.serial('a call makes no more system calls than it needs, and sends no more messages', async (t) => {
  const world = new World(t)
  const folder = mkdtempSync(join(tmpdir(), 'slipway-strace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'log')
  const host = join(folder, 'host')
  const ended = await runChild(
    'marked',
    { open: { netns: host, stateDir: world.stateDir }, prefix: world.prefix },
    {
      under: [
        // It would hear which names other tests unmount and delete.
        'unshare',
        '--mount',
        'sh',
        '-c',
        `touch ${host}; mount --bind ${world.host.path} ${host}; mount -t tmpfs tmpfs /run/netns; exec "$@"`,
        'sh',
        'prlimit',
        `--nofile=${DESCRIPTORS}`,
        'strace',
        '-f',
        '-qq',
        '-v',
        '-X',
        'raw',
        '-s',
        '64',
        '-o',
        log,
        '-e',
        'signal=none',
      ],
    },
  )
  t.like(howItEnded(ended), WELL)
  const lines = readFileSync(log, 'utf8').split('\n')
  for (const [what, budget] of Object.entries(BUDGETS)) {
    const between = (name: string): Budget => {
      const [begin = -1, end = -1] = ['begin', 'end'].map((mark) =>
        lines.findIndex((line) => line.includes(`/slipway-${mark}/${name}"`)),
      )
      t.true(begin >= 0 && end > begin, name)
      return count(lines.slice(begin + 1, end))
    }
    // What follows a first create may take longer on a busy machine; what is done again and again is in each second.
    const found = what === 'idle' ? [0, 1, 2].map((index) => between(`idle ${index}`)) : [between(what)]
    const { messages, calls } = found.reduce((least, one) => (total(one) < total(least) ? one : least))
    t.true(messages > 0 === budget.messages > 0 && messages <= budget.messages, `${what}: ${messages} messages`)
    const over = Object.entries(calls).filter(([call, many]) => many > (budget.calls[call] ?? 0))
    t.deepEqual(
      over.map(([call, many]) => `${call}: ${many}, not ${budget.calls[call] ?? 0}`),
      [],
      what,
    )
  }
  // What removals leave is looked for among connections, of which there are none: the kernel's count says so in one
  // message, and a walk takes 9 ms.
  const asked = (question: string) => lines.filter((line) => line.includes(`nlmsg_type=${question},`)).length
  t.true(asked(CONNECTIONS_COUNT) > 0)
  t.is(asked(CONNECTIONS_WALK), 0)
})

// Compiled code comes and goes on the heap as V8 likes.
const STEADY_HEAP = ['--no-opt', '--no-sparkplug', '--no-flush-bytecode']

test.serial('a live sandbox with a port takes less than 5 KB of the heap', async (t) => {
  const world = new World(t)
  const options = {
    open: { netns: world.host.path, stateDir: world.stateDir },
    prefix: world.prefix,
    count: 200,
    port: 8000,
  }
  const ended = await runChild('kept', options, { node: ['--expose-gc', ...STEADY_HEAP] })
  t.like(howItEnded(ended), WELL)
  const [{ bytes }] = ended.said as [{ bytes: number }]
  t.log(`${Math.round(bytes)} bytes`)
  t.true(bytes > 0 && bytes < 5 * 1024)
})

const total = ({ calls }: Budget): number => Object.values(calls).reduce((sum, many) => sum + many, 0)

function count(lines: readonly string[]): Budget {
  const calls: Record<string, number> = {}
  let messages = 0
  for (const line of lines) {
    // The second half of a call that is told in two has no arguments.
    const [, call = ''] = /^\d+ +(\w+)\(/.exec(line) ?? []
    if (call === '' || LOOP.includes(call) || MEMORY.includes(call) || SAYS.test(line)) continue
    calls[call] = (calls[call] ?? 0) + 1
    if (call === 'sendto') messages += line.match(/nlmsg_len=/g)?.length ?? 0
  }
  return { messages, calls }
}
