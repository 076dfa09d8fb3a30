import { timed } from '../arms/arm.js'
import type { Ours } from '../arms/ours.js'
import { CONTAINER_PORT, FIRST_PORT } from '../endpoint.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** Host ports of each. */
export const FLEET_PORTS = 32

/** `count` sandboxes at once, with 32 published ports each. */
export async function fleet({ slipway }: Ours, { warmUp, count }: TrialSpec): Promise<TrialResult> {
  const create = (i: number) => {
    const port = FIRST_PORT + warmUp + i * FLEET_PORTS
    const last = FLEET_PORTS - 1
    return slipway.sandboxes.create({
      name: `fleet${i}`,
      publish: [`${port}-${port + last}:${CONTAINER_PORT}-${CONTAINER_PORT + last}`],
    })
  }
  return { total: [await timed(() => Promise.all(Array.from({ length: count }, (_, i) => create(i))))], phases: {} }
}
