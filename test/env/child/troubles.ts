import { readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { Slipway, SlipwayError, type Sandbox } from '#lib/index.js'
import { Faults, type Fault, type Met } from '../../helpers/faults/faults.js'
import { difference, settled, snapshot, without, type Looked } from '../../helpers/snapshot.js'
import { eventually } from '../../helpers/world.js'
import { name, say, type Options } from './options.js'

/** No call takes longer, unless it hangs. */
const CALL_MS = 20_000
/** So often it is tried to meet one of the moments of a call: what goes on behind it may have one more or less. */
const ROUNDS = 3

/** A call, and what makes all of it as it was. */
interface Call {
  call(): Promise<unknown>
  takeBack(): Promise<unknown>
}

/** What has become of a call that met a fault. */
export interface Outcome extends Met {
  fault: Fault
  call: string
  after: number
  /** `done`, or what the caller was told. */
  ended: 'done' | 'hangs' | { code?: string; errnoName?: string; message: string; notUndone?: unknown }
  /** What is another than before, where it was refused. */
  left: string[]
}

const told = (error: unknown): Outcome['ended'] => {
  const { message, code, errnoName, notUndone } = error as SlipwayError
  if (!(error instanceof SlipwayError)) return { message: (error as Error).stack ?? message }
  return { message, code, ...(errnoName ? { errnoName } : {}), ...(notUndone?.length ? { notUndone } : {}) }
}

async function end(work: Promise<unknown>): Promise<Outcome['ended']> {
  let timer
  const late = new Promise<'hangs'>((resolve) => {
    timer = setTimeout(() => resolve('hangs'), CALL_MS)
  })
  const done = work.then(() => 'done' as const, told)
  const ended = await Promise.race([done, late])
  clearTimeout(timer)
  return ended
}

export const troubles = {
  /** Each call meets each fault, at one such moment of it after the other. */
  async troubles(options: Options) {
    const faults = new Faults(process.env['SLIPWAY_FAULTS'] ?? '')
    const { calls, looked } = await prepare(options)
    let before = without(await settled(looked), 'descriptors')
    for (const { fault, calls: meant, moments } of options.troubles ?? []) {
      const { first, step } = moments
      for (const call of meant) {
        const { call: begin, takeBack } = calls[call] as Call
        for (let after = first - 1, round = 0, met = true, ever = false; met; after += step, round++) {
          faults.begin({ ...fault, after })
          let ended = await end(Promise.resolve().then(begin))
          const seen = faults.end()
          met = seen.hit > 0
          ever ||= met
          let left: string[] = []
          if (ended === 'done') {
            // What was done can be taken back.
            ended = await end(takeBack())
            before = without(await settled(looked), 'descriptors')
          } else {
            await eventually(() => {
              left = difference(before, without(snapshot(looked), 'descriptors'))
              return left.length === 0
            })
            if (left.length > 0) before = without(await settled(looked), 'descriptors')
          }
          say({ fault, call, after, ...seen, ended, left } satisfies Outcome)
          // The call has fewer such moments: then one of those that it has.
          if (!ever && round < ROUNDS && ended === 'done' && seen.seen > 0) {
            met = true
            after = (after % seen.seen) - step
          }
        }
      }
    }
    faults.close()
    say('done')
    // What was left of a call may keep the rest from coming to its end.
    process.exit(0)
  },
}

async function prepare(options: Options): Promise<{ calls: Record<string, Call>; looked: Looked }> {
  const { netns = '', stateDir = '' } = options.open
  const looked: Looked = {
    prefix: options.prefix,
    stateDir,
    host: { name: basename(netns), path: netns },
    namespaces: () =>
      readdirSync('/run/netns')
        .filter((one) => one.startsWith(`${options.prefix}-`))
        .sort(),
  }
  const slipway = await Slipway.open(options.open)
  const { networks, sandboxes } = slipway
  for (const one of ['net', 'other', 'goes']) await networks.create({ name: one, ipv6: one === 'net' })
  const make = (which: string) => sandboxes.create({ name: name(options, which), network: 'net', publish: ['53/udp'] })
  const app = await sandboxes.create({ name: name(options, 'app'), publish: ['8080:80'] })
  await app.connect('net')
  await make('goes')
  const remove = async (which: string) => (await sandboxes.get(name(options, which))).remove()
  let made: Sandbox | undefined
  let opened: Slipway | undefined
  const calls: Record<string, Call> = {
    create: { call: async () => (made = await make('new')), takeBack: async () => made?.remove() },
    connect: { call: () => app.connect('other'), takeBack: () => app.disconnect('other') },
    disconnect: { call: () => app.disconnect('net'), takeBack: () => app.connect('net') },
    publish: {
      call: () => app.publish('9000:90', '9000:90/udp'),
      takeBack: () => app.unpublish('9000:90', '9000:90/udp'),
    },
    unpublish: { call: () => app.unpublish('8080:80'), takeBack: () => app.publish('8080:80') },
    remove: { call: () => remove('goes'), takeBack: () => make('goes') },
    'networks.create': {
      call: () => networks.create({ name: 'new', ipv6: true }),
      takeBack: async () => (await networks.get('new')).remove(),
    },
    'network.remove': {
      call: async () => (await networks.get('goes')).remove(),
      takeBack: () => networks.create({ name: 'goes' }),
    },
    open: { call: async () => (opened = await Slipway.open(options.open)), takeBack: async () => opened?.close() },
    events: {
      async call() {
        const events = slipway.events()
        const first = events.next()
        try {
          await app.publish('9001:91')
          await first
        } finally {
          await events.return?.()
        }
      },
      takeBack: () => app.unpublish('9001:91'),
    },
    list: { call: () => Promise.all([sandboxes.list(), networks.list()]), takeBack: () => Promise.resolve() },
  }
  return { calls, looked }
}
