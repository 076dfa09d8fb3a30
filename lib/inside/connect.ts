import { closeSync } from 'node:fs'
import { isIP, isIPv6 } from '../base/addresses/is-address.js'
import { callChecks, type CallOptions } from '../base/call.js'
import type { OnReadOpts, Socket } from 'node:net'
import { checkOptions, checks, type Check } from '../base/checks.js'
import { SlipwayError } from '../base/errors.js'
import { raceAddresses } from './happy-eyeballs.js'
import type { Inside } from './inside.js'
import { explainName, lookup, NameError } from './names/lookup.js'
import { openInside, place } from './open-socket.js'
import { checkPort, withPatience } from './patience.js'
import { nameZones } from './zones.js'

/** Where a connection of a sandbox leads, and what it is like. */
export interface ConnectTcpOptions extends CallOptions {
  /** An address, or a name as the sandbox knows it. Default: `localhost`, the sandbox itself. */
  host?: string
  /** From 1 to 65535. */
  port: number
  /** Only addresses of this family. Default: 0, both. */
  family?: 0 | 4 | 6
  /** The address of the sandbox that it comes from. Default: as the sandbox's routes have it. */
  localAddress?: string
  /** Default: a free one. */
  localPort?: number
  /** As in `net.connect`. Default: false. */
  noDelay?: boolean
  /** As in `net.connect`. Default: false. */
  keepAlive?: boolean
  /** Milliseconds, as in `net.connect`. Default: 0, as the kernel has it. */
  keepAliveInitialDelay?: number
  /** As in `net.connect`. Default: false. */
  allowHalfOpen?: boolean
}

const natural: Check = (value) =>
  Number.isInteger(value) && Number(value) >= 0 ? undefined : 'a number that is not negative'

const CHECKS: Record<keyof ConnectTcpOptions, Check> = {
  host: checks.text,
  port: () => undefined,
  family: (value) => (value === 0 || value === 4 || value === 6 ? undefined : '4, 6, or 0 for both'),
  localAddress: (value) =>
    typeof value === 'string' && isIP(value) !== 0 ? undefined : "an address of the sandbox, as in '172.17.0.2'",
  localPort: (value) =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 65535
      ? undefined
      : 'a number from 0 to 65535',
  noDelay: checks.flag,
  keepAlive: checks.flag,
  keepAliveInitialDelay: natural,
  allowHalfOpen: checks.flag,
  ...callChecks,
}

export async function connectTcp(inside: Inside, options: ConnectTcpOptions): Promise<Socket> {
  checkOptions('connectTcp', options, CHECKS)
  const { signal, timeout, ...target } = options
  checkPort('connectTcp', target.port, 1)
  const { host = 'localhost', port } = target
  return withPatience(
    `The sandbox ${inside.name} has not been connected to ${place(host, port)}`,
    { ...(signal ? { signal } : {}), ...(timeout === undefined ? {} : { timeout }) },
    async (ended) => {
      try {
        return await dial(inside, target, ended)
      } catch (error) {
        if (ended.aborted || error instanceof SlipwayError) throw error
        throw error instanceof NameError ? explainName(inside, error) : explainConnect(inside, host, port, error)
      }
    },
  )
}

/** What a connection is made from. */
export type Target = Omit<ConnectTcpOptions, keyof CallOptions> & { onread?: OnReadOpts }

/**
 * A socket that is connected.
 *
 * @throws {NameError} when there is no such name. @throws {SlipwayError} `NOT_FOUND` when the sandbox was removed.
 * What else comes is as `net.connect` has it, for one of the addresses (`code`: `ECONNREFUSED`, …) or, when there were
 * several, an AggregateError.
 */
export async function dial(inside: Inside, target: Target, ended: AbortSignal): Promise<Socket> {
  const { host = 'localhost', localAddress } = target
  const family = target.family || (localAddress === undefined ? 0 : isIPv6(localAddress) ? 6 : 4)
  const addresses = await lookup(inside, host, family, ended)
  const socket = await raceAddresses(addresses, (address) => begin(inside, address, target), ended)
  nameZones(inside, socket)
  return socket
}

/** A socket of the sandbox that is being connected. */
function begin(inside: Inside, address: string, target: Target): Socket {
  const { port, localAddress, localPort, noDelay, keepAlive, keepAliveInitialDelay, allowHalfOpen, onread } = target
  const { Socket } = process.getBuiltinModule('node:net')
  const fd = openInside(inside, { ipv6: isIPv6(address) })
  let socket: Socket
  try {
    socket = new Socket({
      fd,
      // Node.js is not to read from it before it is connected.
      ...({ manualStart: true } as object),
      ...(allowHalfOpen === undefined ? {} : { allowHalfOpen }),
      ...(onread ? { onread } : {}),
    })
  } catch (error) {
    closeSync(fd)
    throw error
  }
  try {
    // Inside, since the zone of an address (fe80::1%eth0) is an interface of the sandbox's. A name, since an address
    // would be connected to later, when this thread is elsewhere; the lookup says at once which address it is.
    inside.enter(() =>
      socket.connect({
        host: 'inside',
        port,
        autoSelectFamily: false,
        lookup: (_name, _options, answer) => answer(null, address, isIPv6(address) ? 6 : 4),
        ...(localAddress === undefined ? {} : { localAddress }),
        ...(localPort === undefined ? {} : { localPort }),
      }),
    )
    if (noDelay) socket.setNoDelay(true)
    if (keepAlive) socket.setKeepAlive(true, keepAliveInitialDelay)
  } catch (error) {
    socket.destroy()
    throw error
  }
  return socket
}

const WHY: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was reset',
  EHOSTUNREACH: 'the host does not answer, or a firewall says so',
  ENETUNREACH: 'the sandbox has no route there',
  ETIMEDOUT: 'nobody has answered',
  EADDRNOTAVAIL: 'the sandbox has no such address to come from, or no port is left',
  EADDRINUSE: 'the local port is taken',
  EACCES: 'it is not permitted',
  EPERM: 'a firewall of the sandbox does not permit it',
}

function explainConnect(inside: Inside, host: string, port: number, error: unknown): SlipwayError {
  const each = error instanceof AggregateError ? (error.errors as unknown[]) : [error]
  const said = each.map((one) => {
    const { code = '', address, message } = one as NodeJS.ErrnoException & { address?: string }
    const at = address === undefined || address === host ? '' : `${address}: `
    return `${at}${WHY[code] ?? message} (${code})`
  })
  const { code = '', errno = 0, syscall = 'connect' } = (each[0] ?? {}) as NodeJS.ErrnoException
  return new SlipwayError(
    'UNREACHABLE',
    `The sandbox ${inside.name} cannot connect to ${place(host, port)}: ${[...new Set(said)].join('; ')}.`,
    { errno: Math.abs(errno), errnoName: code, syscall, operation: `connect tcp ${place(host, port)}` },
    { cause: error },
  )
}
