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
interface Turn {
  ended: number
  took: number
  /** Of it, how long the thread could have run and another had its CPU. */
  waited: number
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
    if (took > 0.02) this.#turns.push({ ended, took, waited: this.#schedule.waited() })
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
      },
    }
  }
}

/** What is left of a turn without others on the CPU or the collector at work. Both at once count once: the longer. */
function ownTime({ ended, took, waited }: Turn, collections: readonly PerformanceEntry[]): number {
  let collected = 0
  for (const { startTime, duration } of collections) {
    if (startTime >= ended - took && startTime < ended) collected += duration
  }
  return Math.max(0, took - Math.max(waited, collected))
}

/** What the scheduler says of the main thread (Documentation/scheduler/sched-stats.rst). */
class Schedule {
  readonly #file = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r')
  readonly #buffer = Buffer.alloc(128)
  #before = this.#read()

  /** Milliseconds since the last call in which the thread could have run and another had the CPU. */
  waited(): number {
    const now = this.#read()
    const waited = (now - this.#before) / 1e6
    this.#before = now
    return waited
  }

  #read(): number {
    const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0)
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[1])
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
