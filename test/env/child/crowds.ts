import { existsSync, readFileSync } from 'node:fs'
import { Slipway } from '#lib/index.js'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { PlanRefused } from '#lib/kernel/refusal.js'
import type { Plan } from '#lib/plan/operation.js'
import { describe, name, publishing, say, turn, type Options } from './options.js'

/** What a process does beside others, or without end. */
export const crowds = {
  /** Creates, publishes, unpublishes and removes without end (but 30 s), to be killed. */
  async churn(options: Options) {
    say('ready')
    const slipway = await Slipway.open(options.open)
    const end = Date.now() + 30_000
    await Promise.all(
      Array.from({ length: options.count ?? 1 }, async (_, index) => {
        while (Date.now() < end) {
          const sandbox = await slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) })
          await sandbox.publish(`${(options.port ?? 1000) + index}:53/udp`)
          await sandbox.unpublish('80')
          await sandbox.remove()
        }
      }),
    )
  },

  /**
   * Makes, uses and removes one network again and again, and says how often what was refused, and why what should not
   * be.
   */
  async networkChurn(options: Options) {
    const slipway = await Slipway.open(options.open)
    const { networks, sandboxes } = slipway
    say('ready')
    const refused: Record<string, number> = {}
    const wrong: string[] = []
    const attempt = async (work: () => Promise<unknown>) => {
      try {
        await work()
      } catch (error) {
        const { code = 'none', message } = error as { code?: string; message: string }
        refused[code] = (refused[code] ?? 0) + 1
        if (!['CONFLICT', 'NOT_FOUND', 'PORT_IN_USE'].includes(code)) wrong.push(`${code}: ${message}`)
      }
    }
    const shared = name(options, 'shared')
    for (let round = 0; round < (options.count ?? 1); round++) {
      await attempt(() =>
        networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] }),
      )
      const own = name(options, `${process.pid}`)
      await Promise.all([
        attempt(() =>
          sandboxes.create({ name: own, network: 'web', publish: [`${(options.port ?? 8000) + (round % 2)}:80`] }),
        ),
        attempt(async () => (await sandboxes.get(shared)).connect('web')),
        attempt(async () => (await sandboxes.get(shared)).publish('9000:90')),
      ])
      await attempt(async () => (await networks.get('web')).remove())
      await Promise.all([
        attempt(async () => (await sandboxes.get(shared)).disconnect('web')),
        attempt(async () => (await sandboxes.get(shared)).unpublish('9000:90')),
        attempt(async () => (await sandboxes.get(own)).remove()),
      ])
      await attempt(async () => (await networks.get('web')).remove())
    }
    await slipway.close()
    say({ refused, wrong })
  },

  /**
   * Waits for a file, then creates and removes one sandbox after the other, and says how long each create took, and for
   * how much of that this thread was waiting for a CPU, in milliseconds.
   */
  async inARow(options: Options) {
    const slipway = await Slipway.open(options.open)
    // The network is made, and code is compiled.
    for (let round = 0; round < 10; round++) await (await slipway.sandboxes.create({ name: name(options, 0) })).remove()
    say('ready')
    for (; !existsSync(`${options.open.stateDir}/go`); await turn(1));
    const creates: { took: number; waited: number }[] = []
    for (let round = 0; round < (options.count ?? 1); round++) {
      const [begun, before] = [performance.now(), waitedForCpu()]
      const sandbox = await slipway.sandboxes.create({ name: name(options, round), ...publishing(options, 0) })
      creates.push({ took: performance.now() - begun, waited: waitedForCpu() - before })
      await sandbox.remove()
    }
    say(creates)
    await slipway.close({ wait: true })
  },

  /** Opens and creates what it is told to, and says how each went. */
  async attempt(options: Options) {
    try {
      await using slipway = await Slipway.open(options.open)
      say({ open: slipway.reconciled })
      for (const create of options.create ?? []) {
        const outcome = await slipway.sandboxes
          .create(create)
          .then((sandbox) => ({ name: sandbox.name, endpoints: sandbox.endpoints, ports: sandbox.ports }), describe)
        say(outcome)
      }
    } catch (error) {
      say(describe(error))
    }
  },

  /** Waits for a file, then creates networks all at once, and says what became of each: its subnets, or the refusal. */
  async networksAtOnce(options: Options) {
    const slipway = await Slipway.open(options.open)
    say('ready')
    for (; !existsSync(`${options.open.stateDir}/go`); await turn(1));
    const made = await Promise.all(
      (options.networks ?? []).map((network) =>
        slipway.networks.create(network).then(({ subnets }) => ({ name: network.name, subnets }), describe),
      ),
    )
    say(made)
    await slipway.close()
  },

  /**
   * Waits for a file, then creates all at once (with `wait`, one after the other) and says what each got, and what was
   * refused.
   */
  async race(options: Options) {
    const slipway = await Slipway.open(options.open)
    const refused = countRefusals()
    say('ready')
    for (let waited = 0; !existsSync(`${options.open.stateDir}/go`) && waited < 10_000; waited += 2) await turn(2)
    let last: Promise<unknown> = Promise.resolve()
    const outcomes = await Promise.all(
      (options.create ?? []).map((create) => {
        const begun = (options.wait === undefined ? Promise.resolve() : last).then(() =>
          slipway.sandboxes.create(create),
        )
        last = begun.catch(() => undefined)
        return begun.then(({ endpoints, ports }) => ({ address: endpoints[0]?.addresses[0], ports }), describe)
      }),
    )
    say(outcomes)
    say(refused)
    await slipway.close()
  },
}

/** For how long this thread could have run and did not, in milliseconds since it began. */
const waitedForCpu = (): number => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]) / 1e6

/** How many plans are refused from now on, by the operation, or by the set where it is an element that is not had. */
function countRefusals(): Record<string, number> {
  const refused: Record<string, number> = {}
  const { run } = Host.prototype
  Host.prototype.run = async function (this: Host, plan: Plan, options?: RunOptions) {
    try {
      await run.call(this, plan, options)
    } catch (error) {
      const { operation } = error as PlanRefused
      const what = operation.op === 'element.add' ? operation.set : operation.op
      refused[what] = (refused[what] ?? 0) + 1
      throw error
    }
  }
  return refused
}
