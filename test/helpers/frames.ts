import { execFileSync } from 'node:child_process'
import { isIPv4 } from 'node:net'
import ipaddr from 'ipaddr.js'
import type { Place } from './world.js'

/** Ethernet frames byte by byte, for what no honest program sends. */

export const BROADCAST = 'ff:ff:ff:ff:ff:ff'
export const ALL_NODES = { mac: '33:33:00:00:00:01', address: 'ff02::1' }

/** Sends a frame as it is through a link of a place. */
export function sendFrame(place: Place, frame: Buffer, link = 'eth0'): void {
  execFileSync('nsenter', [`--net=${place.path}`, 'socat', '-u', '-', `INTERFACE:${link}`], { input: frame, timeout: 20_000, stdio: ['pipe', 'ignore', 'pipe'] })
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
  return Buffer.concat([macOf(ether.to), macOf(ether.from), words(0x0806, ethernet, ipv4, 0x0604, reply), macOf(mac), bytesOf(from), macOf(ether.to), bytesOf(to)])
}

/** Neighbour advertisement (RFC 4861, 4.4): `target` is at `mac`, and whoever believed otherwise is to believe this. */
export function neighbourAdvertisement(ends: Ends, target: string, mac: string): Buffer {
  const solicitedAndOverride = 0x60
  return frameOf(ends, PROTOCOL.icmpv6, 2, Buffer.concat([Buffer.from([136, 0, 0, 0, solicitedAndOverride, 0, 0, 0]), bytesOf(target), Buffer.from([2, 1]), macOf(mac)]))
}

/** Router advertisement (4.2): the sender is a default router for half an hour. */
export function routerAdvertisement(ends: Ends): Buffer {
  return frameOf(ends, PROTOCOL.icmpv6, 2, Buffer.concat([Buffer.from([134, 0, 0, 0, 64, 0]), words(1800), Buffer.alloc(8)]))
}

/** Redirect (4.5): `target` is a better first hop to `destination`. */
export function redirect(ends: Ends, target: string, destination: string): Buffer {
  return frameOf(ends, PROTOCOL.icmpv6, 2, Buffer.concat([Buffer.from([137, 0, 0, 0, 0, 0, 0, 0]), bytesOf(target), bytesOf(destination)]))
}

const PROTOCOL = { udp: 17, icmpv6: 58 }
/** Neighbour discovery has it at 255: it never crossed a router. */
const HOP_LIMIT = 255

function frameOf({ ether, from, to }: Ends, protocol: number, checksumAt: number, segment: Buffer): Buffer {
  const v4 = isIPv4(from)
  const addresses = Buffer.concat([bytesOf(from), bytesOf(to)])
  const pseudoHeader = v4 ? Buffer.concat([addresses, words(protocol, segment.length)]) : Buffer.concat([addresses, words(0, segment.length, 0, protocol)])
  segment.writeUInt16BE(checksum(Buffer.concat([pseudoHeader, segment])), checksumAt)
  let header: Buffer
  if (v4) {
    header = Buffer.concat([words(0x4500, 20 + segment.length, 0, 0, (HOP_LIMIT << 8) | protocol, 0), addresses])
    header.writeUInt16BE(checksum(header), 10)
  } else {
    header = Buffer.concat([words(0x6000, 0, segment.length, (protocol << 8) | HOP_LIMIT), addresses])
  }
  return Buffer.concat([macOf(ether.to), macOf(ether.from), words(v4 ? 0x0800 : 0x86dd), header, segment])
}

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let offset = 0; offset < bytes.length; offset += 2) sum += (bytes[offset] ?? 0) * 256 + (bytes[offset + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

const bytesOf = (address: string) => Buffer.from(ipaddr.parse(address).toByteArray())
const macOf = (mac: string) => Buffer.from(mac.replaceAll(':', ''), 'hex')

function words(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(numbers.length * 2)
  numbers.forEach((number, index) => bytes.writeUInt16BE(number, index * 2))
  return bytes
}
