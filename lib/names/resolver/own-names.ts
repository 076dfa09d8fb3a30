import { isIPv4 } from 'node:net'
import { canonical } from '../../base/name-options.js'
import type { Asker, Directory } from './directory.js'
import { encodeRecord, type Query } from './message.js'

/** Seconds that an answer may be kept, as docker has it. */
const TTL = 600

/**
 * The records that answer a question about sandboxes, in a random order. None for a name that exists without such a
 * record; `undefined` when it is nothing that we know of.
 */
export function ownRecords(query: Query, asker: Asker, directory: Directory): Buffer[] | undefined {
  if (query.class !== 'IN' || query.name === undefined) return undefined
  const address = query.type === 'PTR' ? addressOf(query.name) : undefined
  if (address !== undefined) {
    const data = directory.name(asker, address)
    if (data === undefined) return undefined
    return isSpeakable(data) ? [encodeRecord({ type: 'PTR', name: query.owner, ttl: TTL, data })] : []
  }
  const type = query.type === 'AAAA' ? 'AAAA' : 'A'
  const addresses = directory.addresses(asker, query.name, type === 'AAAA' ? 6 : 4)
  if (!addresses || query.type !== type) return addresses && []
  return shuffle(addresses).map((data) => encodeRecord({ type, name: query.owner, ttl: TTL, data }))
}

/** The address that a name of the reverse zones stands for (RFC 1035, section 3.5; RFC 3596, section 2.5). */
export function addressOf(name: string): string | undefined {
  const [, text = '', zone] = /^([0-9a-f.]+)\.(in-addr|ip6)\.arpa$/.exec(name) ?? []
  const parts = text.split('.').reverse()
  if (zone === 'in-addr') {
    const address = parts.join('.')
    return isIPv4(address) ? address : undefined
  }
  if (zone !== 'ip6' || parts.length !== 32 || parts.some((part) => part.length !== 1)) return undefined
  return canonical((parts.join('').match(/.{4}/g) ?? []).join(':'))
}

/**
 * Sandboxes and networks may be called what DNS has no form for: more than 63 characters without a dot, two dots
 * together.
 */
const isSpeakable = (name: string) =>
  name.length <= 253 && name.split('.').every((label) => label.length > 0 && label.length <= 63)

function shuffle<T>(list: readonly T[]): T[] {
  const shuffled = [...list]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T]
  }
  return shuffled
}
