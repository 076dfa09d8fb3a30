import { spawn, type ChildProcess } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { PATIENCE, type Place } from './world.js'

/**
 * Numbers that are sent to who echoes them, by programs that do nothing else: what this process does holds up none of
 * them, and what does not come back was lost on the way.
 */

export type Protocol = 'tcp' | 'udp'

/** Of datagrams, so many are sent each millisecond. */
const BURST = 4
/** Milliseconds for the last answers. */
const REST = 2000 * PATIENCE

/** What became of them: the numbers that have not come back. */
export interface Flown {
  sent: number
  missing: number[]
}

/** An echo in a place, on all of its IPv4 addresses. */
export async function echoFor(t: ExecutionContext, place: Place, protocol: Protocol, port: number): Promise<void> {
  await begun(start(t, place, ['echo', protocol, '0.0.0.0', String(port)]))
}

/** Numbers from a place, from now on. @returns What ends them. */
export async function flow(
  t: ExecutionContext,
  from: Place,
  protocol: Protocol,
  host: string,
  port: number,
): Promise<() => Promise<Flown>> {
  const child = start(t, from, ['flow', protocol, host, String(port)])
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  await once(lines, 'line')
  return async () => {
    const last = once(lines, 'line') as Promise<[string]>
    child.stdin?.end()
    return JSON.parse((await last)[0]) as Flown
  }
}

function start(t: ExecutionContext, place: Place, args: string[]): ChildProcess {
  const program = [process.execPath, fileURLToPath(import.meta.url), ...args]
  const child = spawn('nsenter', [`--net=${place.path}`, ...program], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

const begun = (child: ChildProcess): Promise<unknown> => once(child.stdout as NodeJS.ReadableStream, 'data')

const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`)

const programs: Record<string, (host: string, port: number) => void> = {
  'echo udp': (host, port) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 })
    socket.on('message', (message, from) => socket.send(message, from.port, from.address))
    socket.bind(port, host, () => say('listening'))
  },
  'echo tcp': (host, port) => {
    createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket)).listen(port, host, () =>
      say('listening'),
    )
  },
  'flow udp': (host, port) => {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 })
    const missing = new Set<number>()
    let sent = 0
    let heard = false
    socket.on('message', (message) => {
      if (!heard) say('heard')
      heard = true
      missing.delete(Number(String(message)))
    })
    const timer = setInterval(() => {
      for (let one = 0; one < BURST; one++) {
        missing.add(sent)
        socket.send(String(sent++), port, host)
      }
    }, 1)
    atEnd(() => {
      clearInterval(timer)
      return { done: () => missing.size === 0, flown: () => ({ sent, missing: [...missing] }) }
    })
  },
  'flow tcp': (host, port) => {
    const socket = connect({ host, port })
    let sent = 0
    let heard = ''
    let back = 0
    socket.setEncoding('utf8').on('data', (text: string) => {
      if (back === 0) say('heard')
      const lines = (heard + text).split('\n')
      heard = lines.pop() ?? ''
      // In their order, or the rest is missing.
      for (const line of lines) if (Number(line) === back) back++
    })
    socket.on('error', () => undefined)
    const timer = setInterval(() => socket.write(`${sent++}\n`), 1)
    atEnd(() => {
      clearInterval(timer)
      const missing = () => Array.from({ length: sent - back }, (_, number) => back + number)
      return { done: () => sent === back, flown: () => ({ sent, missing: missing() }) }
    })
  },
}

/** When standard input ends, no more is sent, and a while later what is missing is said. */
function atEnd(stop: () => { done(): boolean; flown(): Flown }): void {
  process.stdin.resume().on('end', () => {
    const { done, flown } = stop()
    const began = process.hrtime.bigint()
    const look = setInterval(() => {
      if (!done() && process.hrtime.bigint() - began < BigInt(REST) * 1_000_000n) return
      clearInterval(look)
      process.stdout.write(`${JSON.stringify(flown())}\n`, () => process.exit())
    }, 10)
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [what = '', protocol = '', host = '', port = ''] = process.argv.slice(2)
  programs[`${what} ${protocol}`]?.(host, Number(port))
}
