import { ipaddr } from '../../base/addresses/ipaddr.js'
import { isIPv4 } from '../../base/addresses/is-address.js'
import { canonical } from '../../base/name-options.js'
import type { Asker, Directory } from './directory.js'
import { CLASS_IN, encodeName, encodeRecord, TYPE, type Query } from './message.js'

/** Seconds that an answer may be kept, as docker has it. */
const TTL = 600
/** Records that are kept as they stand in a reply. */
const MOST_KEPT = 4096

/**
 * The records that answer a question about sandboxes, in a random order. None for a name that exists without such a
 * record; `undefined` when it is nothing that we know of.
 */
export function ownRecords(query: Query, asker: Asker, directory: Directory): Buffer[] | undefined {
  if (query.class !== CLASS_IN || query.name === undefined) return undefined
  const address = query.type === TYPE.PTR ? addressOf(query.name) : undefined
  if (address !== undefined) {
    const name = directory.name(asker, address)
    if (name === undefined) return undefined
    // Sandboxes and networks may be called what DNS has no form for.
    const data = encodeName(name)
    return data ? [encodeRecord(TYPE.PTR, TTL, data)] : []
  }
  const addresses = directory.addresses(asker, query.name, query.type === TYPE.AAAA ? 6 : 4)
  if (!addresses || (query.type !== TYPE.A && query.type !== TYPE.AAAA)) return addresses && []
  return shuffle(addresses).map(addressRecord)
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

const kept = new Map<string, Buffer>()

/** Of an address, A or AAAA. The same bytes each time: they are not to be changed. */
function addressRecord(address: string): Buffer {
  const before = kept.get(address)
  if (before) return before
  if (kept.size >= MOST_KEPT) kept.clear()
  const record = address.includes(':')
    ? encodeRecord(TYPE.AAAA, TTL, Uint8Array.from(ipaddr().parse(address).toByteArray()))
    : encodeRecord(TYPE.A, TTL, Uint8Array.from(address.split('.').map(Number)))
  kept.set(address, record)
  return record
}

function shuffle<T>(list: readonly T[]): readonly T[] {
  if (list.length < 2) return list
  const shuffled = [...list]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[shuffled[last], shuffled[other]] = [shuffled[other] as T, shuffled[last] as T]
  }
  return shuffled
}
