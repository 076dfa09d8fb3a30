import { callChecks, LONGEST_TIMER, type CallOptions } from '../base/call.js'
import { checkOptions, type Check } from '../base/checks.js'
import { isIP, isIPv6 } from '../base/addresses/is-address.js'
import { SlipwayError } from '../base/errors.js'
import { clearTimeout, setTimeout } from '../base/timers.js'
import type { Listener } from '../kernel/native.js'
import type { Inside } from './inside.js'
import { checkPort, whenAborted, withPatience } from './patience.js'

/** What is waited for. */
export interface WaitForPortOptions extends CallOptions {
  /** `tcp`: a socket that listens. `udp`: one that is bound, and connected to nobody. Default: `tcp`. */
  protocol?: 'tcp' | 'udp'
  /** An address on which it is to be reached. Default: any, those of loopback among them. */
  host?: string
  /** Milliseconds between two looks. Default: 20. */
  interval?: number
}

const INTERVAL_MS = 20

const CHECKS: Record<keyof WaitForPortOptions, Check> = {
  protocol: (value) => (value === 'tcp' || value === 'udp' ? undefined : '"tcp" or "udp"'),
  host: (value) =>
    typeof value === 'string' && isIP(value) !== 0 && !value.includes('%')
      ? undefined
      : "an address of the sandbox, as in '127.0.0.1'",
  interval: (value) =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) <= LONGEST_TIMER
      ? undefined
      : `a number of milliseconds, more than 0 and at most ${LONGEST_TIMER}`,
  ...callChecks,
}

export async function waitForPort(inside: Inside, port: number, options: WaitForPortOptions): Promise<void> {
  checkOptions('waitForPort', options, CHECKS)
  checkPort('waitForPort', port, 1)
  const { protocol = 'tcp', host, interval = INTERVAL_MS } = options
  const at = `${protocol} port ${port}${host === undefined ? '' : ` of ${host}`} of the sandbox ${inside.name}`
  await withPatience(`Nothing has listened on ${at}`, options, async (ended) => {
    for (;;) {
      const listeners = await inside.listeners(protocol, port)
      ended.throwIfAborted()
      if (!listeners)
        throw new SlipwayError(
          'UNSUPPORTED',
          'This kernel does not tell which ports are listened on (sock_diag). Load the modules tcp_diag and udp_diag, or run a kernel with CONFIG_INET_DIAG.',
        )
      if (listeners.some((one) => host === undefined || takes(one, host))) return
      await pause(interval, ended)
    }
  })
}

/** Whether what is sent to an address comes to a socket. */
function takes({ address, ipv6Only }: Listener, host: string): boolean {
  if (isIPv6(host)) return address === '::' || address === canonicalOf(host)
  return address === '0.0.0.0' || address === host || address === `::ffff:${host}` || (address === '::' && !ipv6Only)
}

/** As the kernel's are printed. */
const canonicalOf = (address: string): string => new URL(`http://[${address}]`).hostname.slice(1, -1)

/** Rejects with the signal's reason. */
function pause(milliseconds: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      forget()
      resolve()
    }, milliseconds)
    const forget = whenAborted(ended, () => {
      clearTimeout(timer)
      reject(ended.reason as Error)
    })
  })
}
