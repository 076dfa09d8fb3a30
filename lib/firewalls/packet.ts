import { endianness } from 'node:os'
import type { IpFamily } from '../base/addresses/ip.js'
import { toValue } from '../base/addresses/address.js'

/** A packet that is thought of, to be held against the rules of a firewall. What is left out is not known. */
export interface Packet {
  family: IpFamily
  /** Names of links of the host. */
  iif?: string
  oif?: string
  /** Interface group of the link that it comes in by. */
  iifgroup?: number
  state: 'new' | 'established' | 'untracked'
  protocol?: number
  from?: string
  to?: string
  /** Destination port, of TCP and UDP; the type, of ICMP. */
  port?: number
  type?: number
}

/** Bytes of which each may be unknown. */
export type Bytes = readonly (number | undefined)[]

export const TCP = 6
export const UDP = 17
export const ICMPV6 = 58

/** Bits that conntrack has for states (nf_conntrack_common.h). */
const STATES = { established: 2, new: 8, untracked: 64 } as const
/** What the kernel calls the families (nfproto). */
const NFPROTO = { 4: 2, 6: 10 } as const
/** Length of a header, and where in it protocol, source and destination are. */
const HEADERS = {
  4: { length: 20, protocol: 9, from: 12, to: 16, size: 4 },
  6: { length: 40, protocol: 6, from: 8, to: 24, size: 16 },
} as const
/** As long as a name of a link may be, with its end. */
const NAME_BYTES = 16

/** What a rule loads of a packet, by the words of `native/firewall/firewall.h`; `undefined` where it is not known. */
export function load(packet: Packet, what: string, numbers: readonly number[]): Bytes | undefined {
  const { family, iif, oif, iifgroup, state, protocol } = packet
  switch (what) {
    case 'iifname':
      return iif === undefined ? undefined : nameBytes(iif)
    case 'oifname':
      return oif === undefined ? undefined : nameBytes(oif)
    case 'iifgroup':
      return iifgroup === undefined ? undefined : hostOrder(iifgroup)
    case 'nfproto':
      return [NFPROTO[family]]
    case 'l4proto':
      return protocol === undefined ? undefined : [protocol]
    case 'ct-state':
      return hostOrder(STATES[state])
    case 'network':
      return slice(networkHeader(packet), numbers)
    case 'transport':
      return slice(transportHeader(packet), numbers)
    default:
      return undefined
  }
}

function nameBytes(name: string): Bytes {
  const bytes: number[] = [...Buffer.from(name)]
  return [...bytes, ...Array<number>(NAME_BYTES - bytes.length).fill(0)]
}

function hostOrder(value: number): Bytes {
  const bytes = [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff]
  return endianness() === 'LE' ? bytes : bytes.reverse()
}

function networkHeader({ family, protocol, from, to }: Packet): Bytes {
  const at = HEADERS[family]
  const header: (number | undefined)[] = Array(at.length).fill(undefined)
  header[at.protocol] = protocol
  for (const [place, address] of [
    [at.from, from],
    [at.to, to],
  ] as const) {
    if (address === undefined) continue
    const value = toValue(address)
    for (let index = 0; index < at.size; index++)
      header[place + index] = Number((value >> BigInt(8 * (at.size - 1 - index))) & 0xffn)
  }
  return header
}

/** Ports stand at the same place of TCP and UDP. */
const transportHeader = ({ port, type }: Packet): Bytes =>
  type === undefined
    ? [undefined, undefined, port === undefined ? undefined : port >> 8, port === undefined ? undefined : port & 0xff]
    : [type]

/** Bytes of a header that are not known are none. */
function slice(header: Bytes, [offset = 0, length = 0]: readonly number[]): Bytes {
  return Array.from({ length }, (_, index) => header[offset + index])
}
