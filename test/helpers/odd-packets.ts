import { BROADCAST, bytesOf, checksum, packet, words, type Ends } from './frames.js'

/**
 * Packets that no honest program sends, or hardly one: of every protocol, with options, broken. All are marked: `odd`
 * of helpers/seen.ts.
 */

const ODD = { dscp: 42 }
/** What is in a tunnel. */
const INNER = { dscp: 43 }

const ANY = Buffer.alloc(32)
const bytes = (...given: number[]) => Buffer.from(given)

/** The tunnels of a packet: in IP, in GRE, in IPv6 over IPv4, in VXLAN. @param inner - Between whom it is. */
export function tunnels(ends: Ends, inner: Ends): Buffer[] {
  const v4 = !ends.to.includes(':')
  const frame = packet(inner, 17, datagram(40_000, 7777, 0), INNER)
  const inside = frame.subarray(14)
  const protocol = inner.from.includes(':') ? { ip: 41, ether: 0x86dd } : { ip: 4, ether: 0x0800 }
  const vxlan = Buffer.concat([bytes(8, 0, 0, 0, 0, 0, 42, 0), frame])
  return [
    packet(ends, protocol.ip, inside, ODD),
    packet(ends, 47, Buffer.concat([words(0, protocol.ether), inside]), ODD),
    packet(ends, 47, Buffer.concat([words(0, 0x6558), frame]), ODD),
    ...[4789, 8472, 6081].map((port) => packet(ends, 17, datagram(40_000, port, 0, vxlan), ODD)),
    // Of UDP (foo over UDP, and GUE).
    ...[5555, 6080].map((port) => packet(ends, 17, datagram(40_000, port, 0, inside), ODD)),
    ...(v4
      ? []
      : [packet(ends, 43, Buffer.concat([bytes(protocol.ip, 2, 4, 0, 0, 0, 0, 0), bytesOf(ends.to), inside]), ODD)]),
  ]
}

/** @param via - Of IPv4's and IPv6's source routes: whom the packet is to go on to. */
export const oddPackets = (ends: Ends, via: string): Buffer[] =>
  [ofProtocols(ends), ofTcpAndUdp(ends), ends.to.includes(':') ? ofIpv6(ends, via) : ofIpv4(ends, via)].flat()

/**
 * ICMP, IGMP, ST, RSVP, ESP, AH, EIGRP, OSPF, PIM, IPComp, VRRP, L2TP, SCTP, DCCP, UDP-Lite, and some that are nothing.
 */
const PROTOCOLS = [2, 5, 33, 46, 50, 88, 89, 103, 108, 112, 115, 132, 136, 143, 253, 255]
const ofProtocols = (ends: Ends): Buffer[] => [
  ...PROTOCOLS.map((protocol) => packet(ends, protocol, ANY, ODD)),
  packet(ends, 51, bytes(59, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, ...ANY), ODD),
]

function ofTcpAndUdp(ends: Ends): Buffer[] {
  const [syn, rst, psh, ack, urgent, fin] = [2, 4, 8, 16, 32, 1]
  const flags = [0, fin | psh | urgent, syn | fin, syn | rst, ack, rst, fin, syn | ack, 0xff]
  return [
    ...flags.map((one) => packet(ends, 6, segment(ends, 40_000, 9, one), ODD)),
    packet(ends, 6, segment(ends, 0, 0, syn), ODD),
    packet(ends, 6, segment(ends, 40_001, 9, syn).fill(0x10, 12, 13), ODD),
    packet(ends, 6, segment(ends, 40_002, 9, syn).subarray(0, 7), ODD),
    packet(ends, 6, Buffer.alloc(0), ODD),
    packet(ends, 17, datagram(40_000, 0, 0), ODD),
    packet(ends, 17, datagram(0, 9, 0), ODD),
    packet(ends, 17, datagram(40_000, 9, 0), ODD),
    packet(ends, 17, datagram(40_000, 9, 0xbad), ODD),
    packet(ends, 17, datagram(40_000, 9, 0).fill(0, 4, 6), ODD),
    packet(ends, 17, datagram(40_000, 9, 0).fill(0xff, 4, 6), ODD),
    packet(ends, 17, bytes(1, 2, 3), ODD),
  ]
}

