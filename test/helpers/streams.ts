import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import type { ExecutionContext } from 'ava'
import { openUdp } from './traffic.js'
import { eventually, type Place } from './world.js'

/** Traffic that goes on while something is done, and says at its end what of it was lost. */

/** Milliseconds between two datagrams. */
const STEP = 1

/** Sends numbers by TCP to who echoes them, from its making until {@link end}. */
export class TcpStream {
  readonly #client
  #sent = 0
  #heard = ''
  readonly #timer: NodeJS.Timeout

  /** @param to - `192.0.2.1:8080` */
  constructor(t: ExecutionContext, from: Place, to: string) {
    this.#client = spawn('nsenter', [`--net=${from.path}`, 'socat', '-', `TCP:${to}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#client.stdin.on('error', () => undefined)
    this.#client.stdout.setEncoding('utf8').on('data', (data: string) => (this.#heard += data))
    this.#timer = setInterval(() => this.#client.stdin.write(`${this.#sent++}\n`), STEP)
    t.teardown(() => {
      clearInterval(this.#timer)
      this.#client.kill()
    })
  }

  /** Resolves when so many have come back since it began. */
  heard = (count: number): Promise<boolean> => eventually(() => this.#heard.split('\n').length > count)

  /** @returns Whether all came back, in their order; and how many there were. */
  async end(): Promise<{ whole: boolean; count: number }> {
    clearInterval(this.#timer)
    const all = Array.from({ length: this.#sent }, (_, number) => `${number}\n`).join('')
    return { whole: await eventually(() => this.#heard === all), count: this.#sent }
  }
}

/** The same by UDP, from one port. @returns What ends it, and says which numbers did not come back. */
export function udpStream(t: ExecutionContext, from: Place, host: string, port: number): () => Promise<number[]> {
  const socket = openUdp(t, from)
  const missing = new Set<number>()
  let sent = 0
  socket.on('message', (message) => missing.delete(Number(String(message))))
  const timer = setInterval(() => {
    missing.add(sent)
    socket.send(String(sent++), port, host)
  }, STEP)
  t.teardown(() => clearInterval(timer))
  return async () => {
    clearInterval(timer)
    await eventually(() => missing.size === 0, 1000)
    return [...missing]
  }
}

/**
 * ping(8) of another process. @param pace - Default: as quickly as answers come, and every 10 ms. @returns What ends
 * it: packets sent, and answers. One that was on its way at the end counts as neither.
 */
export function pingFlood(
  t: ExecutionContext,
  from: Place,
  to: string,
  pace: readonly string[] = [],
): () => Promise<{ sent: number; answered: number }> {
  const child = spawn('nsenter', [`--net=${from.path}`, 'ping', '-f', ...pace, to], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const said = text(child.stdout)
  t.teardown(() => child.kill('SIGKILL'))
  return async () => {
    const exit = once(child, 'exit')
    child.kill('SIGINT')
    await exit
    return countFlood(await said)
  }
}

/** A flood prints a dot for each packet that it sends, and takes one back for each answer. */
function countFlood(said: string): { sent: number; answered: number } {
  const marks = said.split('\n')[1] ?? ''
  const isOneOnItsWay = marks === '.' || marks.endsWith('\b.')
  return {
    sent: marks.split('.').length - (isOneOnItsWay ? 2 : 1),
    answered: marks.split('\b \b').length - 1,
  }
}
