import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { SlipwayError, type PortMapping, type PortRequest } from '#lib/index.js'
import type { Host } from '#lib/kernel/host.js'
import { claimPorts, type PublishScope } from '#lib/claims/ports/claim-ports.js'
import { DynamicPorts } from '#lib/claims/ports/dynamic-ports.js'
import { PortGuesses } from '#lib/claims/ports/port-guesses.js'
import { PortTable } from '#lib/claims/ports/port-table.js'
import type { HostPort } from '#lib/base/port-mapping.js'

const protocol = fc.constantFrom('tcp' as const, 'udp' as const, 'sctp' as const)
const hostIp = fc.constantFrom('0.0.0.0', '127.0.0.1', '192.0.2.1', '::', '2001:db8::1', '2001:db8::2')
const hostPort = fc.oneof(
  { weight: 5, arbitrary: fc.record({ protocol, hostIp, hostPort: fc.constantFrom(1, 2, 65535) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      protocol: fc.constant('all' as const),
      hostIp: fc.constantFrom('127.0.0.1', '192.0.2.1', '2001:db8::1'),
      hostPort: fc.constant(0),
    }),
  },
)
const step = fc.record({
  what: fc.constantFrom('take', 'release', 'settle'),
  port: hostPort,
  owner: fc.constantFrom('a', 'b', 'c'),
})

const isIpv6 = ({ hostIp }: HostPort) => hostIp.includes(':')
const excludes = (a: HostPort, b: HostPort) =>
  a.protocol === b.protocol &&
  a.hostPort === b.hostPort &&
  isIpv6(a) === isIpv6(b) &&
  (a.hostIp === b.hostIp || [a.hostIp, b.hostIp].some((address) => ['0.0.0.0', '::'].includes(address)))

test('no sequence of calls lets two hold one port: every address and one address of a family exclude each other', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const table = new PortTable()
      let held: { port: HostPort; owner: string; settled: boolean }[] = []
      const same = (port: HostPort) => held.find((one) => one.port.hostIp === port.hostIp && excludes(one.port, port))
      for (const { what, port, owner } of steps) {
        if (what === 'take') {
          const inTheWay = held.filter((one) => excludes(one.port, port))
          t.is(table.isFree(port), inTheWay.length === 0)
          const holder = table.take(port, owner)
          if (inTheWay.length === 0) {
            t.is(holder, undefined)
            held.push({ port, owner, settled: false })
          } else {
            t.true(
              inTheWay.some(
                (one) =>
                  one.owner === holder?.owner && one.port.hostIp === holder.hostIp && one.settled === holder.settled,
              ),
            )
          }
        } else if (what === 'settle') {
          table.settle(port)
          const one = same(port)
          if (one) one.settled = true
        } else {
          table.release(port)
          held = held.filter((one) => one !== same(port))
        }
        const text = (port: HostPort) => `${port.hostIp} ${port.hostPort}/${port.protocol}`
        t.deepEqual(
          table
            .settled()
            .map(({ port, holder }) => `${text(port)} ${holder.owner}`)
            .sort(),
          held
            .filter(({ settled }) => settled)
            .map(({ port, owner }) => `${text(port)} ${owner}`)
            .sort(),
        )
      }
    }),
  )
})

const answers = { 'net.ipv4.ip_local_port_range': '100\t110', 'net.ipv4.ip_local_reserved_ports': '101,103-104' }
/** A kernel with a small range, in which nothing else is published. */
const host = {
  ask: (_: string, { name }: { name: keyof typeof answers }) => Promise.resolve(answers[name]),
  find: () => Promise.resolve(undefined),
} as unknown as Host
const USABLE = [100, 102, 105, 106, 107, 108, 109, 110]

test('dynamic ports are of the range, not reserved, free, and each is given before one is given again', async (t) => {
  const ports = new DynamicPorts(host)
  t.is(ports.ephemeral, undefined)
  await ports.read()
  const range = ports.ephemeral ?? t.fail()
  let last = 0
  fc.assert(
    fc.property(fc.array(fc.subarray(USABLE), { maxLength: 30 }), (takenEachTime) => {
      for (const taken of takenEachTime) {
        const free = USABLE.filter((port) => !taken.includes(port))
        const given = ports.choose(range, (port) => !taken.includes(port))
        t.is(given, free.find((port) => port > last) ?? free[0])
        if (given !== undefined) last = given
      }
    }),
  )
})

