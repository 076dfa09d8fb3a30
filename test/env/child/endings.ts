import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Slipway } from '#lib/index.js'
import { openDescriptors } from '../../helpers/snapshot.js'
import { name, publishing, say, turn, type Options } from './options.js'

/** Begins as many creates as are wanted; says 'begun' and, when the first is done, 'one'. */
async function begin(options: Options): Promise<Promise<unknown>[]> {
  const slipway = await Slipway.open(options.open)
  const creates = Array.from({ length: options.count ?? 1 }, (_, index) =>
    slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) }),
  )
  say('begun')
  void Promise.any(creates).then(() => say('one'))
  return creates
}

const threads = () => readdirSync('/proc/self/task').length

/** How a process ends: with work in flight, by a worker that is terminated, without closing what it has opened. */
export const endings = {
  /** Opens the host, and stays until it is killed. */
  async stays(options: Options) {
    await Slipway.open(options.open)
    say('open')
    setInterval(() => undefined, 1000)
  },

  /** Ends with an open Slipway that does nothing. */
  async idle(options: Options) {
    await Promise.all(await begin(options))
  },

  /** Ends, as far as its script goes, with all its creates in flight. */
  async inFlight(options: Options) {
    void (await begin(options))
  },

  /** Leaves in the middle. */
  async exit(options: Options) {
    await Promise.any(await begin(options))
    process.exit(0)
  },

  /** As many workers side by side, each with a life. */
  async workers(options: Options) {
    const codes = await Promise.all(
      Array.from({ length: options.count ?? 1 }, async (_, index) => {
        const worker = startWorker('life', { ...options, count: index })
        const [code] = (await once(worker, 'exit')) as [number]
        return code
      }),
    )
    say({ codes, threads: threads() })
  },

  /** Ends a worker in the middle of its work. */
  async terminate(options: Options) {
    const worker = startWorker('inFlight', options)
    await once(worker.stdout, 'data')
    await turn(options.wait ?? 0)
    await worker.terminate()
    say('terminated')
  },

  /** Loses Slipways without closing them. */
  async lose(options: Options) {
    const { gc } = globalThis as { gc?: () => void }
    const measure = () => ({ threads: threads(), descriptors: openDescriptors() })
    // Objects of objects take a few rounds, and threads some time to end: until nothing changes any more.
    const atRest = async () => {
      let last = ''
      for (let round = 0, same = 0; round < 500 && same < 20; round++) {
        gc?.()
        await turn(10)
        const now = JSON.stringify(measure())
        same = now === last ? same + 1 : 0
        last = now
      }
      return measure()
    }
    // Standard output and the addon open descriptors for good when first used.
    say('begun')
    await lose(options, 0, 1)
    say(await atRest())
    await lose(options, 1, 20)
    say(measure())
    say(await atRest())
  },

  /** Creates what it is told to, says so, and stays (but 30 s), to be killed. */
  async hold(options: Options) {
    const slipway = await Slipway.open(options.open)
    for (const create of options.create ?? []) await slipway.sandboxes.create(create)
    say('holds')
    await turn(30_000)
  },
}

async function lose(options: Options, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) {
    const slipway = await Slipway.open(options.open)
    await slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) })
  }
}

const CHILD = fileURLToPath(new URL('../child.js', import.meta.url))

function startWorker(scenario: 'life' | 'inFlight', options: Options): Worker {
  return new Worker(CHILD, { argv: [scenario, JSON.stringify(options)], stdout: true })
}
