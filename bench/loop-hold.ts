import { closeSync, openSync, readSync } from 'node:fs'
import { monitorEventLoopDelay, performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { max, percentile } from './stats.js'
import type { HoldResult } from './trial-spec.js'

/** Runs `work` and tells how long it held the event loop, beside what the machine alone does to an idle one. */
export async function watchLoop(how: 'hold' | 'delay', work: () => Promise<unknown>): Promise<HoldResult> {
  const watch = () => (how === 'hold' ? new Chain() : new Monitor())
  const collections: PerformanceEntry[] = []
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const began = performance.now()
  const done = work()
  const call = performance.now() - began
  // The rest of this turn is watched, too.
  const busy = watch()
  await done
  const took = performance.now() - began
  busy.stop()
  // Collections are told of later.
  await sleep(10)
  observer.disconnect()
  const idle = watch()
  await sleep(took)
  idle.stop()
  return {
    call: call * 1000,
    ...busy.result(collections),
    idle: idle.result([]).longest,
    collection: max([0, ...collections.map(({ duration }) => duration * 1000)]),
  }
}

/** A turn of the loop, in milliseconds. */
interface Turn extends Share {
  ended: number
  took: number
}

/** What a thread had of some time, in milliseconds. */
interface Share {
  /** It ran. */
  ran: number
  /** It could have run, and another thread had its CPU. */
  waited: number
  /** It left its CPU: it waited, or it slept. Where it did not, what it did not run is the hypervisor's. */
  left: boolean
}

/** One setImmediate after the other: the loop never sleeps, and the time between two is one turn of it. */
class Chain {
  // A turn in which nothing happens takes a microsecond or two; those are not kept.
  readonly #turns: Turn[] = []
  readonly #schedule = new Schedule()
  #last = performance.now()
  #next = setImmediate(() => this.#turn())

  #turn(): void {
    const ended = performance.now()
    const took = ended - this.#last
    if (took > 0.02) this.#turns.push({ ended, took, ...this.#schedule.share(took) })
    this.#last = performance.now()
    this.#next = setImmediate(() => this.#turn())
  }

  stop(): void {
    clearImmediate(this.#next)
    this.#schedule.close()
  }

  result(collections: readonly PerformanceEntry[]): Pick<HoldResult, 'longest' | 'turns'> {
    const own = this.#turns.map((turn) => ownTime(turn, collections) * 1000)
    return {
      longest: max([0, ...own]),
      turns: {
        p99: percentile(own, 99),
        overMillisecond: own.filter((one) => one > 1000).length,
        count: own.length,
        wall: max(this.#turns.map(({ took }) => took * 1000)),
        waited: this.#turns.reduce((sum, { waited }) => sum + waited * 1000, 0),
      },
    }
  }
}

/**
 * What is left of a turn without others on the CPU and the collector at work. A thread that sleeps is held by what it
 * waits for; in a turn with a collection those are the collector's helpers.
 */
function ownTime({ ended, took, ran, waited, left }: Turn, collections: readonly PerformanceEntry[]): number {
  let collected = 0
  for (const { startTime, duration } of collections) {
    if (startTime >= ended - took && startTime < ended) collected += duration
  }
  if (collected > 0) return Math.max(0, Math.min(ran, took - collected))
  return left ? Math.max(0, took - waited) : Math.min(ran, took)
}

/** What the scheduler says of the main thread (Documentation/scheduler/sched-stats.rst). */
class Schedule {
  readonly #file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  readonly #buffer = Buffer.alloc(128)
  #before = this.#read()
  #at = performance.now()

  /** Of the milliseconds that end now. Since the last call and before them, the thread has run. */
  share(took: number): Share {
    const between = Math.max(0, performance.now() - this.#at - took)
    const { ran, waited, times } = this.#before
    const now = this.#read()
    this.#before = now
    this.#at = performance.now()
    return { ran: (now.ran - ran) / 1e6 - between, waited: (now.waited - waited) / 1e6, left: now.times !== times }
  }

  #read(): { ran: number; waited: number; times: number } {
    // The kernel adds up what a thread has run when the thread leaves its CPU, with a tick, or when it is asked this
    // way.
    process.cpuUsage()
    const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0)
    const [ran, waited, times] = this.#buffer.toString('latin1', 0, length).split(' ').map(Number) as [
      number,
      number,
      number,
    ]
    return { ran, waited, times }
  }

  close(): void {
    closeSync(this.#file)
  }
}

/** Node's own. Its resolution is in whole milliseconds, and what it measures holds that interval, too. */
class Monitor {
  readonly #monitor = monitorEventLoopDelay({ resolution: 1 })

  constructor() {
    this.#monitor.enable()
  }

  stop(): void {
    this.#monitor.disable()
  }

  result(_: readonly PerformanceEntry[]): Pick<HoldResult, 'longest'> {
    return { longest: Math.max(0, this.#monitor.max / 1000 - 1000) }
  }
}
