import test, { type ExecutionContext } from 'ava'
import { Host } from '#lib/host.js'
import type { ConntrackFlush, Operation } from '#lib/plan/operation.js'
import { printOperation } from '#lib/plan/print.js'
import { execIn, World } from '../helpers/world.js'

/** `conntrack.flush` of every kind, on connections that are put into the kernel's table: each forgets its own only. */

interface Tracked {
  protocol: 'tcp' | 'udp' | 'sctp'
  client: string
  /** Host address and port that the client talks to, and who answers: the same, unless a rule has sent it on. */
  to: readonly [string, number]
  answers?: readonly [string, number]
}

const V4 = { host: '192.0.2.1', client: '192.0.2.9', sandbox: '172.17.0.2' }
const V6 = { host: 'fd00:1::1', client: 'fd00:1::9', sandbox: 'fd00:17::2' }
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const

const TABLE: Tracked[] = [V4, V6].flatMap(({ host, client, sandbox }) => [
  ...PROTOCOLS.map((protocol) => ({ protocol, client, to: [host, 8080], answers: [sandbox, 80] }) as const),
  // The same host port, sent to another port, and another host port to the same.
  { protocol: 'udp', client, to: [host, 8080], answers: [sandbox, 81] } as const,
  { protocol: 'udp', client, to: [host, 8081], answers: [sandbox, 80] } as const,
  ...PROTOCOLS.map((protocol) => ({ protocol, client, to: [host, 5353] }) as const),
  // To somebody else, and only passing through.
  { protocol: 'udp', client, to: [client.replace('9', '8'), 5353] } as const,
])

const STATES = { tcp: ['--state', 'ESTABLISHED'], udp: [], sctp: ['--state', 'ESTABLISHED', '--orig-vtag', '1', '--reply-vtag', '2'] }

const show = ({ protocol, client, to, answers = to }: Tracked) => `${protocol} ${client} > ${to.join(' ')} > ${answers.join(' ')}`

function setUp(t: ExecutionContext): { world: World; host: Host; left: () => string[] } {
  const world = new World(t)
  execIn(world.host, 'ip', 'address', 'add', `${V6.host}/64`, 'dev', 'uplink', 'nodad')
  TABLE.forEach(({ protocol, client, to, answers = to }, index) => {
    const port = String(4000 + index)
    const original = ['-s', client, '--sport', port, '-d', to[0], '--dport', String(to[1])]
    const reply = ['--reply-src', answers[0], '--reply-port-src', String(answers[1]), '--reply-dst', client, '--reply-port-dst', port]
    execIn(world.host, 'conntrack', '-I', '-p', protocol, ...original, ...reply, ...STATES[protocol], '--timeout', '100')
  })
  const host = new Host(world.host.path)
  t.teardown(() => host.close())
  return { world, host, left: () => tracked(world) }
}

function tracked(world: World): string[] {
  const lines = ['ipv4', 'ipv6'].flatMap((family) => execIn(world.host, 'conntrack', '-L', '-f', family).split('\n').filter(Boolean))
  return lines.flatMap((line) => {
    const fields = (name: string) => [...line.matchAll(new RegExp(`\\b${name}=(\\S+)`, 'g'))].map(([, value]) => value)
    const [protocol] = /^\w+/.exec(line) ?? []
    const [client, answering] = fields('src')
    return TABLE.some((one) => one.client === client) ? [`${protocol} ${client} > ${fields('dst')[0]} ${fields('dport')[0]} > ${answering} ${fields('sport')[1]}`] : []
  }).sort()
}

const flush = (protocol: Tracked['protocol'], port: number, rest: Partial<ConntrackFlush> = {}): ConntrackFlush => ({ op: 'conntrack.flush', protocol, port, ...rest })

const cases: Record<string, { plan: ConntrackFlush[]; gone: string[] }> = Object.fromEntries([
  ...[V4, V6].flatMap(({ host, client, sandbox }) => {
    const family = host === V6.host ? 6 : 4
    return [
      ...PROTOCOLS.map((protocol) => [`${protocol}, IPv${family}: what went to a sandbox`, { plan: [flush(protocol, 8080, { toAddress: sandbox, toPort: 80 })], gone: [`${protocol} ${client} > ${host} 8080 > ${sandbox} 80`] }]),
      ...PROTOCOLS.map((protocol) => [`${protocol}, IPv${family}: what went to the host`, { plan: [flush(protocol, 5353, { family })], gone: [`${protocol} ${client} > ${host} 5353 > ${host} 5353`] }]),
      [`IPv${family}: what went through one host address`, { plan: [flush('udp', 5353, { address: host })], gone: [`udp ${client} > ${host} 5353 > ${host} 5353`] }],
      [`IPv${family}: nothing of another host address`, { plan: [flush('udp', 8080, { address: client, toAddress: sandbox, toPort: 80 })], gone: [] }],
    ]
  }),
  [
    'both families and several protocols at once',
    {
      plan: [flush('udp', 5353), flush('tcp', 8080, { toAddress: V6.sandbox, toPort: 80 }), flush('sctp', 5353, { family: 6 })],
      gone: [`udp ${V4.client} > ${V4.host} 5353 > ${V4.host} 5353`, `tcp ${V6.client} > ${V6.host} 8080 > ${V6.sandbox} 80`, `sctp ${V6.client} > ${V6.host} 5353 > ${V6.host} 5353`],
    },
  ],
]) as never

for (const [title, { plan, gone }] of Object.entries(cases)) {
  test.serial(title, async (t) => {
    const { host, left } = setUp(t)
    const before = left()
    t.deepEqual(before, TABLE.map(show).sort())
    await host.run(plan)
    t.deepEqual(left(), before.filter((line) => !gone.includes(line)))
    t.is(before.filter((line) => gone.includes(line)).length, gone.length)
  })
}

test.serial('the printed command forgets the same, where it looks at more than ports', (t) => {
  const { world, left } = setUp(t)
  const operations: Operation[] = [flush('sctp', 8080, { toAddress: V6.sandbox, toPort: 80 }), flush('udp', 8080, { toAddress: V4.sandbox, toPort: 80 })]
  for (const operation of operations) execIn(world.host, 'sh', '-euc', printOperation(operation))
  const gone = [`sctp ${V6.client} > ${V6.host} 8080 > ${V6.sandbox} 80`, `udp ${V4.client} > ${V4.host} 8080 > ${V4.sandbox} 80`]
  t.deepEqual(left(), TABLE.map(show).filter((line) => !gone.includes(line)).sort())
})
