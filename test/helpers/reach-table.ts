import type { ExecutionContext } from 'ava'
import { attemptFrom, type Attempt } from './attempts.js'
import type { Addresses } from './dual-stack.js'
import { NO_ANSWER, REFUSED, serveTcp, serveUdp } from './traffic.js'
import type { Place } from './world.js'

/**
 * Tables of who reaches what: a line for each sender, a column for each target. A cell says whom the server sees,
 * `refused`, `-` where no answer comes, or `.` for what is not tried. Columns and lines stand two spaces apart:
 *
 *     from  host:8080  app:80
 *     host  host       gateway
 */

/**
 * Who takes part: where it is, and its addresses. One that sends from it does not leave the choice of its address to
 * the kernel.
 */
export type Cast = Record<string, { place: Place; at: Addresses; sendsFrom?: boolean }>

interface Cell extends Attempt {
  sender: string
  target: string
  expected: string
}

/** Tries every cell by TCP and UDP, over IPv4 and IPv6 (where the target is an address, over its own). */
export async function holds(t: ExecutionContext, cast: Cast, ...tables: string[]): Promise<void> {
  const cells = tables.flatMap((table) => readTable(cast, table))
  const senders = [...new Set(cells.map(({ sender }) => sender))]
  const wrong = await Promise.all(
    senders.map(async (sender) => {
      const own = cells.filter((cell) => cell.sender === sender)
      const outcomes = await attemptFrom(member(cast, sender).place, own)
      return own.flatMap((cell, index) =>
        outcomes[index] === cell.expected
          ? []
          : [`${print(cell)} should be ${cell.expected}, and is ${outcomes[index]}`],
      )
    }),
  )
  t.deepEqual(wrong.flat(), [])
}

const print = ({ protocol, address, sender, target }: Cell) =>
  `${protocol} over IPv${address.includes(':') ? 6 : 4} from ${sender} to ${target}`

function readTable(cast: Cast, table: string): Cell[] {
  const [[, ...targets] = [], ...lines] = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/))
  return lines.flatMap(([sender = '', ...outcomes]) => {
    if (outcomes.length !== targets.length)
      throw new Error(`"${sender}" has ${outcomes.length} cells for ${targets.length} targets`)
    return targets.flatMap((target, index) => readCell(cast, sender, target, outcomes[index] ?? ''))
  })
}

function readCell(cast: Cast, sender: string, target: string, outcome: string): Cell[] {
  if (outcome === '.') return []
  const [, whom = '', port] = /^(.*):(\d+)$/.exec(target) ?? []
  const families = ([4, 6] as const).filter((family) => whom in cast || whom.includes(':') === (family === 6))
  const { at, sendsFrom } = member(cast, sender)
  return families.flatMap((family) =>
    (['tcp', 'udp'] as const).map((protocol): Cell => {
      // UDP has no refusal that this client would see.
      const none = outcome === '-' || (outcome === REFUSED && protocol === 'udp')
      const expected = none ? NO_ANSWER : outcome === REFUSED ? REFUSED : member(cast, outcome).at[family]
      const address = cast[whom]?.at[family] ?? whom
      return {
        sender,
        target,
        expected,
        protocol,
        address,
        port: Number(port),
        answers: !none,
        ...(sendsFrom ? { from: at[family] } : {}),
      }
    }),
  )
}

function member(cast: Cast, name: string): Cast[string] & object {
  const found = cast[name]
  if (!found) throw new Error(`nobody is called "${name}"`)
  return found
}

/** Serves a port by TCP and UDP, over IPv4 and IPv6. */
export function serveBoth(t: ExecutionContext, place: Place, port: number): void {
  serveTcp(t, place, port)
  serveUdp(t, place, port, 4)
  serveUdp(t, place, port, 6)
}
