import { encode } from 'dns-packet'
import { NameTable } from '#lib/names/directory.js'
import { FrameReader } from '#lib/names/resolver/frames.js'
import { isResponseTo, LARGEST_UDP, RCODE, readQuery, reply, withQuestion } from '#lib/names/resolver/message.js'
import { ownRecords } from '#lib/names/resolver/own-names.js'
import { endpoint, question } from '../helpers/names.js'
import { expect, type Target } from './target.js'

/** Messages of DNS, as a sandbox may send them, and as a nameserver may answer. */

const table = new NameTable()
table.put(endpoint({ sandbox: 'app', addresses: ['10.7.0.2', 'fd00:7::2'] }))
table.put(endpoint({ sandbox: 'x'.repeat(70), aliases: ['db', 'a..b', 'Ä'], addresses: ['10.7.0.3'] }))
const directory = table.directory('web')
const asker = { sandbox: 'app', network: 'web' }

const asked = question('one.example')
const response = encode({
  type: 'response',
  id: 1,
  flags: 0x8180,
  questions: [{ type: 'A', name: 'one.example' }],
  answers: [{ type: 'A', name: 'one.example', ttl: 60, data: '192.0.2.1' }],
})
const withOpt = encode({
  type: 'query',
  id: 7,
  flags: 0x100,
  questions: [{ type: 'AAAA', name: 'app.web' }],
  additionals: [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize: 4096,
      flags: 0,
      extendedRcode: 0,
      ednsVersion: 0,
      flag_do: false,
      options: [],
    },
  ],
})

export const dnsMessages: Target = {
  name: 'dns-messages',
  seeds: [
    asked,
    withOpt,
    response,
    question('2.0.7.10.in-addr.arpa', 'PTR'),
    question('db', 'AAAA'),
    question('a.very.long.name.with.many.labels.example', 'TXT'),
  ],
  pieces: ['\xc0\x0c', '\xc0\x00', '\x00\x00\x29', '\x03www', '\x00', '\x3f', '\x40', 'in-addr\x04arpa', 'app', 'db'],
  run(input) {
    const { query, reply: refusal } = readQuery(input) as { query?: Parameters<typeof reply>[0]; reply?: Buffer }
    const known = readQuery(asked).query
    if (known && isResponseTo(input, asked, known.questionEnd)) withQuestion(input, known)
    if (!query) {
      expect(refusal === undefined || refusal.length === 12, 'what is no query gets a bare reply, or none')
      return
    }
    expect(query.questionEnd <= input.length, 'a question ends within its message')
    expect(query.udpSize >= 512 && query.udpSize <= LARGEST_UDP, `${query.udpSize} bytes by UDP`)
    const records = ownRecords(query, asker, directory) ?? []
    const answer = reply(query, RCODE.noError, records, query.udpSize)
    expect(
      answer.length <= Math.max(query.udpSize, query.questionEnd + 23),
      `a reply of ${answer.length} bytes where ${query.udpSize} are room`,
    )
    expect(isResponseTo(answer, input, query.questionEnd), 'a reply answers the question')
  },
}

/** The first byte is the size of the pieces in which the rest comes. */
export const dnsFrames: Target = {
  name: 'dns-frames',
  seeds: [
    Buffer.from([3, 0, 29, ...asked]),
    Buffer.from([255, 0, 0, 0, 0, 0, asked.length, ...asked, 0, asked.length, ...asked]),
    Buffer.from([1, 255, 255, 1, 2, 3]),
  ],
  pieces: ['\x00\x00', '\x00\x01', '\xff\xff', '\x02\x00'],
  run(input) {
    const [size = 0] = input
    const stream = input.subarray(1)
    const reader = new FrameReader()
    let at = 0
    for (let from = 0; from < stream.length; from += size + 1) {
      for (const message of reader.read(Buffer.from(stream.subarray(from, from + size + 1)))) {
        expect(
          message.equals(stream.subarray(at + 2, at + 2 + stream.readUInt16BE(at))),
          'a message is what its length says',
        )
        at += 2 + message.length
      }
    }
    expect(stream.length - at < 2 || stream.length < at + 2 + stream.readUInt16BE(at), 'no whole message is kept back')
  },
}