function ofIpv4(ends: Ends, via: string): Buffer[] {
  const hop = [...bytesOf(via)]
  const [loose, strict, record, stamp, alert] = [131, 137, 7, 68, 148]
  const options = [
    [loose, 7, 4, ...hop, 0],
    [strict, 7, 4, ...hop, 0],
    [loose, 11, 4, ...hop, ...bytesOf(ends.to), 0],
    [record, 7, 4, 0, 0, 0, 0, 0],
    [stamp, 12, 5, 1, 0, 0, 0, 0, 0, 0, 0, 0],
    [alert, 4, 0, 0],
    [130, 3, 0, 0],
    [loose, 255, 4, 0],
  ]
  const types = [0, 8, 9, 10, 13, 15, 17, 30, 37, 40, 42, 255]
  return [
    ...options.map((one) => packet(ends, 17, datagram(40_000, 9, 0), { ...ODD, options: one })),
    ...types.map((type) => packet(ends, 1, icmp(type), ODD)),
    packet(ends, 1, bytes(8), ODD),
    packet(ends, 0, ANY, ODD),
  ]
}

function ofIpv6(ends: Ends, via: string): Buffer[] {
  const [hops, routing, frag, options] = [0, 43, 44, 60]
  const udp = datagram(40_000, 9, 0xbad)
  const route = (type: number) =>
    packet(ends, routing, Buffer.concat([bytes(17, 2, type, 1, 0, 0, 0, 0), bytesOf(via), udp]), ODD)
  const behind = (header: number, ...option: number[]) =>
    packet(ends, header, Buffer.concat([bytes(17, 0, ...option), udp]), ODD)
  const jumbo = packet(ends, hops, Buffer.concat([bytes(17, 0, 0xc2, 4, 0, 1, 0, 0), udp]), ODD)
  jumbo.writeUInt16BE(0, 18)
  // Those of neighbour discovery too, which conntrack does not look at. An advertisement is about its sender.
  const types = [127, 128, 129, 130, 131, 132, 133, 135, 136, 139, 143, 144, 149, 151, 160, 200, 255]
  const own = (type: number) => ([131, 132, 135, 136].includes(type) ? bytesOf(ends.from) : ANY)
  return [
    ...[0, 2, 3, 4, 255].map(route),
    behind(hops, 1, 4, 0, 0, 0, 0),
    behind(hops, 5, 2, 0, 0, 1, 0),
    behind(options, 1, 4, 0, 0, 0, 0),
    // One that nobody knows, of which even who is asked by multicast is to complain.
    behind(options, 0x9e, 4, 0, 0, 0, 0),
    behind(hops, 0x9e, 4, 0, 0, 0, 0),
    jumbo,
    packet(ends, frag, Buffer.concat([bytes(17, 0, 0, 0, 0, 0, 0, 7), udp]), ODD),
    packet(ends, 59, ANY, ODD),
    ...[135, 139, 140].map((header) => packet(ends, header, bytes(59, 0, 0, 0, 0, 0, 0, 0), ODD)),
    ...types.map((type) => packet(ends, 58, icmpv6(ends, type, own(type)), ODD)),
  ]
}

/** UDP. A checksum of 0 is none. */
const datagram = (from: number, to: number, sum: number, payload: Buffer = Buffer.from('odd')): Buffer =>
  Buffer.concat([words(from, to, 8 + payload.length, sum), payload])

function segment({ from, to }: Ends, source: number, destination: number, flags: number): Buffer {
  const header = Buffer.concat([words(source, destination, 0, 1, 0, 1, 0x5000 | flags, 1024, 0, 0)])
  header.writeUInt16BE(sumOf(from, to, 6, header), 16)
  return header
}

function icmp(type: number): Buffer {
  const message = Buffer.concat([bytes(type, 0, 0, 0), words(7, 1), ANY])
  message.writeUInt16BE(checksum(message), 2)
  return message
}

function icmpv6({ from, to }: Ends, type: number, target: Buffer): Buffer {
  const message = Buffer.concat([bytes(type, 0, 0, 0, 0x60, 0, 0, 0), target])
  message.writeUInt16BE(sumOf(from, to, 58, message), 2)
  return message
}

const sumOf = (from: string, to: string, protocol: number, payload: Buffer): number =>
  checksum(Buffer.concat([bytesOf(from), bytesOf(to), words(0, payload.length, 0, protocol), payload]))

/**
 * Types of frames that are neither of IP nor of ARP: MPLS, slow ones (LACP), 802.1X, LLDP, PTP, FCoE, RARP, MACsec,
 * PPPoE, TRILL and others.
 */
export const STRANGE_TYPES = [
  34887, 34888, 34825, 34958, 35020, 35063, 35078, 35092, 32821, 35045, 34915, 8947, 35047, 35151, 25944, 2114, 32923,
  33079, 1536, 36864,
]

/** Groups that switches talk to each other by: slow frames, 802.1X, LLDP, MVRP, CDP, PVST, and everybody. */
export const SWITCHES = [
  '01:80:c2:00:00:02',
  '01:80:c2:00:00:03',
  '01:80:c2:00:00:0e',
  '01:80:c2:00:00:21',
  '01:00:0c:cc:cc:cc',
  '01:00:0c:cc:cc:cd',
  BROADCAST,
]
