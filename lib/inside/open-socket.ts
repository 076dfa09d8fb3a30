import { SlipwayError, type KernelRefusal } from '../base/errors.js'
import { explainTrouble } from '../base/trouble.js'
import { describeFailure } from '../kernel/refusal.js'
import { openSocket, type NativeFailure, type SocketRequest } from '../kernel/native.js'
import type { Inside } from './inside.js'

/** `172.20.0.2 port 80`, and what every address is called. */
export const place = (address: string, port: number): string => `${address} port ${port}`

/**
 * A socket of the sandbox's network, which stays there wherever this thread goes. Its descriptor is the caller's.
 *
 * @throws {SlipwayError} `NOT_FOUND`, and as {@link explainSocket} says.
 */
export function openInside(inside: Inside, request: SocketRequest): number {
  const { fd, failure } = inside.enter(() => openSocket(request))
  if (failure) throw explainSocket(inside, request, failure)
  return fd
}

/** Whether the sandbox has no IPv6 at all, so that IPv4 has to do. */
export const lacksIpv6 = (error: unknown): boolean =>
  error instanceof SlipwayError && ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(error.errnoName ?? '')

/** What the kernel has against a socket, in a sentence. */
export function explainSocket(inside: Inside, request: SocketRequest, failure: NativeFailure): SlipwayError {
  const { udp = false, address = '', port = 0 } = request
  const protocol = udp ? 'udp' : 'tcp'
  const operation = `${failure.syscall} ${protocol} ${place(address, port)}`
  const refusal = describeFailure(failure, operation)
  const error = (code: ConstructorParameters<typeof SlipwayError>[0], message: string) =>
    new SlipwayError(code, message, refusal)
  const where = `in the sandbox ${inside.name}`
  switch (refusal.errnoName) {
    case 'EADDRINUSE':
      return error(
        'PORT_IN_USE',
        `A program ${where} has ${protocol} port ${port} on ${address} already (ss -${udp ? 'u' : 't'}lnp, run there by slipway exec, tells which). End it, or take another port.`,
      )
    case 'EADDRNOTAVAIL':
      return error(
        'INVALID_ARGUMENT',
        `${address} is no address ${where}. sandbox.endpoints tells which it has; 0.0.0.0 and :: mean all of them.`,
      )
    case 'ENODEV':
      return error(
        'INVALID_ARGUMENT',
        `There is no interface ${address.split('%')[1]} ${where}, which ${address} names. sandbox.endpoints tells which there are.`,
      )
    case 'EACCES':
    case 'EPERM':
      return error('PERMISSION', `The kernel does not permit this process to have ${place(address, port)} ${where}.`)
    default:
      return error(...(explainTrouble(refusal) ?? ['KERNEL', otherwise(refusal, where)]))
  }
}

const otherwise = ({ operation, errnoName }: KernelRefusal, where: string): string =>
  `The kernel refused "${operation}" ${where}: ${errnoName}.`
