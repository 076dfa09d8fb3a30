import test from 'ava'
import fc from 'fast-check'
import { SlipwayError, type Slipway } from '#lib/index.js'
import { kernelIsAsListed } from '../env/invariants.js'
import { isAsBefore, snapshot, without } from '../helpers/snapshot.js'
import { World } from '../helpers/world.js'

/** Calls in any order, from two Slipways at once: the kernel has what they say, and nothing is left at the end. */

const sandbox = fc.constantFrom('a', 'b', 'c')
const network = fc.constantFrom('n0', 'n1', 'n2')
const port = fc.integer({ min: 8000, max: 8003 })
const gwPriority = fc.integer({ min: -1, max: 1 })

const call = fc.oneof(
  fc.record({ call: fc.constant('networks.create' as const), network, ipv6: fc.boolean(), internal: fc.boolean() }),
  fc.record({ call: fc.constant('networks.remove' as const), network }),
  fc.record({ call: fc.constant('create' as const), sandbox, network, port: fc.option(port) }),
  fc.record({ call: fc.constant('create' as const), sandbox, network, port: fc.option(port) }),
  fc.record({ call: fc.constant('remove' as const), sandbox }),
  fc.record({ call: fc.constant('connect' as const), sandbox, network, gwPriority }),
  fc.record({ call: fc.constant('connect' as const), sandbox, network, gwPriority }),
  fc.record({ call: fc.constant('disconnect' as const), sandbox, network }),
  fc.record({ call: fc.constant('publish' as const), sandbox, port }),
  fc.record({ call: fc.constant('unpublish' as const), sandbox, port }),
)
type Call = typeof call extends fc.Arbitrary<infer T> ? T : never

async function make(world: World, { networks, sandboxes }: Slipway, one: Call): Promise<unknown> {
  if (one.call === 'networks.create') {
    const { network: name, ipv6, internal } = one
    const number = name.slice(1)
    return networks.create({
      name,
      internal,
      ipv6,
      subnets: [{ subnet: `10.7.${number}.0/29` }, ...(ipv6 ? [{ subnet: `fd00:7:${number}::/125` }] : [])],
    })
  }
  if (one.call === 'networks.remove') return (await networks.get(one.network)).remove()
  const name = world.name(one.sandbox)
  if (one.call === 'create')
    return sandboxes.create({
      name,
      network: one.network,
      ...(one.port === null ? {} : { publish: [`${one.port}:80`] }),
    })
  const found = await sandboxes.get(name)
  if (one.call === 'remove') return found.remove()
  if (one.call === 'connect') return found.connect(one.network, { gwPriority: one.gwPriority })
  if (one.call === 'disconnect') return found.disconnect(one.network)
  return found[one.call](`${one.port}:80`)
}

test('any calls in any order', async (t) => {
  const world = new World(t)
  const slipways = [await world.open(), await world.open()]
  const [first] = slipways
  if (!first) throw new RangeError('no Slipway')
  const warm = await world.create(first, 'warm', { publish: ['7000:70/udp'] })
  await warm.publish('7001:71/udp')
  // Forwarding stays on once it is.
  await (await first.networks.create({ name: 'warm', ipv6: true })).remove()
  const empty = snapshot(world)
  const refused: Record<string, number> = {}
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(1), call, fc.boolean()), { minLength: 4, maxLength: 24 }),
      async (calls) => {
        let running: Promise<unknown>[] = []
        for (const [who, one, wait] of calls) {
          const made = make(world, slipways[who] ?? first, one).catch((error: unknown) => {
            if (!(error instanceof SlipwayError) || error.code === 'KERNEL') throw error
            refused[error.code] = (refused[error.code] ?? 0) + 1
          })
          running.push(made)
          if (!wait) continue
          await Promise.all(running)
          running = []
        }
        await Promise.all(running)
        await kernelIsAsListed(t, world, first)
        for (const one of await first.sandboxes.list()) if (one.name !== warm.name) await one.remove()
        for (const one of await first.networks.list()) if (one.userDefined) await one.remove()
        await isAsBefore(t, world, without(empty, 'descriptors'))
      },
    ),
    { numRuns: 12, interruptAfterTimeLimit: 60_000, endOnFailure: true },
  )
  t.log(refused)
})
