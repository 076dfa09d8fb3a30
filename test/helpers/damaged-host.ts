import type { ChildProcess } from 'node:child_process'
import type { ExecutionContext } from 'ava'
import type { OpenOptions, Slipway, SlipwayEvent } from 'slipway'
import type { Damaged } from './damages.js'
import { serveTcp } from './traffic.js'
import { ipJson, World } from './world.js'

/** A host for what others do to it (damages.ts): two networks, a sandbox with a published port on each. */
export interface Scene extends Damaged {
  /** The process that is in the sandbox `one`. */
  inside: ChildProcess
  slipway: Slipway
}

export async function setUpDamaged(t: ExecutionContext, options: OpenOptions = {}): Promise<Scene> {
  const world = new World(t)
  const slipway = await world.open(options)
  await slipway.networks.create({
    name: 'web',
    subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }],
    ipv6: true,
  })
  const one = await world.create(slipway, 'one', { publish: ['8080:80'] })
  const beside = await world.create(slipway, 'beside')
  const both = await world.create(slipway, 'both', { network: 'web', publish: ['8081:80'] })
  for (const sandbox of [one, both]) serveTcp(t, sandbox, 80)
  const inside = one.spawn('sleep', ['300'])
  t.teardown(() => inside.kill('SIGKILL'))
  const bridges = ipJson<{ ifname: string }>(world.host, 'link', 'show', 'type', 'bridge').map(({ ifname }) => ifname)
  return { world, slipway, one, beside, both, inside, web: bridges.find((name) => name.startsWith('br-')) ?? '' }
}

/** Events of the host, and those that say that something was given back. */
export function listenFor(t: ExecutionContext, slipway: Slipway): SlipwayEvent[] {
  const heard: SlipwayEvent[] = []
  const controller = new AbortController()
  t.teardown(() => controller.abort())
  void (async () => {
    for await (const event of slipway.events({ action: ['damaged', 'healed', 'lost'], signal: controller.signal }))
      heard.push(event)
  })().catch(() => undefined)
  return heard
}
