/** Response codes (RFC 1035, section 4.1.1; RFC 6891, section 9). */
export const RCODE = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  notImplemented: 4,
  refused: 5,
  badVersion: 16,
} as const

/** Types of records (RFC 1035, section 3.2.2; RFC 3596; RFC 6891). */
export const TYPE = { A: 1, PTR: 12, AAAA: 28, OPT: 41 } as const
export const CLASS_IN = 1

/** A question, read. */
export interface Query {
  bytes: Buffer
  /** Lower case, without the last dot. `undefined` when it has characters that no sandbox's name has. */
  name: string | undefined
  type: number
  class: number
  /** Where the question ends in `bytes`. */
  questionEnd: number
  /** Bytes that an answer by UDP may have. */
  udpSize: number
  edns: boolean
  /** The version of EDNS that is asked for. */
  ednsVersion: number
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
const LONGEST_NAME = 255
/** The first byte of a pointer to a name, or to the end of one, that stands before (RFC 1035, section 4.1.4). */
const POINTER = 0xc0
/** Type and class, and of a record TTL and the length of its data. */
const QUESTION_TAIL = 4
const RECORD_TAIL = 10
const OPT_LENGTH = 1 + RECORD_TAIL
/** QR, TC and RA. */
const RESPONSE = 0x8000
const TRUNCATED = 0x0200
const RECURSION_AVAILABLE = 0x0080
const OPCODE = 0x7800
/** Kept in a reply: opcode, RD; CD. */
const KEPT_FLAGS = 0x7910
const SANDBOX_LABEL = /^[\w-]+$/

/** What we receive by UDP at most, as told in OPT: an Ethernet frame's worth. */
const OWN_UDP_SIZE = 1232

/** Reads a packet. What is no query that can be answered comes with the reply that it gets, or with none at all. */
export function readQuery(bytes: Buffer): { query: Query } | { query?: undefined; reply: Buffer | undefined } {
  // To answer an answer could make two servers talk for ever.
  if (bytes.length < HEADER || (bytes.readUInt16BE(2) & RESPONSE) !== 0) return { reply: undefined }
  if ((bytes.readUInt16BE(2) & OPCODE) !== 0) return { reply: bare(bytes, RCODE.notImplemented) }
  const read = readQuestion(bytes)
  const opt = read && readOpt(bytes, read.questionEnd)
  if (!read || opt === 'malformed') return { reply: bare(bytes, RCODE.formatError) }
  const { labels, questionEnd } = read
  return {
    query: {
      bytes,
      name: labels.every((label) => SANDBOX_LABEL.test(label)) ? labels.join('.').toLowerCase() : undefined,
      type: bytes.readUInt16BE(questionEnd - QUESTION_TAIL),
      class: bytes.readUInt16BE(questionEnd - 2),
      questionEnd,
      udpSize: opt ? Math.min(Math.max(opt.udpSize, SMALLEST_UDP), LARGEST_UDP) : SMALLEST_UDP,
      edns: opt !== undefined,
      ednsVersion: opt?.version ?? 0,
    },
  }
}

/** The labels of the one question that a query has, and where it ends; `undefined` of what is none. */
function readQuestion(bytes: Buffer): { labels: string[]; questionEnd: number } | undefined {
  if (bytes.readUInt16BE(4) !== 1) return undefined
  const labels: string[] = []
  for (let at = HEADER; ;) {
    const length = bytes[at]
    if (length === undefined || length > LONGEST_LABEL || at - HEADER >= LONGEST_NAME) return undefined
    at += 1
    if (length === 0) {
      const questionEnd = at + QUESTION_TAIL
      return questionEnd <= bytes.length ? { labels, questionEnd } : undefined
    }
    labels.push(bytes.toString('latin1', at, at + length))
    at += length
  }
}

/** What OPT says, which is the last but for a signature. There is one at most, among the additional records. */
function readOpt(bytes: Buffer, from: number): { udpSize: number; version: number } | undefined | 'malformed' {
  const before = bytes.readUInt16BE(6) + bytes.readUInt16BE(8)
  const records = before + bytes.readUInt16BE(10)
  if (records > MOST_RECORDS) return 'malformed'
  let opt: { udpSize: number; version: number } | undefined
  let at = from
  for (let index = 0; index < records; index++) {
    const tail = endOfName(bytes, at)
    if (tail === undefined || tail + RECORD_TAIL > bytes.length) return 'malformed'
    if (bytes.readUInt16BE(tail) === TYPE.OPT) {
      if (opt || index < before || tail !== at + 1) return 'malformed'
      opt = { udpSize: bytes.readUInt16BE(tail + 2), version: bytes.readUInt8(tail + 5) }
    }
    at = tail + RECORD_TAIL + bytes.readUInt16BE(tail + RECORD_TAIL - 2)
    if (at > bytes.length) return 'malformed'
  }
  return opt
}

/** Where a name ends, which is passed over. */
function endOfName(bytes: Buffer, from: number): number | undefined {
  for (let at = from; at < from + LONGEST_NAME;) {
    const length = bytes[at]
    if (length === undefined) return undefined
    if (length === 0) return at + 1
    if (length >= POINTER) return at + 2
    if (length > LONGEST_LABEL) return undefined
    at += 1 + length
  }
  return undefined
}

/**
 * The reply to a query, with as many records as go into `limit` bytes; TC says that there were more.
 *
 * @param records - As {@link encodeRecord} makes them.
 */
export function reply(query: Query, rcode: number, records: readonly Buffer[], limit: number): Buffer {
  const opt = query.edns ? OPT_LENGTH : 0
  let length = query.questionEnd
  const fitting = records.filter((record) => {
    if (length + record.length + opt > limit) return false
    length += record.length
    return true
  })
  const bytes = Buffer.alloc(length + opt)
  query.bytes.copy(bytes, 0, 0, query.questionEnd)
  writeHead(bytes, query.bytes, (rcode & 15) | (fitting.length < records.length ? TRUNCATED : 0))
  bytes.writeUInt16BE(1, 4)
  bytes.writeUInt16BE(fitting.length, 6)
  bytes.writeUInt16BE(0, 8)
  bytes.writeUInt16BE(query.edns ? 1 : 0, 10)
  let at = query.questionEnd
  for (const record of fitting) at += record.copy(bytes, at)
  if (query.edns) {
    bytes.writeUInt16BE(TYPE.OPT, at + 1)
    bytes.writeUInt16BE(OWN_UDP_SIZE, at + 3)
    bytes.writeUInt8(rcode >>> 4, at + 5)
  }
  return bytes
}

/** In the place of a response that is too long for UDP: its code, and TC. The client asks again by TCP. */
export function cutReply(query: Query, response: Buffer): Buffer {
  const bytes = reply(query, rcodeOf(response), [], SMALLEST_UDP)
  bytes.writeUInt16BE(bytes.readUInt16BE(2) | TRUNCATED, 2)
  return bytes
}

function bare(query: Buffer, rcode: number): Buffer {
  const bytes = Buffer.alloc(HEADER)
  writeHead(bytes, query, rcode)
  return bytes
}

function writeHead(bytes: Buffer, query: Buffer, flags: number): void {
  bytes.writeUInt16BE(query.readUInt16BE(0), 0)
  bytes.writeUInt16BE(RESPONSE | (query.readUInt16BE(2) & KEPT_FLAGS) | RECURSION_AVAILABLE | flags, 2)
}

/** One record as it stands in a reply, of the name that was asked for: a pointer to where the question has it. */
export function encodeRecord(type: number, ttl: number, data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(2 + RECORD_TAIL + data.length)
  bytes.writeUInt16BE((POINTER << 8) | HEADER, 0)
  bytes.writeUInt16BE(type, 2)
  bytes.writeUInt16BE(CLASS_IN, 4)
  bytes.writeUInt32BE(ttl, 6)
  bytes.writeUInt16BE(data.length, 10)
  bytes.set(data, 2 + RECORD_TAIL)
  return bytes
}

/** A name as it stands in a message; `undefined` of one that DNS has no form for. */
export function encodeName(name: string): Buffer | undefined {
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'))
  if (labels.some(({ length }) => length === 0 || length > LONGEST_LABEL)) return undefined
  const bytes = Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.alloc(1)])
  return bytes.length <= LONGEST_NAME ? bytes : undefined
}

