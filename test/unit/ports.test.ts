import test from 'ava'
import fc from 'fast-check'
import type { PortMapping } from 'slipway'
import type { Host } from '#lib/host.js'
import { DynamicPorts } from '#lib/ports/dynamic-ports.js'
import { PortTable } from '#lib/ports/port-table.js'

const mapping = fc.record({
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  hostIp: fc.constantFrom('0.0.0.0', '127.0.0.1', '192.0.2.1'),
  hostPort: fc.integer({ min: 1, max: 4 }),
  containerPort: fc.constant(80),
})
const step = fc.record({ what: fc.constantFrom('take', 'release', 'settle'), mapping, owner: fc.constantFrom('a', 'b', 'c') })

const excludes = (a: PortMapping, b: PortMapping) =>
  a.protocol === b.protocol && a.hostPort === b.hostPort && (a.hostIp === b.hostIp || [a.hostIp, b.hostIp].includes('0.0.0.0'))

test('no sequence of calls lets two hold one port: every address and one address exclude each other', (t) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const table = new PortTable()
      let held: { mapping: PortMapping; owner: string; settled: boolean }[] = []
      const same = (mapping: PortMapping) => held.find((one) => one.mapping.hostIp === mapping.hostIp && excludes(one.mapping, mapping))
      for (const { what, mapping, owner } of steps) {
        if (what === 'take') {
          const inTheWay = held.filter((one) => excludes(one.mapping, mapping))
          const holder = table.take(mapping, owner)
          if (inTheWay.length === 0) {
            t.is(holder, undefined)
            held.push({ mapping, owner, settled: false })
          } else {
            t.true(inTheWay.some((one) => one.owner === holder?.owner && one.mapping.hostIp === holder.hostIp && one.settled === holder.settled))
          }
        } else if (what === 'settle') {
          table.settle(mapping)
          const one = same(mapping)
          if (one) one.settled = true
        } else {
          table.release(mapping)
          held = held.filter((one) => one !== same(mapping))
        }
        t.is(table.isFree(mapping.protocol, mapping.hostPort), !held.some((one) => one.mapping.protocol === mapping.protocol && one.mapping.hostPort === mapping.hostPort))
      }
    }),
  )
})

test('dynamic ports are of the range, not reserved, free, and each is given before one is given again', async (t) => {
  const answers = { 'net.ipv4.ip_local_port_range': '100\t110', 'net.ipv4.ip_local_reserved_ports': '101,103-104' }
  const host = { ask: (_: string, { name }: { name: keyof typeof answers }) => Promise.resolve(answers[name]) } as unknown as Host
  const usable = [100, 102, 105, 106, 107, 108, 109, 110]
  await fc.assert(
    fc.asyncProperty(fc.array(fc.subarray(usable), { maxLength: 30 }), async (takenEachTime) => {
      const ports = new DynamicPorts(host)
      let last = 0
      for (const taken of takenEachTime) {
        const free = usable.filter((port) => !taken.includes(port))
        const given = await ports.choose('tcp', (_, port) => !taken.includes(port))
        t.is(given, free.find((port) => port > last) ?? free[0])
        if (given !== undefined) last = given
      }
    }),
  )
})
