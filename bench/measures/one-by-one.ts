import { performance } from 'node:perf_hooks'
import { timed, type Bringer } from '../arms/arm.js'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { firstByte, greeter } from '../first-byte.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** Endpoints one after another, beside those that are there. */
export async function oneByOne(arm: Bringer, { warmUp, count }: TrialSpec): Promise<TrialResult> {
  const total: number[] = []
  for (let n = warmUp; n < warmUp + count; n++) total.push(await timed(() => arm.create(n)))
  return { total, phases: {} }
}

/** The same, each until a byte has come from a server in it through the published port. */
export async function firstBytes(arm: Bringer, { warmUp, count }: TrialSpec): Promise<TrialResult> {
  const { enter } = await import('#internal')
  const total: number[] = []
  for (let n = warmUp; n < warmUp + count; n++) {
    const began = performance.now()
    await arm.create(n)
    const server = enter(arm.netns(n), () => greeter().listen(CONTAINER_PORT))
    await firstByte(endpoint(n).hostPort)
    total.push((performance.now() - began) * 1000)
    server.close()
  }
  return { total, phases: {} }
}