/** A copy of a message under another id. */
export function withId(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt16BE(id, 0)
  return copy
}

export const idOf = (bytes: Buffer): number => bytes.readUInt16BE(0)
export const rcodeOf = (bytes: Buffer): number => bytes.readUInt8(3) & 15
export const isTruncated = (bytes: Buffer): boolean => (bytes.readUInt16BE(2) & TRUNCATED) !== 0

/**
 * Whether `bytes` is a response to the very question: id, name but for case, type and class. An error may come without
 * the question, as some servers send it: a forger that has found id and port could have sent the question as well.
 */
export function isResponseTo(bytes: Buffer, asked: Buffer, questionEnd: number): boolean {
  if (bytes.length < HEADER || idOf(bytes) !== idOf(asked) || (bytes.readUInt16BE(2) & RESPONSE) === 0) return false
  if (questionsOf(bytes) === 0) return rcodeOf(bytes) !== RCODE.noError
  if (questionsOf(bytes) !== 1 || bytes.length < questionEnd) return false
  const name = (message: Buffer) => message.toString('latin1', HEADER, questionEnd - QUESTION_TAIL).toLowerCase()
  return (
    name(bytes) === name(asked) &&
    bytes
      .subarray(questionEnd - QUESTION_TAIL, questionEnd)
      .equals(asked.subarray(questionEnd - QUESTION_TAIL, questionEnd))
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
