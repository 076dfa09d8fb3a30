import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Place } from './world.js'

/** Ethernet frames byte by byte, for what no honest program sends. */

export const BROADCAST = 'ff:ff:ff:ff:ff:ff'
export const ALL_NODES = { mac: '33:33:00:00:00:01', address: 'ff02::1' }

/** Sends a frame as it is through a link of a place. */
export function sendFrame(place: Place, frame: Buffer, link = 'eth0'): void {
  execFileSync('nsenter', [`--net=${place.path}`, 'socat', '-u', '-', `INTERFACE:${link}`], {
    input: frame,
    timeout: 20_000,
    stdio: ['pipe', 'ignore', 'pipe'],
  })
}

// socat sends one frame each time that it is started. Perl is in every Debian; 0x8933 is SIOCGIFINDEX, 17 AF_PACKET, 3
// SOCK_RAW.
const SEND = `my $link = shift; socket(S, 17, 3, 0) or die $!; my $request = pack('a16 x24', $link); ioctl(S, 0x8933, $request) or die $!;
bind(S, pack('S n l S C C a8', 17, 3, unpack('x16 l', $request), 0, 0, 0, '')) or die $!; send(S, pack('H*', $_), 0) or die $! for @ARGV;`

/** Sends many, one after the other. */
export function sendFrames(place: Place, frames: readonly Buffer[], link = 'eth0'): void {
  execFileSync(
    'nsenter',
    [`--net=${place.path}`, 'perl', '-e', SEND, link, ...frames.map((frame) => frame.toString('hex'))],
    { timeout: 20_000, stdio: ['ignore', 'ignore', 'pipe'] },
  )
}

export interface Ends {
  /** MAC addresses. */
  ether: { from: string; to: string }
  /** IP addresses. */
  from: string
  to: string
}

export function udpFrame(ends: Ends, port: number, text: string): Buffer {
  const payload = Buffer.from(text)
  return frameOf(ends, PROTOCOL.udp, 6, Buffer.concat([words(40_000, port, 8 + payload.length, 0), payload]))
}

/** ARP reply (RFC 826) to somebody who did not ask: `from` is at `mac`. */
export function arpReply({ ether, from, to }: Ends, mac: string): Buffer {
  const [ethernet, ipv4, reply] = [1, 0x0800, 2]
  return Buffer.concat([
    macOf(ether.to),
    macOf(ether.from),
    words(0x0806, ethernet, ipv4, 0x0604, reply),
    macOf(mac),
    bytesOf(from),
    macOf(ether.to),
    bytesOf(to),
  ])
}

/** Any ARP of Ethernet and IPv4 (RFC 826): who says what of himself, and of whom. */
export const arp = (
  { from, to }: Ends['ether'],
  operation: number,
  sender: { mac: string; address: string },
  target: { mac: string; address: string },
): Buffer =>
  Buffer.concat([
    macOf(to),
    macOf(from),
    words(0x0806, 1, 0x0800, 0x0604, operation),
    macOf(sender.mac),
    bytesOf(sender.address),
    macOf(target.mac),
    bytesOf(target.address),
  ])

/** Neighbour advertisement (RFC 4861, 4.4): `target` is at `mac`, and whoever believed otherwise is to believe this. */
export function neighbourAdvertisement(ends: Ends, target: string, mac: string): Buffer {
  const solicitedAndOverride = 0x60
  return frameOf(
    ends,
    PROTOCOL.icmpv6,
    2,
    Buffer.concat([
      Buffer.from([136, 0, 0, 0, solicitedAndOverride, 0, 0, 0]),
      bytesOf(target),
      Buffer.from([2, 1]),
      macOf(mac),
    ]),
  )
}

/** Router advertisement (4.2): the sender is a default router for half an hour. */
export function routerAdvertisement(ends: Ends): Buffer {
  return frameOf(
    ends,
    PROTOCOL.icmpv6,
    2,
    Buffer.concat([Buffer.from([134, 0, 0, 0, 64, 0]), words(1800), Buffer.alloc(8)]),
  )
}

/** Redirect (4.5): `target` is a better first hop to `destination`. */
export function redirect(ends: Ends, target: string, destination: string): Buffer {
  return frameOf(
    ends,
    PROTOCOL.icmpv6,
    2,
    Buffer.concat([Buffer.from([137, 0, 0, 0, 0, 0, 0, 0]), bytesOf(target), bytesOf(destination)]),
  )
}

/** Groups that bridges talk to each other by, 01:80:c2:00:00:00 to …:0f. */
export const bridgeGroup = (number: number): string => `01:80:c2:00:00:${number.toString(16).padStart(2, '0')}`

