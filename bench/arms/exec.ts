import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { performance } from 'node:perf_hooks'
import { enter } from '#lib/native.js'
import { printPlan } from '#lib/plan/print.js'
import { CONTAINER_PORT, endpoint, endpointPlan, netnsPath } from '../endpoint.js'
import { firstByte, greeter } from '../first-byte.js'
import { needsHairpin, prepareHost } from '../prepare-host.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'
import { runFloor } from './floor.js'

/** Its endpoints are numbered from here, beyond those of the floor. */
const FIRST = 10000

/** A shell has nothing that warms up but the page cache. */
const REHEARSALS = 2

/** The plan as `sh` runs it: `ip` and `nft`, as in most container runtimes' network scripts. */
export async function exec(spec: TrialSpec): Promise<TrialResult> {
  await prepareHost()
  // The floor puts the neighbours there: they are the same, and there in no time.
  runFloor(0, Math.max(0, spec.warmUp - REHEARSALS))
  const hairpin = needsHairpin()
  const texts = Array.from({ length: REHEARSALS + spec.count }, (_, i) => printPlan(endpointPlan(FIRST + i, hairpin)))
  const total: number[] = []
  for (const [i, text] of texts.entries()) {
    const began = performance.now()
    await shell(text)
    if (spec.measure === 'first-byte') {
      const { name, hostPort } = endpoint(FIRST + i)
      const server = enter(netnsPath(name), () => greeter().listen(CONTAINER_PORT))
      await firstByte(hostPort)
      server.close()
    }
    total.push((performance.now() - began) * 1000)
  }
  return { total: total.slice(REHEARSALS), phases: {} }
}

async function shell(text: string): Promise<void> {
  const child = spawn('sh', ['-ec', text], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`sh ended with ${code}: ${text}`)
}
