import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Slipway } from '../../api/slipway.js'
import { now } from '../../base/timers.js'
import { CODES, failureOf } from './cni-error.js'
import { readEnvironment, type CniEnvironment } from './environment.js'
import { perform, readCall, type CniCall } from './plugin.js'
import { readRequest } from './request.js'

/** A call that is wrong in itself is not right another time. */
const WRONG: readonly number[] = [
  CODES.INCOMPATIBLE_VERSION,
  CODES.ENVIRONMENT,
  CODES.UNREADABLE,
  CODES.INVALID_CONFIGURATION,
]
/** What was refused is tried again so many milliseconds later, and not with each call. */
const AGAIN_MS = 60_000

/** A deletion that was refused. */
interface Refused {
  at: number
  /** Whose it is. */
  attachment: string
}

interface Queue {
  working: Promise<void> | undefined
  /** By name of the file. */
  refused: Map<string, Refused>
}

const queues = new WeakMap<Slipway, Queue>()

const attachmentOf = ({ containerId, ifname }: CniEnvironment): string => `${containerId} ${ifname}`

/**
 * Does what a runtime asks for, after what was put aside. What is put aside of an attachment that is made anew is
 * void.
 *
 * @throws As {@link perform}.
 */
export async function performInTurn(slipway: Slipway, call: CniCall, resident: boolean): Promise<object | undefined> {
  const attachment = attachmentOf(call.environment)
  await doQueued(slipway, attachment)
  const answer = await perform(slipway, call, resident)
  if (call.environment.command === 'ADD')
    for (const [name, one] of queueOf(slipway).refused) if (one.attachment === attachment) discard(slipway, name)
  return answer
}

/**
 * Does what the plugin's program has put aside while nobody could do it: deletions, a file each. What is refused stays
 * for another time. The folder is root's alone, so plugins may be run that such a call names.
 *
 * @param meant - An attachment of which all is tried again.
 */
export function doQueued(slipway: Slipway, meant?: string): Promise<void> {
  const queue = queueOf(slipway)
  if (queue.working) return queue.working
  const names = list(slipway.queueFolder).filter((name) => {
    const before = queue.refused.get(name)
    return before === undefined || before.attachment === meant || now() - before.at >= AGAIN_MS
  })
  if (names.length === 0) return Promise.resolve()
  return (queue.working = doAll(slipway, names).finally(() => (queue.working = undefined)))
}

function queueOf(slipway: Slipway): Queue {
  const there = queues.get(slipway) ?? { working: undefined, refused: new Map<string, Refused>() }
  queues.set(slipway, there)
  return there
}

async function doAll(slipway: Slipway, names: readonly string[]): Promise<void> {
  for (const name of names) {
    let attachment = ''
    try {
      const { variables, input } = readRequest(readFileSync(join(slipway.queueFolder, name)))
      const environment = readEnvironment(variables)
      attachment = attachmentOf(environment)
      if (environment.command === 'DEL') await perform(slipway, readCall(environment, variables, input), true)
    } catch (error) {
      if (!WRONG.includes(failureOf(error).code)) {
        queueOf(slipway).refused.set(name, { at: now(), attachment })
        continue
      }
    }
    discard(slipway, name)
  }
}

function discard(slipway: Slipway, name: string): void {
  queueOf(slipway).refused.delete(name)
  rmSync(join(slipway.queueFolder, name), { force: true })
}

/** Files that begin with a point are being written. */
function list(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith('.'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
