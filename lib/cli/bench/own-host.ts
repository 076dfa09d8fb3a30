import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { join } from 'node:path'
import { requireCapabilities } from '../../kernel/capabilities.js'
import type { Measured, Message, Part } from './messages.js'

// This module is in a file of dist/cli/.
const MEASURE = join(import.meta.dirname, '../bench/measure.js')

// A network namespace, and a mount namespace whose /run nobody else sees: the kernel takes both down with the last
// process in them, however that ends.
const OWN_NAMESPACES = [
  'unshare',
  '--net',
  '--mount',
  '--propagation',
  'private',
  'sh',
  '-euc',
  'mount -t tmpfs -o mode=0755 slipway /run; exec "$@"',
  'sh',
]

const STOPPING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const satisfies NodeJS.Signals[]

/** The process that measures did not come to its end. */
export class NotMeasured extends Error {
  /**
   * @param said - Its last words, as lines.
   * @param signal - What stopped it, when somebody asked for that.
   */
  constructor(
    readonly said: string,
    readonly signal: NodeJS.Signals | undefined,
  ) {
    super()
  }
}

/**
 * Measures on a host of its own: nothing of this machine's is touched, and nothing stays.
 *
 * @throws {NotMeasured}
 * @throws {SlipwayError} `PERMISSION`
 */
export async function measureOnOwnHost(
  count: number,
  progress: (doing: Part, done: number) => void,
): Promise<Measured> {
  requireCapabilities()
  const [program = '', ...args] = [...OWN_NAMESPACES, process.execPath, MEASURE, String(count)]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  let measured: Measured | undefined
  child.on('message', (message: Message) => {
    if ('measured' in message) measured = message.measured
    else progress(message.doing, message.done)
  })
  const { said, signal } = await ended(child)
  if (!measured) throw new NotMeasured(said, signal)
  return measured
}

/** A signal that is meant for us stops the child first: it has nothing to clean up that the kernel does not. */
async function ended(child: ChildProcess): Promise<{ said: string; signal: NodeJS.Signals | undefined }> {
  let stopped: NodeJS.Signals | undefined
  const stop = (signal: NodeJS.Signals) => {
    stopped = signal
    child.kill('SIGKILL')
  }
  for (const signal of STOPPING) process.on(signal, stop)
  try {
    const [said] = await Promise.all([child.stderr ? text(child.stderr) : '', once(child, 'close')])
    // Ctrl-C reaches the child as well, and its end may be heard of first.
    return { said, signal: stopped ?? STOPPING.find((signal) => signal === child.signalCode) }
  } finally {
    for (const signal of STOPPING) process.off(signal, stop)
  }
}
