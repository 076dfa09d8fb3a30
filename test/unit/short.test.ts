import test from 'ava'
import type { Operation } from '#lib/plan/operation.js'
import { isLongTransaction, isShort, countOnCallerThread } from '#lib/admission/short.js'

const claim = (count: number): Operation => ({
  op: 'element.add',
  family: 'inet',
  table: 'slipway',
  set: 'addresses4',
  type: 'ipv4_addr',
  elements: Array.from({ length: count }, (_, n) => ({ key: `10.0.0.${n}` })),
})
const hold: Operation = { op: 'port.hold', protocol: 'tcp', address: '0.0.0.0', port: 80 }
const file: Operation = { op: 'file.create', path: '/run/x', content: '' }
const chain: Operation = { op: 'chain.add', family: 'inet', table: 'slipway', chain: 'x' }

test('elements, ports and files are short, as long as they are few', (t) => {
  t.true(isShort([]))
  t.true(isShort([hold, file, claim(62)]))
  t.false(isShort([hold, file, claim(63)]))
  t.false(isShort(Array<Operation>(65).fill(hold)))
})

test('what may have to wait is not short', (t) => {
  const others: Operation[] = [
    { op: 'netns.create', path: '/run/netns/x' },
    { op: 'netns.delete', path: '/run/netns/x' },
    { op: 'link.delete', name: 'x' },
    { op: 'address.add', link: 'x', address: '10.0.0.1/24' },
    { op: 'sysctl.write', key: 'net.ipv4.ip_forward', value: '1' },
    { op: 'conntrack.flush', addresses: ['172.17.0.2'] },
    chain,
  ]
  for (const operation of others) t.false(isShort([file, operation]), operation.op)
})

test("a plan begins with what JavaScript's thread may do, and no transaction is split", (t) => {
  const slow: Operation = { op: 'netns.create', path: '/run/netns/x' }
  t.is(countOnCallerThread([slow, hold]), 0)
  t.is(countOnCallerThread([hold, file, claim(3), claim(1), slow, claim(1)]), 4)
  t.is(countOnCallerThread([hold, file, claim(60), claim(3), slow]), 2)
  t.is(countOnCallerThread([hold, claim(3), chain, slow]), 1)
  t.is(countOnCallerThread([hold, file, claim(62)]), 3)
})

test('a transaction is long by its own operations', (t) => {
  const slow: Operation = { op: 'netns.create', path: '/run/netns/x' }
  t.false(isLongTransaction([slow, claim(3)]))
  t.false(isLongTransaction([...Array<Operation>(100).fill(file), claim(3)]))
  t.true(isLongTransaction([slow, claim(65)]))
  t.true(isLongTransaction([chain]))
})
