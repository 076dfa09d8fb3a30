import { createRequire } from 'node:module'
import type { Answer } from 'dns-packet'
import { askByTcp, askByUdp, type Asked, type InHost } from '../../names/resolver/ask.js'
import { HEADER, isTruncated, RCODE, rcodeOf } from '../../names/resolver/message.js'
import type { SilentServers } from '../../names/resolver/silent-servers.js'
import { now } from '../../base/timers.js'
import { candidates, type Stub } from './stub.js'

/** What nameservers say of a name. */
export interface Found {
  addresses: string[]
  /** A nameserver was silent, or has failed: there may be such a name all the same. */
  unknown: boolean
}

/** What one question was answered with. */
type Reply = string[] | 'failed' | 'silent'

export interface Asking {
  stub: Stub
  inside: InHost
  silent: SilentServers
  ended: AbortSignal
}

type Library = typeof import('dns-packet')

let loaded: Library | undefined

/** What reads and writes DNS messages, loaded with the first name. */
const dnsPacket = (): Library => (loaded ??= createRequire(import.meta.url)('dns-packet') as Library)

/** The same holds for Node's own. */
const randomInt = () => process.getBuiltinModule('node:crypto').randomInt

const MORE_BYTES = 1232
const NO_NAME = 3 // NXDOMAIN
/** Chains of aliases (CNAME) that are followed. */
const LONGEST_CHAIN = 16

/** Asks as glibc does: for each full name that is possible, for all types at once, until one has an address. */
export async function askForName(name: string, types: readonly ('A' | 'AAAA')[], asking: Asking): Promise<Found> {
  let unknown = false
  for (const full of candidates(name, asking.stub)) {
    if (!isQuestion(full)) continue
    const replies = await Promise.all(types.map((type) => ask(full, type, asking)))
    asking.ended.throwIfAborted()
    const addresses = replies.flatMap((reply) => (typeof reply === 'string' ? [] : reply))
    if (addresses.length > 0) return { addresses, unknown: false }
    unknown ||= replies.some((reply) => typeof reply === 'string')
    // With another name they would be silent again.
    if (replies.includes('silent')) break
  }
  return { addresses: [], unknown }
}

/** Whether DNS has a form for it. */
const isQuestion = (name: string): boolean =>
  name.length <= 253 && name.split('.').every((label) => label.length > 0 && Buffer.byteLength(label) <= 63)

async function ask(name: string, type: 'A' | 'AAAA', { stub, inside, silent, ended }: Asking): Promise<Reply> {
  let worst: Reply = 'silent'
  const first = stub.rotate ? randomInt()(stub.nameservers.length) : 0
  const rotated = [...stub.nameservers.slice(first), ...stub.nameservers.slice(0, first)]
  for (let round = 0; round < stub.attempts; round++) {
    for (const server of silent.last('', rotated)) {
      const began = now()
      const response = await question(name, type, server, stub, inside, ended, () => silent.waited('', server, began))
      if (ended.aborted) return 'failed'
      if (response) silent.heard(server)
      const reply = response && read(response, name, type)
      if (reply !== undefined && reply !== 'failed') return reply
      if (reply) worst = reply
    }
  }
  return worst
}

async function question(
  name: string,
  type: 'A' | 'AAAA',
  server: string,
  stub: Stub,
  inHost: InHost,
  ended: AbortSignal,
  silent: () => void,
): Promise<Buffer | undefined> {
  const message = dnsPacket().encode({
    type: 'query',
    id: randomInt()(0x10000),
    flags: 0x100,
    questions: [{ type: type, name }],
    ...(stub.edns ? { additionals: [OPT] } : {}),
  })
  const pending = new Set<() => void>()
  const giveUp = () => {
    for (const end of [...pending]) end()
  }
  const asked = (): Asked => ({
    server,
    message,
    questionEnd: HEADER + Buffer.byteLength(name) + 2 + 4,
    milliseconds: stub.timeout,
    silent,
    inHost,
    pending,
  })
  ended.addEventListener('abort', giveUp, { once: true })
  try {
    if (ended.aborted) return undefined
    if (stub.tcp) return await askByTcp(asked())
    const short = await askByUdp(asked())
    return short && isTruncated(short) && !ended.aborted ? ((await askByTcp(asked())) ?? short) : short
  } finally {
    ended.removeEventListener('abort', giveUp)
  }
}

const OPT: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: MORE_BYTES,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/** The addresses that a response has for a name, behind its aliases. None: there is no such name or record. */
function read(response: Buffer, name: string, type: 'A' | 'AAAA'): Reply {
  const rcode = rcodeOf(response)
  if (rcode === NO_NAME) return []
  if (rcode !== RCODE.noError) return 'failed'
  let answers: readonly Answer[]
  try {
    answers = dnsPacket().decode(response).answers ?? []
  } catch {
    return 'failed'
  }
  let owner = name.toLowerCase()
  for (let step = 0; step < LONGEST_CHAIN; step++) {
    const own = answers.filter((answer) => answer.name.toLowerCase() === owner)
    const addresses = own.flatMap((answer) => (answer.type === type ? [answer.data] : []))
    if (addresses.length > 0) return addresses
    const alias = own.find((answer) => answer.type === 'CNAME')
    if (alias?.type !== 'CNAME') return []
    owner = alias.data.toLowerCase()
  }
  return []
}
