import { statSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import type { Slipway } from '#lib/index.js'
import { RULESET_VERSION } from '#lib/policy/ruleset.js'
import { Conversation, serveEcho } from '../helpers/conversation.js'
import { countedBy, elementLines, rulesets } from '../helpers/counted.js'
import { layOutOldHost, type OldHost } from '../helpers/old-host.js'
import { scoped } from '../helpers/scoped.js'
import { HOST_ADDRESS, World } from '../helpers/world.js'
import type { CallName } from './calls.js'
import { look, type Look } from './look.js'
import { areThere, becomes, isAtRest, settledLook } from './recovery.js'
import { NEVER, Victims, type Death } from './victims.js'

/** What a process does with a host of 0.1.0: it opens it, and may then change a sandbox whose record is as old. */
export type Doing = 'open' | Extract<CallName, 'connect' | 'publish' | 'remove'>

/** What is there once a change was begun and taken back: the record is of the new version, and says what it said. */
const REWRITTEN = 'rewritten'
type State = Doing | typeof REWRITTEN

interface Scene {
  t: ExecutionContext
  world: World
  places: OldHost
  /** Has a process do it, and killed in place of this one of its calls. */
  run(doing: Doing, before: number): Promise<Death>
}

/** Processes that take over a host of 0.1.0 are killed, each on a host of its own. */
export class TakeOvers {
  readonly #t: ExecutionContext
  readonly #victims: Victims
  readonly #states = new Map<State, Look>()

  constructor(t: ExecutionContext) {
    this.#t = t
    this.#victims = new Victims(t, 1)
  }

  /** Sees what is there when nobody was killed. @returns how many calls of the kernel it is. */
  async learn(doing: Doing): Promise<number> {
    if (doing !== 'open' && !this.#states.has(REWRITTEN))
      await this.#on(({ world, places: { app } }) =>
        this.#see(REWRITTEN, world, async (slipway) => {
          const sandbox = await slipway.sandboxes.get(app.name)
          await sandbox.publish('9999:99')
          await sandbox.unpublish('9999:99')
        }),
      )
    return this.#on(async ({ world, run }) => {
      const { calls } = await run(doing, NEVER)
      await this.#see(doing, world)
      return calls
    })
  }

  async #see(state: State, world: World, work?: (slipway: Slipway) => Promise<unknown>): Promise<void> {
    const slipway = await world.open()
    await work?.(slipway)
    this.#states.set(state, anywhere(world, await settledLook(world, slipway)))
    await slipway.close({ wait: true })
  }

  /** @returns What it was killed at, and what open() made of what it had left; nothing where it lived. */
  kill = (doing: Doing, before: number): Promise<string | undefined> =>
    this.#on(async ({ t, world, places, run }) => {
      const { app, db, front } = places
      const { host, neighbour } = world
      const mayGo = doing === 'remove' ? [app] : []
      for (const [place, port] of [
        [app, 80],
        [front, 443],
      ] as const)
        // A server keeps the namespace of a sandbox that is removed.
        if (!mayGo.includes(place)) serveEcho(t, place, port)
      const elements = elementLines(host)
      const counted = countedBy(host)
      const { killed, said } = await run(doing, before)
      const what = `${doing}: ${before} ${killed ?? 'none'}`
      const slipway = await world.open()
      areThere(
        t,
        what,
        Object.values(places).filter((place) => !mayGo.includes(place)),
        await slipway.sandboxes.list(),
      )
      const state = await becomes(t, what, this.#statesAfter(doing, said.includes('done')), async () =>
        anywhere(world, await look(world, slipway)),
      )
      t.deepEqual(rulesets(host), [RULESET_VERSION, RULESET_VERSION], what)
      // A call may move what is the sandbox's, or take it away.
      const mayChange = doing === 'open' ? [] : [`"${app.name} (`]
      const kept = elements.filter((line) => !mayChange.some((owner) => line.includes(owner)))
      const still = elementLines(host)
      t.deepEqual(
        kept.filter((line) => !still.includes(line)),
        [],
        what,
      )
      const counts = countedBy(host)
      t.deepEqual(
        [...counted].filter(([rule, packets]) => (counts.get(rule) ?? packets) < packets),
        [],
        what,
      )
      if (mayGo.length === 0) t.true(await new Conversation(t, neighbour, `${HOST_ADDRESS}:8080`).says('hello'), what)
      t.true(await new Conversation(t, db, '172.20.0.3:443').says('hello'), what)
      await isAtRest(t, what, world)
      await slipway.close({ wait: true })
      return killed && `${before} ${killed}: ${state}`
    })

  /** @param isDone - Its call has returned. */
  #statesAfter(doing: Doing, isDone: boolean): Record<string, Look> {
    const states: State[] = isDone ? [doing] : ['open', REWRITTEN, doing]
    return Object.fromEntries(
      states.flatMap((state) => {
        const seen = this.#states.get(state)
        return seen ? [[state, seen]] : []
      }),
    )
  }

  #on = <T>(work: (scene: Scene) => Promise<T>): Promise<T> =>
    scoped(this.#t, async (t) => {
      const world = new World(t)
      const places = layOutOldHost(world, { counted: true })
      const run: Scene['run'] = (doing, before) =>
        this.#victims.run({
          open: { netns: world.host.path, stateDir: world.stateDir },
          before,
          ...(doing === 'open' ? { from: 'open' } : { from: 'call', call: { name: doing, prefix: world.prefix } }),
        })
      return work({ t, world, places, run })
    })
}

/** A look with names instead of what each host has of its own. */
function anywhere({ prefix, stateDir, host }: World, found: Look): Look {
  const own: [string, string][] = [
    [`${stateDir}/${statSync(host.path).ino}`, '<state>'],
    [stateDir, '<states>'],
    [prefix, '<prefix>'],
  ]
  const replace = (text: string) =>
    own
      .reduce((line, [one, by]) => line.replaceAll(one, by), text)
      // Drawn by lot.
      .replace(/("ifname":"uplink".*?"address":")[^"]*/, '$1')
  return Object.fromEntries(
    Object.entries(found).map(([section, lines]) => [replace(section), lines.map(replace).sort()]),
  )
}
