import { queueMicrotask } from '../base/timers.js'
import { closeSync } from 'node:fs'
import type { Server } from 'node:net'
import { callChecks, type CallOptions } from '../base/call.js'
import { isIPv6 } from '../base/addresses/is-address.js'
import { checkOptions, checks, type Check } from '../base/checks.js'
import { invalid, show, SlipwayError } from '../base/errors.js'
import { inWords } from '../base/shortage.js'
import type { Inside } from './inside.js'
import { addressIn } from './names/lookup.js'
import { lacksIpv6, openInside } from './open-socket.js'
import { checkPort, whenAborted, withPatience } from './patience.js'
import { nameZonesOf } from './zones.js'

/** Where a server listens in a sandbox. */
export interface ListenOptions extends CallOptions {
  /** Default: 0, a free one, which `server.address()` tells. */
  port?: number
  /** An address of the sandbox, or a name of one as the sandbox knows it. Default: all, of IPv4 and IPv6. */
  host?: string
  /** Of the host `::`: not IPv4 as well. Default: false. */
  ipv6Only?: boolean
  /** Connections that may wait to be accepted. Default: 511, as in Node.js. */
  backlog?: number
}

/** CommonJS, as it is loaded so. */
type Cluster = typeof import('node:cluster').default

const MOST_BACKLOG = 2 ** 31 - 1

const CHECKS: Record<keyof ListenOptions, Check> = {
  port: () => undefined,
  host: checks.text,
  ipv6Only: checks.flag,
  backlog: (value) =>
    Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_BACKLOG
      ? undefined
      : 'a number of connections',
  ...callChecks,
}

/** As Node.js has it. */
const BACKLOG = 511

export async function listen<S extends Server>(inside: Inside, server: S, options: ListenOptions): Promise<S> {
  checkServer(server)
  checkOptions('listen', options, CHECKS)
  const { port = 0, host, ipv6Only = false, backlog = BACKLOG, ...patience } = options
  checkPort('listen', port, 0)
  checkIdle(server)
  return withPatience(`The server has not begun to listen in the sandbox ${inside.name}`, patience, async (ended) => {
    const address = host === undefined ? undefined : await addressIn(inside, host, ended)
    // It may have been given elsewhere meanwhile.
    checkIdle(server)
    const fd = openListening(inside, { port, address, ipv6Only, backlog })
    await adopt(server, fd, backlog, ended)
    nameZonesOf(inside, server)
    // As Node.js does with a server's signal.
    if (patience.signal) closeWith(server, patience.signal)
    return server
  })
}

function checkServer(server: unknown): asserts server is Server {
  const { Server } = process.getBuiltinModule('node:net')
  if (server instanceof Server) return
  throw invalid(
    `listen takes a server of node:net, http, https, http2 or tls, and got ${show(server)}. Of Express it is http.createServer(app), of Fastify app.server.`,
  )
}

function checkIdle(server: Server): void {
  if (server.listening) throw invalid('listen: the server listens already. Close it first, or make another one.')
  const cluster = process.send && (process.getBuiltinModule('node:cluster') as unknown as Cluster)
  if (cluster?.isWorker)
    throw new SlipwayError(
      'UNSUPPORTED',
      'A worker of node:cluster asks its primary process for what it listens on, and that one listens on the host. Call listen in the primary process, or in a process that is no worker.',
    )
}

interface Wanted {
  port: number
  address: string | undefined
  ipv6Only: boolean
  backlog: number
}

/** It listens when it is returned: what is refused is known before the server has to do with it. */
function openListening(inside: Inside, { port, address = '::', ...wanted }: Wanted): number {
  const { ipv6Only, backlog } = wanted
  try {
    return openInside(inside, { ipv6: isIPv6(address), address, port, ipv6Only, backlog, reuseAddress: true })
  } catch (error) {
    if (address !== '::' || ipv6Only || !lacksIpv6(error)) throw error
    return openListening(inside, { port, address: '0.0.0.0', ...wanted })
  }
}

function adopt(server: Server, fd: number, backlog: number, ended: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: unknown) => {
      server.off('listening', onListening)
      server.off('error', onError)
      forget()
      if (error === undefined) return resolve()
      server.close()
      reject(error)
    }
    const onListening = () => settle()
    const onError = (error: unknown) => settle(inWords(error))
    const forget = whenAborted(ended, () => queueMicrotask(() => settle(ended.reason)))
    server.on('listening', onListening)
    server.on('error', onError)
    try {
      // The backlog counts as a second argument only, which the types do not know.
      ;(server.listen as (options: { fd: number }, backlog: number) => Server).call(server, { fd }, backlog)
    } catch (error) {
      closeSync(fd)
      settle(error)
    }
  })
}

function closeWith(server: Server, signal: AbortSignal): void {
  const forget = whenAborted(signal, () => server.close())
  server.once('close', forget)
}
