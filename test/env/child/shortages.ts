import { subscribe } from 'node:diagnostics_channel'
import { closeSync, existsSync, openSync } from 'node:fs'
import { Slipway, type Sandbox } from '#lib/index.js'
import { descriptorsBesideSockets, openDescriptors } from '../../helpers/snapshot.js'
import { describe, name, publishing, say, turn, type Options } from './options.js'

/** So many sandboxes are made before it is measured what stays of each. */
const WARMED_UP = 100

/** What a process measures of itself, or does with little left. */
export const shortages = {
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
    const { count = 1 } = options
    const sizes = [await make(0, WARMED_UP)]
    // What V8 keeps for reasons of its own, it keeps once; what each sandbox keeps shows in both.
    for (const from of [WARMED_UP, WARMED_UP + count]) sizes.push(await make(from, from + count))
    const [before = 0, between = 0, after = 0] = sizes
    say({ bytes: Math.min(between - before, after - between) / count })
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
    for (const [index, pause] of [1000, 1000, 1000].entries()) await marked(`idle ${index}`, () => turn(pause))
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
    // The same on the segment of a link, whose sandboxes have no ports.
    let looked = false
    subscribe('slipway:parent', () => {
      looked = true
    })
    const onSegment = await Slipway.open({ ...options.open, pool: { size: 4, networks: ['lan'] } })
    await onSegment.networks.create({
      name: 'lan',
      driver: 'macvlan',
      subnets: [{ subnet: '192.0.2.0/24', ipRange: '192.0.2.128/25' }],
      options: { parent: 'uplink' },
    })
    const take = (index: number) => onSegment.sandboxes.create({ name: name(options, `seg${index}`), network: 'lan' })
    for (const index of [1, 2]) {
      await onSegment.pool.ready()
      await take(index)
    }
    await onSegment.pool.ready()
    // Once a network with a parent is known, the parent is looked at.
    for (let waited = 0; waited < 500 && !looked; waited++) await turn(10)
    await turn(200)
    await marked('claim on a segment', () => take(3))
    await onSegment.close()
    const bare = await Slipway.open(options.open)
    const make = (index: number) => bare.sandboxes.create({ name: name(options, `bare${index}`), network: 'lan' })
    await make(1)
    await turn(300)
    await marked('create on a segment', () => make(2))
    await bare.close()
    say('done')
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