/** A frame of any kind, with nothing of use in it. */
export const plainFrame = ({ from, to }: Ends['ether'], type: number): Buffer =>
  Buffer.concat([macOf(to), macOf(from), words(type), Buffer.alloc(50)])

/** The same frame in a VLAN, with one tag or more (802.1Q, 802.1ad). */
export const tagged = (frame: Buffer, ...types: number[]): Buffer =>
  Buffer.concat([frame.subarray(0, 12), ...types.map((type) => words(type, 1)), frame.subarray(12)])

/** The same in a frame of 802.3: its length for a type, then LLC and SNAP, which say the type. */
export const inLlc = (frame: Buffer): Buffer =>
  Buffer.concat([
    frame.subarray(0, 12),
    words(frame.length - 14 + 8),
    Buffer.from([0xaa, 0xaa, 3, 0, 0, 0]),
    frame.subarray(12),
  ])

/** The same in a session of PPPoE (RFC 2516). */
export const inPppoe = (frame: Buffer, protocol: number): Buffer =>
  Buffer.concat([frame.subarray(0, 12), words(0x8864, 0x1100, 1, frame.length - 14 + 2, protocol), frame.subarray(14)])

/** A packet in two fragments, cut so many bytes behind its header. */
export function inFragments(frame: Buffer, cut: number): [Buffer, Buffer] {
  const payload = frame.subarray(startOfPayload(frame))
  const id = randomInt(1 << 16)
  return [
    fragment(frame, id, 0, payload.subarray(0, cut), true),
    fragment(frame, id, cut, payload.subarray(cut), false),
  ]
}

/** The fragment of a packet that has these bytes of it, from an offset on. */
export function fragment(frame: Buffer, id: number, offset: number, bytes: Buffer, more: boolean): Buffer {
  const header = Buffer.from(frame.subarray(0, startOfPayload(frame)))
  if (isIPv4Frame(frame)) {
    header.writeUInt16BE(header.length - 14 + bytes.length, 16)
    header.writeUInt16BE(id, 18)
    header.writeUInt16BE((more ? 0x2000 : 0) | (offset / 8), 20)
    header.writeUInt16BE(0, 24)
    header.writeUInt16BE(checksum(header.subarray(14)), 24)
    return Buffer.concat([header, bytes])
  }
  const next = header[20] ?? 0
  header.writeUInt16BE(8 + bytes.length, 18)
  header[20] = 44
  return Buffer.concat([header, words(next << 8, offset | (more ? 1 : 0), 0, id), bytes])
}

const isIPv4Frame = (frame: Buffer) => frame.readUInt16BE(12) === 0x0800
const startOfPayload = (frame: Buffer) => (isIPv4Frame(frame) ? 14 + ((frame[14] ?? 0) & 15) * 4 : 54)

/** An IPv6 packet with options for its destination before what is in it: none, in 8 bytes or more. */
export function behindOptions(frame: Buffer, length = 8): Buffer {
  const [destination, padding] = [60, 1]
  const header = Buffer.from(frame.subarray(0, 54))
  header.writeUInt16BE(frame.length - 54 + length, 18)
  const options = Buffer.alloc(length)
  options.set([header[20] ?? 0, length / 8 - 1, padding, length - 4])
  header[20] = destination
  return Buffer.concat([header, options, frame.subarray(54)])
}

/** Multicast listener query (RFC 2710), which is for routers to look at: who is in a group? Answers within a second. */
export function listenerQuery(ends: Ends): Buffer {
  const [hopByHop, routerAlert] = [0, 0x0502]
  const frame = frameOf(
    ends,
    PROTOCOL.icmpv6,
    2,
    Buffer.concat([Buffer.from([130, 0, 0, 0]), words(1000, 0), Buffer.alloc(16)]),
  )
  const header = Buffer.from(frame.subarray(0, 54))
  header.writeUInt16BE(frame.length - 54 + 8, 18)
  header[20] = hopByHop
  return Buffer.concat([header, words(PROTOCOL.icmpv6 << 8, routerAlert, 0, 0x0100), frame.subarray(54)])
}

/** Membership report of IGMP (RFC 2236), without its packet. */
export function igmpReport(group: string): Buffer {
  const report = Buffer.concat([Buffer.from([0x16, 0, 0, 0]), bytesOf(group)])
  report.writeUInt16BE(checksum(report), 2)
  return report
}

