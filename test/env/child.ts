import { once } from 'node:events'
import { closeSync, existsSync, openSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { Slipway, type CreateNetworkOptions, type CreateOptions, type OpenOptions, type Sandbox } from '#lib/index.js'
import { Host, type RunOptions } from '#lib/kernel/host.js'
import type { PlanRefused } from '#lib/kernel/refusal.js'
import type { Plan } from '#lib/plan/operation.js'
import { descriptorsBesideSockets, openDescriptors } from '../helpers/snapshot.js'

/**
 * What tests do in a process of its own, where a crash or a hang shows: `node child.js SCENARIO OPTIONS`. Each prints
 * what it has to say as lines of JSON.
 */
export interface Options {
  open: OpenOptions
  /** Names of sandboxes begin so. */
  prefix: string
  count?: number
  /** First host port, one for each sandbox. */
  port?: number
  create?: CreateOptions[]
  networks?: CreateNetworkOptions[]
  /** Milliseconds. */
  wait?: number
}

const say = (what: unknown) => void process.stdout.write(`${JSON.stringify(what)}\n`)

const name = ({ prefix }: Options, index: number | string) => `${prefix}-${index}`
const publishing = ({ port }: Options, index: number): CreateOptions =>
  port === undefined ? {} : { publish: [`${port + index}:80`] }

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
const turn = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const scenarios = {
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

  /** The whole life of a sandbox. */
  async life(options: Options) {
    const slipway = await Slipway.open(options.open)
    const sandbox = await slipway.sandboxes.create({
      name: name(options, options.count ?? 0),
      ...publishing(options, options.count ?? 0),
    })
    await sandbox.remove()
    await slipway.close()
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

  /** A network on the segment of `uplink`, with the host on it, and two sandboxes there: made and taken away. */
  async segmentLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const network = await slipway.networks.create({
      name: 'lan',
      driver: 'macvlan',
      subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
      options: { parent: 'uplink', host_shim: 'true' },
    })
    const app = await slipway.sandboxes.create({ name: name(options, 'app'), network: 'lan' })
    const beside = await slipway.sandboxes.create({ name: name(options, 'beside'), network: 'none' })
    await beside.remove()
    const bridged = await slipway.sandboxes.create({ name: name(options, 'bridged') })
    await bridged.connect('lan')
    await bridged.disconnect('lan')
    await Promise.all([app.remove(), bridged.remove()])
    await network.remove()
    await slipway.close({ wait: true })
    say('done')
  },

  /** Opens the host, and stays until it is killed. */
  async stays(options: Options) {
    await Slipway.open(options.open)
    say('open')
    setInterval(() => undefined, 1000)
  },

  /** All that changes something, in turn. */
  async oneLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const sandbox = await slipway.sandboxes.create({ name: name(options, 0), ...publishing(options, 0) })
    await sandbox.publish(`${options.port ?? 1000}:53/udp`)
    await sandbox.unpublish('80')
    await sandbox.remove()
    await slipway.close()
    say('done')
  },

  /** Fills its pool, and leaves. */
  async filled(options: Options) {
    const slipway = await Slipway.open(options.open)
    await slipway.pool.ready()
    say(slipway.pool.networks[0]?.ready)
    await slipway.close()
    say('closed')
  },

  /** Sandboxes from a pool, in turn. */
  async pooledLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    await slipway.pool.ready()
    for (let index = 0; index < 3; index++) {
      const sandbox = await slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) })
      await sandbox.remove()
    }
    await slipway.close()
    say('done')
  },

  /** A sandbox on the network `web`, which has no room for it but on a further bridge. */
  async leafLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const app = await slipway.sandboxes.create({
      name: name(options, 'app'),
      network: 'web',
      ...publishing(options, 0),
    })
    await app.remove()
    await slipway.close()
    say('done')
  },

  /** A sandbox that is there leaves its last network, and comes back. */
  async leaveAndComeBack(options: Options) {
    const slipway = await Slipway.open(options.open)
    const app = await slipway.sandboxes.get(name(options, 'app'))
    await app.disconnect('bridge')
    await app.connect('bridge')
    await slipway.close({ wait: true })
    say('done')
  },

  /** All that changes something about networks, in turn. */
  async networkLife(options: Options) {
    const slipway = await Slipway.open(options.open)
    const { networks, sandboxes } = slipway
    const web = await networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] })
    await networks.create({
      name: 'other',
      ipv6: true,
      subnets: [{ subnet: '10.6.0.0/24' }, { subnet: 'fd00:6::/64' }],
    })
    const app = await sandboxes.create({ name: name(options, 'app'), network: 'web', ...publishing(options, 0) })
    const side = await sandboxes.create({ name: name(options, 'side'), network: `container:${app.name}` })
    await app.connect('other', { gwPriority: 1 })
    await app.disconnect('web')
    await web.remove()
    await app.connect('bridge')
    await side.remove()
    await app.remove()
    await (await networks.get('other')).remove()
    await slipway.close()
    say('done')
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

  /** What stays of V8's heap for each sandbox that the caller holds. */
  async kept(options: Options) {
    const { gc } = globalThis as { gc?: () => void }
    const slipway = await Slipway.open(options.open)
    const held: unknown[] = []
    const make = async (from: number, to: number) => {
      for (let index = from; index < to; index++)
        held.push(await slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) }))
      for (let round = 0; round < 4; round++) {
        gc?.()
        await turn(20)
      }
      return process.memoryUsage().heapUsed
    }
    const before = await make(0, 50)
    const after = await make(50, 50 + (options.count ?? 1))
    say({ bytes: (after - before) / (held.length - 50) })
    await slipway.close()
  },

  /** One call after another, each between two looks for a file that there is not: marks in what strace writes. */
  async marked(options: Options) {
    const slipway = await Slipway.open(options.open)
    const create = (index: number, ip?: string) =>
      slipway.sandboxes.create({ name: name(options, index), publish: [`${8000 + index}:80`], ...(ip ? { ip } : {}) })
    const addressOf = ({ endpoints }: Sandbox) => endpoints[0]?.addresses[0]?.split('/')[0]
    const marked = async <Result>(what: string, work: () => Promise<Result>): Promise<Result> => {
      existsSync(`/slipway-begin/${what}`)
      const result = await work()
      existsSync(`/slipway-end/${what}`)
      return result
    }
    // What is done once is done here.
    const first = await create(0)
    await turn(300)
    await marked('idle', () => turn(1000))
    await first.publish('9000:90')
    await first.remove()
    await create(1)
    // Its address is free when all that the removal has left to do is done.
    await create(7, addressOf(first))
    await turn(500)
    const sandbox = await marked('create', () => create(2))
    await marked('publish', () => sandbox.publish('9000:90'))
    await marked('unpublish', () => sandbox.unpublish('9000:90'))
    await marked('remove', () => sandbox.remove())
    // More than there are descriptors for.
    const many = await slipway.sandboxes.create({ name: name(options, 'many'), publish: ['10000-10199:1000-1199'] })
    const beside = await create(6, addressOf(sandbox))
    await beside.publish('9000:90')
    await beside.unpublish('9000:90')
    await turn(500)
    await marked('publish beside many', () => beside.publish('9000:90'))
    await marked('unpublish beside many', () => beside.unpublish('9000:90'))
    // Or who opens next would take its ports over.
    await many.remove()
    await slipway.close()
    const pooled = await Slipway.open({ ...options.open, pool: { size: 8 } })
    const claim = (index: number) =>
      pooled.sandboxes.create({ name: name(options, index), publish: [`${8000 + index}:80`] })
    for (const index of [3, 4]) {
      await claim(index)
      await pooled.pool.ready()
    }
    await turn(100)
    await marked('claim', () => claim(5))
    await pooled.close()
    say('done')
  },

  /** Every call once. */
  async everyCall(options: Options) {
    const slipway = await Slipway.open(options.open)
    const { sandboxes } = slipway
    const sandbox = await sandboxes.create({ name: name(options, 'a'), publish: ['8080:80', '127.0.0.1::53/udp'] })
    await sandboxes.create({ name: name(options, 'host'), network: 'host' })
    await sandboxes.create({ name: name(options, 'none'), network: 'none' })
    await sandboxes.explain({ publish: ['8081:80'] })
    await sandbox.publish('9000-9002:90-92', '9000:90/udp')
    await sandbox.unpublish('9000:90/udp')
    await sandboxes.get(sandbox.name)
    await sandbox.refresh()
    sandbox.inspect()
    await new Promise<void>((resolve) => {
      const server = sandbox.enter(() => createServer().listen(80))
      server.on('listening', () => server.close(() => resolve()))
    })
    const refused = await sandboxes.create({ publish: ['8080:80'] }).catch((error: unknown) => error)
    if (!(refused instanceof Error)) throw new Error('a taken port was given twice')
    for (const one of await sandboxes.list()) await one.remove()
    await slipway.close({ wait: true })
    say('done')
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

  /** Creates what it is told to, says so, and stays (but 30 s), to be killed. */
  async hold(options: Options) {
    const slipway = await Slipway.open(options.open)
    for (const create of options.create ?? []) await slipway.sandboxes.create(create)
    say('holds')
    await turn(30_000)
  },

  /**
   * Publishes, with two Slipways, more ports than it may hold, and says how many descriptors are left to it. Each
   * SIGUSR2 takes it further: it unpublishes some and publishes as many others, tries a port that somebody has, and
   * removes all.
   */
  async scarce(options: Options) {
    const range = (first: number) => `${first}-${first + 99}:1-100`
    let told = 0
    process.on('SIGUSR2', () => told++)
    const next = async () => {
      for (; told === 0; await turn(2));
      told--
    }
    const [first, second] = [await Slipway.open(options.open), await Slipway.open(options.open)]
    const apps = [
      await first.sandboxes.create({ name: name(options, 'a') }),
      await second.sandboxes.create({ name: name(options, 'b') }),
    ] as const
    // Standard output opens a descriptor for good when first used.
    process.stdout.write('')
    // What a create has used is closed after the answer.
    for (let waited = 0; waited < 100 && openDescriptors().some((line) => line.includes('net:[')); waited++)
      await turn(10)
    const [before, quiet] = [openDescriptors(), String(descriptorsBesideSockets())]
    // The sockets of ports are there to stay. What the threads have open for a moment comes above them, and is not
    // measured.
    const left = async () => {
      for (let waited = 0; waited < 500 && String(descriptorsBesideSockets()) !== quiet; waited++) await turn(10)
      return openable()
    }
    await apps[0].publish(range(9000))
    await apps[1].publish(range(9100))
    say({ left: await left() })
    await next()
    await apps[0].unpublish('9000-9049:1-50')
    await apps[0].publish('9300-9349:1-50')
    say({ left: await left() })
    await next()
    say(await apps[1].publish('9400:80').catch(describe))
    await next()
    await Promise.all(apps.map((app) => app.remove()))
    for (let waited = 0; waited < 100 && String(openDescriptors()) !== String(before); waited++) await turn(10)
    say({ before, after: openDescriptors() })
    await next()
    await Promise.all([first.close(), second.close()])
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

  /** Every call when no descriptor is left, and when there are some again: says what each is refused with. */
  async short(options: Options) {
    const slipway = await Slipway.open(options.open)
    const network = await slipway.networks.create({ name: 'net' })
    const sandbox = await slipway.sandboxes.create({ name: name(options, 'a'), publish: ['8080:80'] })
    process.stdout.write('')
    const calls: Record<string, () => unknown> = {
      create: () => slipway.sandboxes.create({ name: name(options, 'b') }),
      get: () => slipway.sandboxes.get(sandbox.name),
      list: () => slipway.sandboxes.list(),
      connect: () => sandbox.connect('net'),
      publish: () => sandbox.publish('9000:90'),
      files: () => sandbox.files(),
      stats: () => sandbox.stats(),
      enter: () => sandbox.enter(() => undefined),
      refresh: () => sandbox.refresh(),
      'networks.create': () => slipway.networks.create({ name: 'more' }),
      'networks.list': () => slipway.networks.list(),
      open: async () => (await Slipway.open(options.open)).close(),
      unpublish: () => sandbox.unpublish('8080:80'),
      remove: () => sandbox.remove(),
    }
    const fds: number[] = []
    const refused: Record<string, unknown> = {}
    for (const [call, make] of Object.entries(calls)) {
      for (;;) {
        try {
          fds.push(openSync('/dev/null', 'r'))
        } catch {
          break
        }
      }
      try {
        await make()
      } catch (error) {
        refused[call] = describe(error)
      }
    }
    for (const fd of fds) closeSync(fd)
    say(refused)
    say((await slipway.sandboxes.list()).map((one) => one.name))
    await sandbox.remove()
    await network.remove()
    await slipway.close({ wait: true })
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

export type Scenario = keyof typeof scenarios

const describe = (error: unknown) => ({ code: (error as { code?: string }).code, message: (error as Error).message })

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

/** How many files this process could open by now. */
function openable(): number {
  const files: number[] = []
  try {
    for (;;) files.push(openSync('/dev/null', 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
    return files.length
  } finally {
    files.forEach((fd) => closeSync(fd))
  }
}

async function lose(options: Options, from: number, count: number): Promise<void> {
  for (let index = from; index < from + count; index++) {
    const slipway = await Slipway.open(options.open)
    await slipway.sandboxes.create({ name: name(options, index), ...publishing(options, index) })
  }
}

function startWorker(scenario: Scenario, options: Options): Worker {
  return new Worker(fileURLToPath(import.meta.url), { argv: [scenario, JSON.stringify(options)], stdout: true })
}

const [scenario = '', options = '{}'] = process.argv.slice(2)
await scenarios[scenario as Scenario](JSON.parse(options) as Options)
