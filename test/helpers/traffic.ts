import { createSocket, type Socket } from 'node:dgram'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { ExecutionContext } from 'ava'
import { enter } from '#lib/kernel/native.js'
import { runIn, type Place } from './world.js'

/**
 * Real servers and clients. Each server answers with the address that it saw its client come from, so that a test
 * sees both whether a connection succeeds and under which address.
 */

export const NO_ANSWER = 'no answer'
export const REFUSED = 'refused'

/** Seconds that a client waits for an answer that should come, on a busy machine too; and for one that should not. */
const PATIENCE = 10
const DOUBT = 0.5
const patience = (expected: string | undefined) => (expected === NO_ANSWER ? DOUBT : PATIENCE)

/** An HTTP server in a place. */
export function serveTcp(t: ExecutionContext, place: Place, port: number): void {
  const server = createServer((request, response) => {
    response.setHeader('connection', 'close')
    response.end(request.socket.remoteAddress?.replace('::ffff:', ''))
  })
  enter(place.path, () => server.listen(port))
  t.teardown(() => server.close())
}

/** A UDP server in a place, on all of its addresses or on one. */
export function serveUdp(t: ExecutionContext, place: Place, port: number, family: 4 | 6 = 4): void {
  const socket = openUdp(t, place, port, family)
  socket.on('message', (_message, client) => socket.send(client.address, client.port, client.address))
}

/** A UDP server in a place that says everything again. */
export function echoUdp(t: ExecutionContext, place: Place, port: number): void {
  const socket = openUdp(t, place, port)
  socket.on('message', (message, client) => socket.send(message, client.port, client.address))
}

export function serve(t: ExecutionContext, place: Place, port: number): void {
  serveTcp(t, place, port)
  serveUdp(t, place, port)
}

export interface FetchOptions {
  /** What should come of it: nobody waits long for what should not be. */
  expected?: string
  /** Address that the client sends from. */
  from?: string
}

/** Fetches a page, and returns it (the client's address, as the server saw it) or why it did not come. */
export async function fetchFrom(place: Place, url: string, { expected, from }: FetchOptions = {}): Promise<string> {
  const options = ['--max-time', String(patience(expected)), ...(from ? ['--interface', from] : [])]
  const { code, stdout } = await runIn(place, 'curl', '-s', ...options, url)
  switch (code) {
    case 0:
      return stdout
    case 7: // CURLE_COULDNT_CONNECT
      return REFUSED
    case 28: // CURLE_OPERATION_TIMEDOUT
      return NO_ANSWER
    default:
      throw new Error(`curl ${url} in ${place.name} ended with status ${code}`)
  }
}

/** A UDP socket in a place: a client that stays the same from one question to the next. */
export function openUdp(t: ExecutionContext, place: Place, port = 0, family: 4 | 6 = 4, address?: string): Socket {
  // A lookup that answers at once: with Node's own, the socket would come about later and elsewhere.
  const lookup = (name: string, _options: unknown, answer: (error: null, address: string, family: number) => void) =>
    answer(null, name, family)
  const socket = createSocket({ type: `udp${family}`, ipv6Only: family === 6, lookup })
  enter(place.path, () => socket.bind(port, address))
  t.teardown(() => socket.close())
  return socket
}

/** Sends a datagram, and returns the answer to it, if any comes. */
export async function ask(socket: Socket, address: string, port: number, expected?: string): Promise<string> {
  const answer = once(socket, 'message', { signal: AbortSignal.timeout(patience(expected) * 1000) })
  socket.send('who am I?', port, address)
  try {
    return String((await answer)[0])
  } catch (error) {
    if ((error as Error).name === 'AbortError') return NO_ANSWER
    throw error
  }
}

export const portOf = (socket: Socket): number => socket.address().port

/**
 * One line of a table of who reaches what: from where, to what (`192.0.2.1:8080`, `[fd00::1]:8080`), and what comes of
 * it. A place may have an address that it is to send from.
 */
export type Row = readonly [from: Place & { address?: string | undefined }, to: string, outcome: string]

/** Tries every line of a table, by HTTP or UDP. */
export async function reaches(t: ExecutionContext, protocol: 'tcp' | 'udp', rows: readonly Row[]): Promise<void> {
  const print = ([from, to, outcome]: Row) => `${protocol} from ${from.name} to ${to}: ${outcome}`
  const found = await Promise.all(
    rows.map(async ([from, to, expected]): Promise<Row> => {
      const [, address = '', port] = /^\[?(.*?)\]?:(\d+)$/.exec(to) ?? []
      const family = address.includes(':') ? 6 : 4
      const options = { expected, ...(from.address === undefined ? {} : { from: from.address }) }
      const answer =
        protocol === 'tcp'
          ? fetchFrom(from, `http://${to}/`, options)
          : ask(openUdp(t, from, 0, family, from.address), address, Number(port), expected)
      return [from, to, await answer]
    }),
  )
  t.deepEqual(found.map(print), rows.map(print))
}