test('who leaps walks on from another place of the range, and of no other', (t) => {
  const ports = new DynamicPorts(host)
  const choose = (first: number, last: number) => ports.choose([first, last], () => true) ?? t.fail()
  t.is(choose(8000, 8999), 8000)
  t.is(choose(9000, 9002), 9000)
  const places = new Set<number>()
  for (let time = 0; time < 100; time++) {
    ports.leap([8000, 8999])
    const place = choose(8000, 8999)
    t.true(place >= 8000 && place <= 8999)
    t.is(choose(8000, 8999), place === 8999 ? 8000 : place + 1)
    places.add(place)
  }
  t.true(places.size > 50)
  t.is(choose(9000, 9002), 9001)
})

test('a range that is named is walked by itself, whatever is asked of others', (t) => {
  const ports = new DynamicPorts(host)
  const given = Array.from({ length: 5 }, (_, index) => {
    ports.choose([200, 300], () => true)
    for (let other = 0; other < 80; other++) ports.choose([other + 1, 1000 + index], () => true)
    return ports.choose([101, 103], () => true)
  })
  t.deepEqual(given, [101, 102, 103, 101, 102])
  t.is(
    ports.choose([101, 103], () => false),
    undefined,
  )
})

const request: fc.Arbitrary<PortRequest> = fc
  .record({
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    containerPort: fc.integer({ min: 80, max: 82 }),
    hostIp: fc.oneof({ weight: 4, arbitrary: fc.constant('') }, hostIp),
    hostPort: fc.oneof(
      fc.constantFrom(0, 0, 0),
      fc.integer({ min: 98, max: 112 }),
      fc.constantFrom([99, 101] as const, [105, 105] as const, [100, 110] as const),
    ),
  })
  .map(({ hostIp, hostPort, ...rest }) => ({
    ...rest,
    ...(hostIp === '' ? {} : { hostIp }),
    ...(hostPort === 0 ? {} : { hostPort }),
  }))
const scope = fc.constantFrom<PublishScope>(
  { families: [4, 6], hostIps: { 4: '0.0.0.0', 6: '::' } },
  { families: [4], hostIps: { 4: '0.0.0.0', 6: '::' } },
  { families: [6], hostIps: { 4: '0.0.0.0', 6: '::' } },
  { families: [4, 6], hostIps: { 4: '127.0.0.1' } },
)
const call = fc.oneof(
  { weight: 3, arbitrary: fc.record({ requests: fc.array(request, { minLength: 1, maxLength: 6 }), scope }) },
  { weight: 1, arbitrary: fc.record({ release: fc.nat(20) }) },
)

const hostPorts = ({ hostPort }: PortRequest): number[] => {
  if (hostPort === undefined) return USABLE
  const [first, last] = typeof hostPort === 'number' ? [hostPort, hostPort] : hostPort
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** Checks mappings against what was asked for: in its order, one number for all host addresses of a request. */
function isAnswer(
  t: ExecutionContext,
  mappings: readonly PortMapping[],
  requests: readonly PortRequest[],
  { families, hostIps }: PublishScope,
): void {
  const left = [...mappings]
  for (const asked of requests) {
    const addresses = asked.hostIp ? [asked.hostIp] : families.flatMap((family) => hostIps[family] ?? [])
    const own = left.splice(0, addresses.length)
    t.deepEqual(
      own.map(({ hostIp }) => hostIp),
      addresses,
    )
    t.is(new Set(own.map(({ hostPort }) => hostPort)).size, 1)
    for (const { protocol, containerPort, hostPort } of own) {
      t.deepEqual([protocol, containerPort], [asked.protocol, asked.containerPort])
      t.true(hostPorts(asked).includes(hostPort))
    }
  }
  t.is(left.length, 0)
}

test('no sequence of claims and releases gives a port twice or loses one, in both families', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 40 }), async (calls) => {
      const context = { host, ports: new PortTable(), dynamicPorts: new DynamicPorts(host) }
      let held: PortMapping[][] = []
      for (const [index, one] of calls.entries()) {
        if ('release' in one) {
          const gone = held[one.release] ?? []
          for (const mapping of gone) context.ports.release(mapping)
          held = held.filter((mappings) => mappings !== gone)
          continue
        }
        const { requests, scope } = one
        try {
          const mappings = await claimPorts(context, requests, `owner${index}`, scope)
          isAnswer(t, mappings, requests, scope)
          held.push(mappings)
          const all = held.flat()
          for (const [place, mapping] of all.entries())
            t.false(all.some((other, otherPlace) => otherPlace > place && excludes(mapping, other)))
        } catch (error) {
          t.true(error instanceof SlipwayError, String(error))
          const { code } = error as SlipwayError
          // A single request is refused for one reason only: nothing that would do is free.
          const [single, ...more] = requests
          if (code === 'INVALID_ARGUMENT' || more.length > 0 || !single) continue
          const addresses = single.hostIp
            ? [single.hostIp]
            : scope.families.flatMap((family) => scope.hostIps[family] ?? [])
          const all = held.flat()
          const free = hostPorts(single).filter((hostPort) =>
            addresses.every(
              (hostIp) => !all.some((other) => excludes(other, { protocol: single.protocol, hostIp, hostPort })),
            ),
          )
          t.deepEqual(free, [])
          t.is(code, typeof single.hostPort === 'number' ? 'PORT_IN_USE' : 'EXHAUSTED')
        }
      }
      for (const mapping of held.flat()) context.ports.release(mapping)
      t.true(
        [4, 6].every((family) =>
          ['tcp', 'udp'].every((protocol) =>
            Array.from({ length: 20 }, (_, index) => 95 + index).every((hostPort) =>
              context.ports.isFree({ protocol: protocol as 'tcp', hostIp: family === 4 ? '0.0.0.0' : '::', hostPort }),
            ),
          ),
        ),
      )
    }),
    { numRuns: 300 },
  )
})

