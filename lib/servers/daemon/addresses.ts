import { isIpv6, isIp } from '../../base/addresses/address.js'
import { invalid, show } from '../../base/errors.js'

/** Where a server listens. */
export type ServerAddress =
  | { kind: 'unix'; path: string }
  /** The sockets that systemd has opened for this process. */
  | { kind: 'inherited' }
  | { kind: 'tcp'; host: string; port: number }

export const DEFAULT_ADDRESS = 'unix:///run/slipway/slipway.sock'

/** Docker's. */
const PORT = 2375
const TLS_PORT = 2376

/** The kernel's sun_path, with the zero at its end; less what is added while the socket is made. */
const LONGEST_PATH = 107 - '.new-1234567'.length

/**
 * Reads what is given as `-H`: `unix:///run/slipway/slipway.sock`, `fd://`, `tcp://127.0.0.1:2375`.
 *
 * @throws {SlipwayError} `INVALID_ARGUMENT`
 */
export function readAddress(text: string, tls: boolean): ServerAddress {
  const [, kind, rest = ''] = /^([a-z]+):\/\/(.*)$/s.exec(text) ?? []
  switch (kind) {
    case 'unix':
      return { kind, path: readPath(text, rest) }
    case 'fd':
      if (rest !== '') throw invalid(`${show(text)}: fd:// takes all sockets that systemd gives. Write fd://.`)
      return { kind: 'inherited' }
    case 'tcp':
      return readTcp(text, rest, tls)
    case undefined:
    default:
      throw invalid(
        `${show(text)} is no address to listen on. Give unix:///run/slipway/slipway.sock, tcp://127.0.0.1:2375 or fd://.`,
      )
  }
}

function readPath(text: string, path: string): string {
  if (!/^\/\P{Cc}*[^/\p{Cc}]$/u.test(path)) throw invalid(`${show(text)}: an absolute path stands behind unix://.`)
  const length = Buffer.byteLength(path)
  if (length > LONGEST_PATH)
    throw invalid(`${show(text)}: the path has ${length} bytes, and the path of a socket ${LONGEST_PATH} at most.`)
  return path
}

function readTcp(text: string, rest: string, tls: boolean): ServerAddress {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?\/?$/.exec(rest) ?? []
  const name = bracketed ?? plain ?? ''
  const host = name === 'localhost' ? '127.0.0.1' : name
  const port = digits === undefined ? (tls ? TLS_PORT : PORT) : Number(digits)
  const isWell = bracketed === undefined ? isIp(host) && !isIpv6(host) : isIpv6(host)
  if (!isWell || port > 65535)
    throw invalid(
      `${show(text)}: behind tcp:// stands an address of this host and a port, as in tcp://127.0.0.1:2375 or tcp://[::1]:2375.`,
    )
  return { kind: 'tcp', host, port }
}

/** Whether only programs of this host reach it. */
export const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.')

export function printAddress(address: ServerAddress): string {
  switch (address.kind) {
    case 'unix':
      return `unix://${address.path}`
    case 'inherited':
      return 'fd://'
    case 'tcp':
      return `tcp://${isIpv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`
  }
}
