import type { Socket } from 'node:net'
import { SlipwayError } from '../base/errors.js'
import { lacksIpv6 } from './open-socket.js'
import { clearTimeout, queueMicrotask, setTimeout } from '../base/timers.js'
import { whenAborted } from './patience.js'

/**
 * Connects to the first of some addresses that answers (RFC 8305): the next is tried when one has failed, or has not
 * answered for as long as Node.js gives it (`net.getDefaultAutoSelectFamilyAttemptTimeout()`), and the former goes on.
 *
 * @param begin - A socket that is being connected.
 * @throws Why the only address was refused, or an AggregateError of all.
 */
export function raceAddresses(
  addresses: readonly string[],
  begin: (address: string) => Socket,
  ended: AbortSignal,
): Promise<Socket> {
  const { getDefaultAutoSelectFamilyAttemptTimeout } = process.getBuiltinModule('node:net')
  return new Promise((resolve, reject) => {
    const waiting = [...addresses]
    const open = new Set<Socket>()
    const failures: unknown[] = []
    let timer: ReturnType<typeof setTimeout> | undefined
    let settled = false

    const settle = (act: () => void) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      forget()
      for (const socket of open) socket.destroy()
      act()
    }
    const fail = (error: unknown) => {
      failures.push(error)
      // Of the sandbox or this process, and not of an address. Only a sandbox without IPv6 has none for some addresses.
      if (error instanceof SlipwayError && !lacksIpv6(error)) return settle(() => reject(error))
      next()
    }
    const next = () => {
      clearTimeout(timer)
      if (settled) return
      const address = waiting.shift()
      if (address !== undefined) return attempt(address)
      if (open.size === 0) settle(() => reject(failures.length === 1 ? failures[0] : together(failures)))
    }
    const attempt = (address: string) => {
      let socket: Socket
      try {
        socket = begin(address)
      } catch (error) {
        return fail(error)
      }
      open.add(socket)
      const onError = (error: Error) => {
        if (open.delete(socket)) fail(error)
      }
      socket.on('error', onError)
      socket.once('connect', () => {
        if (settled) return
        open.delete(socket)
        socket.off('error', onError)
        settle(() => resolve(socket))
      })
      if (waiting.length > 0) timer = setTimeout(next, getDefaultAutoSelectFamilyAttemptTimeout())
    }

    const forget = whenAborted(ended, () => queueMicrotask(() => settle(() => reject(ended.reason))))
    next()
  })
}

/** As Node.js has it: with the code of the first. */
const together = (failures: readonly unknown[]): AggregateError =>
  Object.assign(new AggregateError(failures, failures.map((failure) => (failure as Error).message).join('; ')), {
    code: (failures[0] as NodeJS.ErrnoException | undefined)?.code,
  })
