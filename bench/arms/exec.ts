import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { printPlan } from '#internal'
import { endpointPlan, removalPlan } from '../bridge-plans.js'
import { endpoint, netnsPath } from '../endpoint.js'
import { needsHairpin } from '../prepare-host.js'
import type { TrialSpec } from '../trial-spec.js'
import type { Bringer } from './arm.js'
import { floorNeighbours } from './floor.js'

/** A shell has nothing that warms up but the page cache. */
const REHEARSALS = 2
/** Numbers of rehearsals where none are counted as warm-up. */
const OUT_OF_THE_WAY = 12_000

/** The plan as `sh` runs it: `ip` and `nft`, as in most container runtimes' network scripts. */
export class Exec implements Bringer {
  readonly inParallel = 4
  readonly #hairpin = needsHairpin()

  async prepare({ warmUp }: TrialSpec): Promise<void> {
    // The floor puts the neighbours there: they are the same, and there in no time.
    await floorNeighbours(Math.max(0, warmUp - REHEARSALS))
    const first = warmUp < REHEARSALS ? OUT_OF_THE_WAY : warmUp - REHEARSALS
    for (let n = first; n < first + REHEARSALS; n++) await this.create(n)
    if (warmUp < REHEARSALS) for (let n = first; n < first + REHEARSALS; n++) await this.remove(n)
  }

  create(n: number): Promise<void> {
    return shell(printPlan(endpointPlan(n, this.#hairpin)))
  }

  remove(n: number): Promise<void> {
    return shell(printPlan(removalPlan(n)))
  }

  netns(n: number): string {
    return netnsPath(endpoint(n).name)
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

async function shell(text: string): Promise<void> {
  const child = spawn('sh', ['-ec', text], { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`sh ended with ${code}: ${text}`)
}
