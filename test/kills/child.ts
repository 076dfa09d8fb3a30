import { openSync, readFileSync, writeSync } from 'node:fs'
import { Slipway, type OpenOptions } from 'slipway'
import { calls, type CallName } from './calls.js'
import { live, type Life } from './random-life.js'

/**
 * A process that is to be killed: `child.js`, preloaded with kill-before.cc. It waits for its order on standard input,
 * so that it can be started ahead of need.
 */

export interface Order {
  open: OpenOptions
  /** What it does: nothing but to open the host, where there is neither. */
  call?: { name: CallName; prefix: string }
  life?: Life
  /** Before which of its calls of the kernel it is killed, counted from open() or from what it does then. */
  before: number
  from: 'open' | 'call'
}

const order = JSON.parse(readFileSync(0, 'utf8')) as Order

/** @param number - Calls are counted from here on, to so many; 0: no longer. */
function count(number: number): void {
  try {
    openSync(`/slipway-kill-before/${number}`, 'r')
  } catch {
    // There is no such file.
  }
}

/** Written at once: what was said before a kill has been said. */
const say = (what: string) => void writeSync(1, `${what}\n`)

const call = order.call && calls[order.call.name]
if (order.from === 'open') count(order.before)
const slipway = await Slipway.open({ ...order.open, ...call?.open })
if (order.from === 'call') {
  await call?.prepare?.(slipway)
  say('open')
  count(order.before)
}
if (order.life) await live(slipway, order.life)
if (order.call && order.from === 'call') await call?.act(slipway, (name) => `${order.call?.prefix}-${name}`)
say('done')
await slipway.close({ wait: true })
count(0)
say('closed')
