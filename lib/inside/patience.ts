import { invalid, show, SlipwayError } from '../base/errors.js'
import { onAbort, type CallOptions } from '../base/call.js'
import { clearTimeout, setTimeout } from '../base/timers.js'

/** What a timer of Node.js can count to. */
const LONGEST = 2 ** 31 - 1

/** @throws {SlipwayError} `INVALID_ARGUMENT` */
export function checkPort(what: string, port: unknown, least: 0 | 1): asserts port is number {
  if (!Number.isInteger(port) || Number(port) < least || Number(port) > 65535)
    throw invalid(`${what}: port must be a number from ${least} to 65535, and is ${show(port)}.`)
}

/**
 * Does something that has an end: the caller's, or that of the time.
 *
 * @param late - What is said when the time is up, without the time: `Nothing has listened on port 80`.
 * @param work - Is given a signal, and rejects with its reason once it is aborted.
 */
export async function withPatience<T>(
  late: string,
  { signal, timeout }: CallOptions,
  work: (ended: AbortSignal) => Promise<T>,
): Promise<T> {
  const ending = new AbortController()
  const follow = () => ending.abort(signal?.reason)
  if (signal?.aborted) throw signal.reason
  const forget = signal && onAbort(signal, follow)
  // Not unref'd: it also keeps the process while a nameserver is asked, whose sockets do not.
  const timer = setTimeout(() => timeout !== undefined && ending.abort(tooLong(late, timeout)), timeout ?? LONGEST)
  try {
    return await work(ending.signal)
  } finally {
    clearTimeout(timer)
    forget?.()
  }
}

const tooLong = (late: string, timeout: number): SlipwayError =>
  new SlipwayError('TIMEOUT', `${late} within ${timeout} ms (timeout).`)

/** Calls back when it is aborted, which may be now. @returns What takes the call back. */
export function whenAborted(signal: AbortSignal, act: () => void): () => void {
  if (!signal.aborted) return onAbort(signal, act)
  act()
  return () => undefined
}
