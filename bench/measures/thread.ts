import { Executor, sets, wirePlan, type Plan } from '#internal'
import { timed } from '../arms/arm.js'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import { prepareHost } from '../prepare-host.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/**
 * A short plan, that of one more published port, run by the executor's thread (`executor-thread`), or by the one that
 * asks (`inline`), as Slipway does.
 */
export async function thread({ count, warmUp, variant }: TrialSpec): Promise<TrialResult> {
  await prepareHost()
  const executor = new Executor()
  const total: number[] = []
  for (let n = 0; n < warmUp + count; n++) {
    const plan = wirePlan(publishPlan(endpoint(n).hostPort))
    total.push(
      await timed(
        variant === 'inline'
          ? () => Promise.resolve(executor.runNow(plan, false))
          : async () => executor.run(plan, false, undefined, 0, false),
      ),
    )
  }
  await executor.close()
  return { total: total.slice(warmUp), phases: {} }
}

const publishPlan = (port: number): Plan => [
  { op: 'port.hold', protocol: 'tcp', address: '0.0.0.0', port },
  {
    op: 'element.add',
    ...sets.published[4],
    elements: [{ key: `tcp . ${port}`, data: `172.17.0.2 . ${CONTAINER_PORT}`, comment: 'bench (0123456789ab)' }],
  },
]
