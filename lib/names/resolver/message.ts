import { decode, encode, TRUNCATED_RESPONSE, RECURSION_AVAILABLE, type Answer, type DecodedPacket } from 'dns-packet'

/** Response codes (RFC 1035, section 4.1.1). */
export const RCODE = { noError: 0, formatError: 1, serverFailure: 2, notImplemented: 4, refused: 5 } as const

/** A question, read. */
export interface Query {
  bytes: Buffer
  /** Lower case, without the last dot. `undefined` when it has characters that no sandbox's name has. */
  name: string | undefined
  /** The name as it was asked, for the answer. */
  owner: string
  /** `A`, `AAAA`, … */
  type: string
  /** `IN`, … */
  class: string
  /** Where the question ends in `bytes`. */
  questionEnd: number
  /** Bytes that an answer by UDP may have. */
  udpSize: number
  edns: boolean
}

export const HEADER = 12
/** By UDP without EDNS (RFC 1035), and the most that we send with it: larger datagrams tend to get lost in pieces. */
const SMALLEST_UDP = 512
export const LARGEST_UDP = 4096
/** No question is longer, with all that it may carry. */
export const LARGEST_QUERY = 4096
/** By TCP: the length has two bytes. */
export const LARGEST_TCP = 65535
/** Records other than the question that a query may carry: OPT, and a signature. */
const MOST_RECORDS = 4
const LONGEST_LABEL = 63
/** Kept in a reply: opcode, RD; CD. */
const KEPT_FLAGS = 0x7910
const SANDBOX_LABEL = /^[\w-]+$/

/** What we receive by UDP at most, as told in OPT: an Ethernet frame's worth. */
const OWN_UDP_SIZE = 1232
const OPT = encodeRecord({
  type: 'OPT',
  name: '.',
  udpPayloadSize: OWN_UDP_SIZE,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
})

/** Reads a packet. What is no query that can be answered comes with the reply that it gets, or with none at all. */
export function readQuery(bytes: Buffer): { query: Query } | { query?: undefined; reply: Buffer | undefined } {
  // To answer an answer could make two servers talk for ever.
  if (bytes.length < HEADER || (bytes.readUInt16BE(2) & 0x8000) !== 0) return { reply: undefined }
  if ((bytes.readUInt16BE(2) & 0x7800) !== 0) return { reply: bare(bytes, RCODE.notImplemented) }
  const malformed = { reply: bare(bytes, RCODE.formatError) }
  const [questions, ...records] = [4, 6, 8, 10].map((at) => bytes.readUInt16BE(at))
  if (questions !== 1 || records.reduce((sum, count) => sum + count) > MOST_RECORDS) return malformed
  const labels = readLabels(bytes)
  if (!labels) return malformed
  let packet: DecodedPacket
  try {
    packet = decode(bytes)
  } catch {
    return malformed
  }
  const question = packet.questions?.[0]
  if (!question) return malformed
  const opt = packet.additionals?.find((record) => record.type === 'OPT')
  return {
    query: {
      bytes,
      name: labels.every((label) => SANDBOX_LABEL.test(label)) ? labels.join('.').toLowerCase() : undefined,
      owner: question.name,
      type: question.type,
      class: question.class ?? 'IN',
      // The labels with a byte of length each, the empty one of the root, type and class.
      questionEnd: HEADER + labels.reduce((sum, label) => sum + label.length + 1, 0) + 5,
      udpSize: opt ? Math.min(Math.max(opt.udpPayloadSize, SMALLEST_UDP), LARGEST_UDP) : SMALLEST_UDP,
      edns: opt !== undefined,
    },
  }
}

/** The question's labels, byte by byte: dns-packet joins them, after which a dot inside of one looks like any other. */
function readLabels(bytes: Buffer): string[] | undefined {
  const labels: string[] = []
  let at = HEADER
  for (;;) {
    const length = bytes[at]
    if (length === undefined || length > LONGEST_LABEL) return undefined
    if (length === 0) return labels
    labels.push(bytes.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
}

/**
 * The reply to a query, with as many records as go into `limit` bytes; TC says that there were more.
 *
 * @param records - As {@link encodeRecord} makes them.
 */
export function reply(query: Query, rcode: number, records: readonly Buffer[], limit: number): Buffer {
  const opt = query.edns ? [OPT] : []
  let room = limit - query.questionEnd - (query.edns ? OPT.length : 0)
  const fitting = records.filter((record) => (room -= record.length) >= 0)
  const head = bare(query.bytes, rcode | (fitting.length < records.length ? TRUNCATED_RESPONSE : 0))
  head.writeUInt16BE(1, 4)
  head.writeUInt16BE(fitting.length, 6)
  head.writeUInt16BE(opt.length, 10)
  return Buffer.concat([head, query.bytes.subarray(HEADER, query.questionEnd), ...fitting, ...opt])
}

function bare(query: Buffer, flags: number): Buffer {
  return encode({
    type: 'response',
    id: query.readUInt16BE(0),
    flags: (query.readUInt16BE(2) & KEPT_FLAGS) | RECURSION_AVAILABLE | flags,
  })
}

/** One record as it stands in a message. */
export function encodeRecord(record: Answer): Buffer {
  return encode({ type: 'response', answers: [record] }).subarray(HEADER)
}

/** A copy of a message under another id. */
export function withId(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt16BE(id, 0)
  return copy
}

export const idOf = (bytes: Buffer): number => bytes.readUInt16BE(0)
export const rcodeOf = (bytes: Buffer): number => bytes.readUInt8(3) & 15
export const isTruncated = (bytes: Buffer): boolean => (bytes.readUInt16BE(2) & TRUNCATED_RESPONSE) !== 0

/**
 * Whether `bytes` is a response to the very question: id, name but for case, type and class. An error may come without
 * the question, as some servers send it: a forger that has found id and port could have sent the question as well.
 */
export function isResponseTo(bytes: Buffer, asked: Buffer, questionEnd: number): boolean {
  if (bytes.length < HEADER || idOf(bytes) !== idOf(asked) || (bytes.readUInt16BE(2) & 0x8000) === 0) return false
  if (questionsOf(bytes) === 0) return rcodeOf(bytes) !== RCODE.noError
  if (questionsOf(bytes) !== 1 || bytes.length < questionEnd) return false
  const name = (message: Buffer) => message.toString('latin1', HEADER, questionEnd - 4).toLowerCase()
  return (
    name(bytes) === name(asked) &&
    bytes.subarray(questionEnd - 4, questionEnd).equals(asked.subarray(questionEnd - 4, questionEnd))
  )
}

/**
 * A response that came without the question, with it, and with nothing else: clients compare it. Others are as they
 * are.
 */
export function withQuestion(response: Buffer, query: Query): Buffer {
  if (questionsOf(response) !== 0) return response
  const head = Buffer.alloc(HEADER)
  response.copy(head, 0, 0, 4)
  head.writeUInt16BE(1, 4)
  return Buffer.concat([head, query.bytes.subarray(HEADER, query.questionEnd)])
}

const questionsOf = (bytes: Buffer): number => bytes.readUInt16BE(4)