/** The same of MLD (RFC 3810, 5.2): the sender wants to hear a group from everybody. */
export const listenerReport = (ends: Ends, group: string): Buffer =>
  frameOf(
    ends,
    PROTOCOL.icmpv6,
    2,
    Buffer.concat([Buffer.from([143, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0]), bytesOf(group)]),
  )

/** Echo request (RFC 792; RFC 4443, 4.1). */
export function echoRequest(ends: Ends, data = Buffer.alloc(32)): Buffer {
  const v4 = isIPv4(ends.from)
  return frameOf(
    ends,
    v4 ? PROTOCOL.icmp : PROTOCOL.icmpv6,
    2,
    Buffer.concat([Buffer.from([v4 ? 8 : 128, 0, 0, 0, 0, 7, 0, 1]), data]),
  )
}

/** An error of ICMP (RFC 792; RFC 4443, 3) about what a frame carries. */
export function icmpError(ends: Ends, about: Buffer, type: number, code: number): Buffer {
  const protocol = isIPv4(ends.from) ? PROTOCOL.icmp : PROTOCOL.icmpv6
  return frameOf(
    ends,
    protocol,
    2,
    Buffer.concat([Buffer.from([type, code, 0, 0]), words(0, 1000), about.subarray(14)]),
  )
}

/** ARP request: who has `to`? */
export function arpRequest({ ether, from, to }: Ends): Buffer {
  const [ethernet, ipv4, request] = [1, 0x0800, 1]
  return Buffer.concat([
    macOf(ether.to),
    macOf(ether.from),
    words(0x0806, ethernet, ipv4, 0x0604, request),
    macOf(ether.from),
    bytesOf(from),
    Buffer.alloc(6),
    bytesOf(to),
  ])
}

/** Neighbour solicitation (RFC 4861, 4.3): who has `target`? */
export const neighbourSolicitation = (ends: Ends, target: string): Buffer =>
  frameOf(
    ends,
    PROTOCOL.icmpv6,
    2,
    Buffer.concat([
      Buffer.from([135, 0, 0, 0, 0, 0, 0, 0]),
      bytesOf(target),
      Buffer.from([1, 1]),
      macOf(ends.ether.from),
    ]),
  )

const PROTOCOL = { icmp: 1, udp: 17, icmpv6: 58 }
/** Neighbour discovery has it at 255: it never crossed a router. */
const HOP_LIMIT = 255

function frameOf(ends: Ends, protocol: number, checksumAt: number, segment: Buffer): Buffer {
  const v4 = isIPv4(ends.from)
  const addresses = Buffer.concat([bytesOf(ends.from), bytesOf(ends.to)])
  const pseudoHeader =
    protocol === PROTOCOL.icmp
      ? Buffer.alloc(0)
      : v4
        ? Buffer.concat([addresses, words(protocol, segment.length)])
        : Buffer.concat([addresses, words(0, segment.length, 0, protocol)])
  segment.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, segment])), checksumAt)
  return packet(ends, protocol, segment)
}

/** What is in the header of a packet. */
export interface HeaderOptions {
  /** A mark that stays on the way: the upper bits of the type of service, or the traffic class. */
  dscp?: number
  hops?: number
  /** Of IPv4, a multiple of 4 bytes. */
  options?: readonly number[]
}

/** A packet of any protocol. What is in it says its own checksum. */
export function packet(
  { ether, from, to }: Ends,
  protocol: number,
  payload: Buffer,
  { dscp = 0, hops = HOP_LIMIT, options = [] }: HeaderOptions = {},
): Buffer {
  const v4 = isIPv4(from)
  const service = dscp << 2
  const addresses = Buffer.concat([bytesOf(from), bytesOf(to)])
  let header: Buffer
  if (v4) {
    const length = 20 + options.length
    header = Buffer.concat([
      words(((0x40 | (length / 4)) << 8) | service, length + payload.length, 0, 0, (hops << 8) | protocol, 0),
      addresses,
      Buffer.from(options),
    ])
    header.writeUInt16BE(checksum(header), 10)
  } else {
    header = Buffer.concat([words(0x6000 | (service << 4), 0, payload.length, (protocol << 8) | hops), addresses])
  }
  return Buffer.concat([macOf(ether.to), macOf(ether.from), words(v4 ? 0x0800 : 0x86dd), header, payload])
}

/** RFC 1071. */
export function checksum(bytes: Buffer): number {
  let sum = 0
  for (let offset = 0; offset < bytes.length; offset += 2) sum += (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

export const bytesOf = (address: string) => Buffer.from(ipaddr.parse(address).toByteArray())
const macOf = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex')

export function words(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2)
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, index * 2))
  return bytes
}
