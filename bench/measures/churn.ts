import { readdirSync, readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { atOnce, timed, type Bringer } from '../arms/arm.js'
import { hostLinks, linksDownTo } from '../host-links.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** So many live at a time. */
const ALIVE = 8
/** Numbers are used again, so that ports do not run out. */
const NUMBERS = 2000
/** Before the first look at what there is: pools, caches and the heap have grown by then. */
const REHEARSALS = 100

/** Endpoints that come and go for `seconds`: how fast, and whether anything is left of them. */
export async function churn(arm: Bringer, { warmUp, seconds = 10 }: TrialSpec): Promise<TrialResult> {
  const total: number[] = []
  const removed: number[] = []
  let next = 0
  const comeAndGo = async () => {
    const n = warmUp + (next++ % NUMBERS)
    total.push(await timed(() => arm.create(n)))
    removed.push(await timed(() => arm.remove(n)))
  }
  const links = hostLinks()
  const rest = async () => {
    await arm.settle?.()
    await linksDownTo(links)
  }
  await atOnce(REHEARSALS, ALIVE, comeAndGo)
  await rest()
  total.length = removed.length = 0
  const start = holdings()
  const began = performance.now()
  const end = began + seconds * 1000
  const worker = async () => {
    while (performance.now() < end) await comeAndGo()
  }
  await Promise.all(Array.from({ length: ALIVE }, worker))
  const took = (performance.now() - began) / 1000
  await rest()
  const last = holdings()
  const numbers = {
    count: total.length,
    perSecond: total.length / took,
    linksStart: start.links,
    linksEnd: last.links,
    descriptorsStart: start.descriptors,
    descriptorsEnd: last.descriptors,
    rssStartBytes: start.rss,
    rssEndBytes: last.rss,
  }
  return { total, phases: {}, series: { removed }, numbers }
}

const holdings = () => ({
  links: hostLinks(),
  descriptors: readdirSync('/proc/self/fd').length,
  rss: Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024,
})
