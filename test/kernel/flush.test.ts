import test, { type ExecutionContext } from 'ava'
import { Host } from '#lib/kernel/host.js'
import type { ConntrackFlush } from '#lib/plan/operation.js'
import { printOperation } from '#lib/plan/print.js'
import { execIn, World } from '../helpers/world.js'

/**
 * `conntrack.flush`, on connections that are put into the kernel's table: those of its addresses go, at whichever end,
 * and no others.
 */

interface Tracked {
  protocol: 'tcp' | 'udp' | 'sctp' | 'icmp' | 'icmpv6'
  from: string
  /**
   * The address that `from` talks to, and that which answers; the one that the answer goes to, where that is not
   * `from`.
   */
  to: string
  answers?: string
  back?: string
  zone?: number
}

const V4 = { host: '192.0.2.1', client: '192.0.2.9', sandbox: '172.17.0.2', other: '172.17.0.3' }
const V6 = { host: 'fd00:1::1', client: 'fd00:1::9', sandbox: 'fd00:17::2', other: 'fd00:17::3' }
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const

const TABLE: Tracked[] = [V4, V6].flatMap(({ host, client, sandbox, other }) => [
  ...[...PROTOCOLS, host === V4.host ? ('icmp' as const) : ('icmpv6' as const)].flatMap((protocol): Tracked[] => [
    // Out, under the host's address; in, straight; to a neighbour, and from one.
    { protocol, from: sandbox, to: client, back: host },
    { protocol, from: client, to: sandbox },
    { protocol, from: sandbox, to: other },
    // Of others only.
    { protocol, from: other, to: client, back: host },
  ]),
  // Through a published port: in a zone, and in another.
  { protocol: 'udp', from: client, to: host, answers: sandbox, zone: 7 },
  { protocol: 'udp', from: client, to: host, answers: other, zone: 8 },
  { protocol: 'udp', from: client, to: host },
])

const STATES = {
  tcp: ['--state', 'ESTABLISHED'],
  udp: [],
  sctp: ['--state', 'ESTABLISHED', '--orig-vtag', '1', '--reply-vtag', '2'],
  icmp: [],
  icmpv6: [],
}

const show = ({ from, to, answers = to, back = from }: Tracked) => `${from} > ${to} | ${answers} > ${back}`

function setUp(t: ExecutionContext): { world: World; host: Host; left: () => string[] } {
  const world = new World(t)
  TABLE.forEach(({ protocol, from, to, answers = to, back = from, zone }, index) => {
    const port = String(4000 + index)
    const ports =
      protocol === 'icmp' || protocol === 'icmpv6'
        ? [
            '--icmp' + (protocol === 'icmp' ? '' : 'v6') + '-type',
            protocol === 'icmp' ? '8' : '128',
            protocol === 'icmp' ? '--icmp-code' : '--icmpv6-code',
            '0',
            protocol === 'icmp' ? '--icmp-id' : '--icmpv6-id',
            port,
          ]
        : ['--sport', port, '--dport', '80', '--reply-port-src', '80', '--reply-port-dst', port]
    execIn(
      world.host,
      'conntrack',
      '-I',
      '-p',
      protocol,
      '-s',
      from,
      '-d',
      to,
      '--reply-src',
      answers,
      '--reply-dst',
      back,
      ...ports,
      ...STATES[protocol],
      ...(zone === undefined ? [] : ['--orig-zone', String(zone)]),
      '--timeout',
      '100',
    )
  })
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  return { world, host, left: () => tracked(world) }
}

function tracked(world: World): string[] {
  const lines = ['ipv4', 'ipv6'].flatMap((family) =>
    execIn(world.host, 'conntrack', '-L', '-f', family).split('\n').filter(Boolean),
  )
  return lines
    .flatMap((line) => {
      const [from = '', to, answers, back] = [...line.matchAll(/\b(?:src|dst)=(\S+)/g)].map(([, value]) => value)
      return TABLE.some((one) => one.from === from) ? [`${from} > ${to} | ${answers} > ${back}`] : []
    })
    .sort()
}

const cases: Record<string, string[]> = {
  'an address of IPv4': [V4.sandbox],
  'an address of IPv6': [V6.sandbox],
  'several at once': [V4.sandbox, V6.other],
  'one that nothing is of': ['172.17.0.77'],
}

for (const [title, addresses] of Object.entries(cases)) {
  test.serial(title, async (t) => {
    const { host, left } = setUp(t)
    t.deepEqual(left(), TABLE.map(show).sort())
    await host.run([{ op: 'conntrack.flush', addresses } satisfies ConntrackFlush])
    const others = TABLE.filter(
      ({ from, to, answers = to, back = from }) => ![from, to, answers, back].some((end) => addresses.includes(end)),
    )
    t.deepEqual(left(), others.map(show).sort())
  })
}

test.serial('the printed command forgets the same', (t) => {
  const { world, left } = setUp(t)
  execIn(world.host, 'sh', '-euc', printOperation({ op: 'conntrack.flush', addresses: [V4.sandbox] }))
  const others = TABLE.filter(
    ({ from, to, answers = to, back = from }) => ![from, to, answers, back].includes(V4.sandbox),
  )
  t.deepEqual(left(), others.map(show).sort())
})
