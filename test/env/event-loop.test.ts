import test from 'ava'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { Plan } from '#lib/plan/operation.js'
import { MOST_HANDED_OVER, CALLS_PER_TURN } from '#lib/admission/turns.js'
import { World } from '../helpers/world.js'

/** What is begun and settled, by turn of the event loop. */
class Watch {
  /** Plans that callers wait for; those that nobody waits for. */
  readonly begun = new Map<number, number>()
  readonly aside = new Map<number, number>()
  /** Plans that callers wait for, on their way. */
  under = 0
  most = 0
  #turn = 0
  #running = true
  readonly #run = Host.prototype.run

  constructor() {
    const count = () => {
      this.#turn++
      if (this.#running) setImmediate(count)
    }
    setImmediate(count)
    const watch = this
    Host.prototype.run = async function (this: Host, plan: Plan, options?: RunOptions) {
      watch.#note(options?.background ? watch.aside : watch.begun)
      watch.most = Math.max(watch.most, options?.background ? 0 : ++watch.under)
      try {
        await watch.#run.call(this, plan, options)
      } finally {
        if (!options?.background) watch.under--
      }
    }
  }

  #note(counts: Map<number, number>): void {
    counts.set(this.#turn, (counts.get(this.#turn) ?? 0) + 1)
  }

  stop(): void {
    this.#running = false
    Host.prototype.run = this.#run
  }
}

const most = (counts: ReadonlyMap<number, number>) => Math.max(0, ...counts.values())

// Counted and not timed: each plan that is begun takes JavaScript's thread some 0.1 ms, and a call that waited for
// something with hundreds of others (here: for a further bridge of the network, which comes after every 50 sandboxes)
// must not go on with them.
test.serial('of 500 creates and removals at once, few begin in one turn of the event loop', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ portsPerBridge: 50 })
  const watch = new Watch()
  t.teardown(() => watch.stop())

  // The first ones wait for the network itself.
  const sandboxes = await Promise.all(
    Array.from({ length: 500 }, (_, index) => world.create(slipway, `${index}`, { publish: [`${10_000 + index}:80`] })),
  )
  t.true(most(watch.begun) <= CALLS_PER_TURN + 1, `${most(watch.begun)} creates in one turn`)
  t.true(watch.most <= MOST_HANDED_OVER + CALLS_PER_TURN + 1, `${watch.most} plans on their way`)
  const addresses = new Set(sandboxes.flatMap(({ endpoints }) => endpoints[0]?.addresses))
  t.is(addresses.size, 500)

  watch.begun.clear()
  await Promise.all(sandboxes.map((sandbox) => sandbox.remove()))
  t.true(most(watch.begun) <= CALLS_PER_TURN + 1, `${most(watch.begun)} removals in one turn`)
  await slipway.close()
  // One of what leaves, one of links that the kernel is late with, one of the addresses that have been left, and one
  // that gives up those that conntrack has forgotten, which it has at once where there are no connections.
  t.true(most(watch.aside) <= 4, `${most(watch.aside)} plans behind the caller's back in one turn`)
})

test.serial('of 200 creates at once from a full pool, few begin in one turn of the event loop', async (t) => {
  const world = new World(t)
  const slipway = await world.open({ pool: { size: 200 } })
  await (await world.create(slipway, 'first')).remove()
  await slipway.pool.ready()
  const watch = new Watch()
  t.teardown(() => watch.stop())
  await Promise.all(
    Array.from({ length: 200 }, (_, index) => world.create(slipway, `${index}`, { publish: [`${10_000 + index}:80`] })),
  )
  t.true(most(watch.begun) <= CALLS_PER_TURN + 1, `${most(watch.begun)} in one turn`)
  t.true((slipway.pool.networks[0]?.claimed ?? 0) > 100)
})