const both: PublishScope = { families: [4, 6], hostIps: { 4: '0.0.0.0', 6: '::' } }

test('ports that are named are claimed at once, and before those that are chosen', async (t) => {
  const context = { host, ports: new PortTable(), dynamicPorts: new DynamicPorts(host) }
  const named = claimPorts(context, [{ protocol: 'tcp', containerPort: 80, hostPort: 200 }], 'a', both)
  t.deepEqual(named, [
    { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 200 },
    { protocol: 'tcp', containerPort: 80, hostIp: '::', hostPort: 200 },
  ])
  const tcp = { protocol: 'tcp' as const, hostIp: '0.0.0.0' }
  const requests: PortRequest[] = [
    { ...tcp, containerPort: 1 },
    { ...tcp, containerPort: 2, hostPort: [100, 102] },
    { ...tcp, containerPort: 3, hostPort: 100 },
  ]
  const mappings = await claimPorts(context, requests, 'a', both)
  t.deepEqual(
    mappings.map(({ hostPort }) => hostPort),
    [102, 101, 100],
  )
})

test('a port that was refused is not chosen again, and a call does not try for ever', async (t) => {
  const context = { host, ports: new PortTable(), dynamicPorts: new DynamicPorts(host) }
  const guesses = new PortGuesses()
  const tried: number[] = []
  const claimAgain = async () => {
    const [mapping] = await claimPorts(context, [{ protocol: 'tcp', containerPort: 80 }], 'a', both, guesses)
    if (mapping) tried.push(mapping.hostPort)
    for (const hostIp of ['0.0.0.0', '::'])
      context.ports.release({ protocol: 'tcp', hostIp, hostPort: mapping?.hostPort ?? 0 })
    t.deepEqual(guesses.refuse('tcp', mapping?.hostPort ?? 0), [100, 110])
    t.is(guesses.refuse('udp', mapping?.hostPort ?? 0), undefined)
  }
  for (let n = 0; n < USABLE.length; n++) await claimAgain()
  t.deepEqual(tried, USABLE)
  await t.throwsAsync(claimAgain, {
    code: 'EXHAUSTED',
    message:
      /No host port is left for 80\/tcp on 0\.0\.0\.0 and \[::\]: all of 100-110 \(net\.ipv4\.ip_local_port_range\) are/,
  })

  const many = new PortGuesses()
  const refuse = (port: number) => {
    many.choose('tcp', port, [1, 300])
    return many.refuse('tcp', port)
  }
  for (let port = 1; port < 256; port++) t.truthy(refuse(port))
  t.throws(() => refuse(256), { code: 'EXHAUSTED', message: /256 that were tried/ })
})

test('a thousand ports cost a thousand times one', async (t) => {
  const context = { host, ports: new PortTable(), dynamicPorts: new DynamicPorts(host) }
  let looked = 0
  const { isFree } = PortTable.prototype
  context.ports.isFree = (port) => {
    looked++
    return isFree.call(context.ports, port)
  }
  const requests = Array.from({ length: 1000 }, (_, index): PortRequest => ({
    protocol: 'tcp',
    containerPort: index + 1,
    hostPort: [20_000, 21_999],
  }))
  t.is((await claimPorts(context, requests, 'a', both)).length, 2000)
  t.is(looked, 2000)
})
