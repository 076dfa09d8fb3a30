import type { Sandbox } from 'slipway'
import { timed } from '../arms/arm.js'
import type { Ours } from '../arms/ours.js'
import { CONTAINER_PORT, endpoint } from '../endpoint.js'
import type { TrialResult, TrialSpec } from '../trial-spec.js'

/** What is published, by variant: on the default bridge, and on a network with both IP versions. */
export const PROTOCOLS = [
  'tcp',
  'udp',
  'tcp, IPv4 and IPv6',
  'udp, IPv4 and IPv6',
  'tcp and udp, IPv4 and IPv6',
] as const

const DUAL = 'dual'

/**
 * A life of a sandbox for each protocol: create (`total`), one more port, that port gone, remove, and a create that
 * comes right after that removal. Conntrack knows connections of UDP, so a protocol may cost what another does not.
 */
export async function protocols(
  arm: Ours,
  { warmUp, count, practice = 0, variant = 'tcp' }: TrialSpec,
): Promise<TrialResult> {
  const kinds = ['tcp', 'udp'].filter((kind) => variant.split(',')[0]?.includes(kind))
  const network = variant.includes('IPv6') ? DUAL : 'bridge'
  if (network === DUAL) await arm.slipway.networks.create({ name: DUAL, ipv6: true })
  const publish = (port: number) => kinds.map((kind) => `${port}:${CONTAINER_PORT}/${kind}`)
  const create = (n: number): Promise<Sandbox> =>
    arm.slipway.sandboxes.create({ name: `life${n}`, network, publish: publish(endpoint(warmUp + n).hostPort) })
  const times: Record<'created' | 'published' | 'unpublished' | 'removed' | 'after removal', number[]> = {
    created: [],
    published: [],
    unpublished: [],
    removed: [],
    'after removal': [],
  }
  const more = `${endpoint(warmUp + 2).hostPort}:${CONTAINER_PORT + 1}/${kinds.at(-1)}`
  for (let n = -Math.min(practice, MOST_REHEARSALS); n < count; n++) {
    let sandbox: Sandbox | undefined
    const step = async (name: keyof typeof times, work: (sandbox: Sandbox) => Promise<unknown>) => {
      const microseconds = await timed(() => work(sandbox as Sandbox))
      if (n >= 0) times[name].push(microseconds)
    }
    await step('created', async () => (sandbox = await create(0)))
    await step('published', (made) => made.publish(more))
    await step('unpublished', (made) => made.unpublish(more))
    await step('removed', (made) => made.remove())
    await step('after removal', async () => (sandbox = await create(1)))
    await sandbox?.remove()
    // The names, addresses and links of this round are free before the next.
    await arm.slipway.pool.ready()
  }
  const { created, ...series } = times
  return { total: created, phases: {}, series }
}

/** Each takes ten times as long as an endpoint alone. */
const MOST_REHEARSALS = 300
