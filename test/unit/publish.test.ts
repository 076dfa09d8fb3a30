import test from 'ava'
import fc from 'fast-check'
import { SlipwayError, type PortRequest } from 'slipway'
import { checkRequest, parsePublish, printMapping } from '#lib/ports/mapping.js'

const port = fc.integer({ min: 1, max: 65535 })
const address = fc.ipV4().filter((text) => text !== '0.0.0.0')
const protocol = fc.constantFrom('tcp' as const, 'udp' as const)
/** A range that fits twice. */
const range = fc.record({ first: port, other: port, length: fc.integer({ min: 1, max: 300 }) }).map(({ first, other, length }) => {
  const count = Math.min(length, 65536 - Math.max(first, other))
  return { first, other, count }
})
const printRange = (first: number, count: number) => (count === 1 ? `${first}` : `${first}-${first + count - 1}`)

test('every way to write a mapping is read as what it says', (t) => {
  fc.assert(
    fc.property(range, fc.option(address, { nil: undefined }), fc.boolean(), fc.option(protocol, { nil: undefined }), ({ first, other, count }, hostIp, named, proto) => {
      const host = named ? `${printRange(first, count)}:` : hostIp ? ':' : ''
      const text = `${hostIp ? `${hostIp}:` : ''}${host}${printRange(other, count)}${proto ? `/${proto}` : ''}`
      const expected = Array.from({ length: count }, (_, index): PortRequest => ({
        protocol: proto ?? 'tcp',
        containerPort: other + index,
        hostIp: hostIp ?? '0.0.0.0',
        ...(named ? { hostPort: first + index } : {}),
      }))
      t.deepEqual(parsePublish(text, '0.0.0.0'), expected)
    }),
  )
  t.pass()
})

test('any text is read or refused with what is right', (t) => {
  const pieces = fc.array(fc.constantFrom('80', '0', '65536', '1.2.3.4', ':', '-', '/', 'tcp', 'udp', ' ', '\0', 'a', '[', ']', '９', '٣'), { maxLength: 9 }).map((list) => list.join(''))
  fc.assert(
    fc.property(fc.oneof(pieces, fc.string(), fc.string({ unit: 'binary' })), (text) => {
      let requests: PortRequest[]
      try {
        requests = parsePublish(text, '0.0.0.0')
      } catch (error) {
        t.true(error instanceof SlipwayError && error.code === 'INVALID_ARGUMENT' && error.message.includes("'8080:80'"))
        return
      }
      t.regex(text, /^[0-9.:-]+(\/(tcp|udp))?$/)
      for (const request of requests) t.deepEqual(checkRequest(request), request)
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

test('an object is taken as it is, or refused', (t) => {
  const anything = fc.record({ protocol: fc.oneof(protocol, fc.anything()), containerPort: fc.oneof(port, fc.anything()), hostIp: fc.oneof(address, fc.anything()), hostPort: fc.oneof(port, fc.anything()) }, { requiredKeys: [] })
  fc.assert(
    fc.property(anything, (request) => {
      try {
        const { protocol, containerPort, hostIp, hostPort } = checkRequest(request as PortRequest)
        const [parsed] = parsePublish(`${hostIp}:${hostPort ?? ''}:${containerPort}/${protocol}`, hostIp)
        t.deepEqual(parsed as unknown, JSON.parse(JSON.stringify(request)))
      } catch (error) {
        t.true(error instanceof SlipwayError && error.code === 'INVALID_ARGUMENT', String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('a mapping is printed as docker does', (t) => {
  t.is(printMapping({ protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }), '0.0.0.0:8080->80/tcp')
})
