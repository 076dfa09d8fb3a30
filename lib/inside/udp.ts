import { closeSync } from 'node:fs'
import type { Socket, SocketOptions } from 'node:dgram'
import { callChecks, type CallOptions } from '../base/call.js'
import { checkOptions, checks, type Check } from '../base/checks.js'
import { isIP, isIPv6 } from '../base/addresses/is-address.js'
import { invalid, SlipwayError } from '../base/errors.js'
import { inWords } from '../base/shortage.js'
import { refuseReuse } from '../kernel/native.js'
import type { Inside } from './inside.js'
import { addressIn, lookup } from './names/lookup.js'
import { lacksIpv6, openInside } from './open-socket.js'
import { checkPort, whenAborted, withPatience } from './patience.js'

/** What a socket for datagrams is bound to in a sandbox. */
export interface BindUdpOptions extends CallOptions {
  /** Default: 0, a free one, which `socket.address()` tells. */
  port?: number
  /** An address of the sandbox, or a name of one as the sandbox knows it. Default: all, of IPv4 and IPv6. */
  address?: string
  /**
   * As in `dgram.createSocket`. Default: that of the address; without one `udp6`, which takes IPv4 as well. There,
   * senders by IPv4 are told as `::ffff:192.0.2.9`, and may be answered so. Datagrams of link-local senders (fe80::/10)
   * do not come in.
   */
  type?: 'udp4' | 'udp6'
  /** Of `udp6`: no IPv4. Default: false. */
  ipv6Only?: boolean
  /** Other sockets may be bound to the same port, if they allow it, too. Default: false. */
  reuseAddr?: boolean
  /** Bytes, as in `dgram.createSocket`. */
  recvBufferSize?: number
  /** Bytes, as in `dgram.createSocket`. */
  sendBufferSize?: number
}

const bytes: Check = (value) =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31 ? undefined : 'a number of bytes'

const CHECKS: Record<keyof BindUdpOptions, Check> = {
  port: () => undefined,
  address: checks.text,
  type: (value) => (value === 'udp4' || value === 'udp6' ? undefined : '"udp4" or "udp6"'),
  ipv6Only: checks.flag,
  reuseAddr: checks.flag,
  recvBufferSize: bytes,
  sendBufferSize: bytes,
  ...callChecks,
}

/** Given until the process ends, or the caller's signal is aborted. */
const NEVER = new AbortController().signal

export async function bindUdp(inside: Inside, options: BindUdpOptions): Promise<Socket> {
  checkOptions('bindUdp', options, CHECKS)
  const { port = 0, address: host, signal } = options
  checkPort('bindUdp', port, 0)
  const late = `The socket has not been bound in the sandbox ${inside.name}`
  const socket = await withPatience(late, options, async (ended) => {
    const given = host === undefined ? undefined : await addressIn(inside, host, ended)
    if (given !== undefined && options.type !== undefined && options.type !== typeOf(given))
      throw invalid(`bindUdp: ${given} is no address of ${options.type}. Leave type out, or give another address.`)
    if (given !== undefined && isLinkLocal(given)) throw new SlipwayError('UNSUPPORTED', linkLocal(given))
    const address = given ?? (options.type === 'udp4' ? '0.0.0.0' : '::')
    return bind(inside, { ...options, port, address }, given === undefined && options.type === undefined)
  })
  // As Node.js does with a socket's signal.
  if (signal) closeWith(socket, signal)
  return socket
}

const typeOf = (address: string): 'udp4' | 'udp6' => (isIPv6(address) ? 'udp6' : 'udp4')

const isLinkLocal = (address: string): boolean => /^fe[89ab]/i.test(address)

const linkLocal = (address: string): string =>
  `bindUdp takes no link-local address (${address}): Node.js names the interface that a datagram comes by as the host's are called, and fails where the host has none of that number. Bind it to another address, or start a program inside.`

type Bound = BindUdpOptions & { port: number; address: string }

/** @param any - IPv4 will do where there is no IPv6. */
function bind(inside: Inside, options: Bound, any: boolean): Socket {
  const { createSocket } = process.getBuiltinModule('node:dgram')
  const { port, address, ipv6Only = false, reuseAddr = false } = options
  let fd: number
  try {
    fd = openInside(inside, { udp: true, ipv6: isIPv6(address), ipv6Only, address, port, reuseAddress: reuseAddr })
  } catch (error) {
    if (any && !ipv6Only && isIPv6(address) && lacksIpv6(error))
      return bind(inside, { ...options, address: '0.0.0.0' }, false)
    throw error
  }
  let socket: Socket
  try {
    socket = createSocket(socketOptions(inside, options))
  } catch (error) {
    closeSync(fd)
    throw inWords(error)
  }
  try {
    socket.bind({ fd, exclusive: true })
    if (!reuseAddr) refuseReuse(fd)
    return socket
  } catch (error) {
    // The descriptor is the socket's by now.
    socket.close()
    throw inWords(error)
  }
}

function socketOptions(inside: Inside, options: Bound): SocketOptions {
  const { address, ipv6Only = false, recvBufferSize, sendBufferSize } = options
  const type = typeOf(address)
  const mapped = type === 'udp6' && !ipv6Only && (address === '::' || address.toLowerCase().startsWith('::ffff:'))
  return {
    type,
    lookup: lookupFor(inside, type === 'udp4' ? 4 : mapped ? 0 : 6),
    ...(recvBufferSize === undefined ? {} : { recvBufferSize }),
    ...(sendBufferSize === undefined ? {} : { sendBufferSize }),
  }
}

/**
 * How the socket finds whom it is to send to: names as the sandbox knows them.
 *
 * @param family - 0: a socket of IPv6 that sends by IPv4, too, to addresses in IPv6's form.
 */
function lookupFor(inside: Inside, family: 0 | 4 | 6): NonNullable<SocketOptions['lookup']> {
  return (host, _options, answer) => {
    const give = (address: string) => {
      const written = family === 0 && isIP(address) === 4 ? `::ffff:${address}` : address
      if (!written.includes('%')) return answer(null, written, isIP(written))
      let isTold = false
      try {
        // The zone is an interface of the sandbox's.
        inside.enter(() => {
          isTold = true
          answer(null, written, isIP(written))
        })
      } catch (error) {
        // The sandbox was removed: who sends hears of it as of other addresses, and nobody else does.
        if (isTold) throw error
        answer(error as NodeJS.ErrnoException, '', 0)
      }
    }
    if (isIP(host) !== 0) return give(host)
    lookup(inside, host, family, NEVER).then(
      ([address = '']) => give(address),
      (error: Error) => answer(error as NodeJS.ErrnoException, '', 0),
    )
  }
}

function closeWith(socket: Socket, signal: AbortSignal): void {
  let open = true
  const forget = whenAborted(signal, () => open && socket.close())
  socket.once('close', () => {
    open = false
    forget()
  })
}
