import type { ExecutionContext } from 'ava'
import type { OpenOptions, Sandbox, Slipway } from 'slipway'
import { execIn, World } from '../helpers/world.js'
import { calls, type CallName } from './calls.js'
import type { Order } from './child.js'
import { Connections } from './connections.js'
import { look, type Look } from './look.js'
import { areThere, becomes, isAtRest, settledLook, type States } from './recovery.js'
import { NEVER, Victims } from './victims.js'

/** What a process was killed at, and what open() made of what it had left. */
export type Outcome = string

/** A host on which processes are killed, again and again. Two sandboxes that were finished are there all along. */
export class Rounds {
  readonly #t: ExecutionContext
  readonly #world: World
  readonly #victims: Victims
  readonly #open: OpenOptions
  readonly #states = new Map<CallName, { before: Look; after: Look }>()
  #connections: Connections | undefined

  private constructor(t: ExecutionContext) {
    this.#t = t
    this.#world = new World(t)
    this.#victims = new Victims(t, 1)
    this.#open = { netns: this.#world.host.path, stateDir: this.#world.stateDir }
  }

  /** A host with two sandboxes and a network. */
  static async on(t: ExecutionContext): Promise<Rounds> {
    const rounds = new Rounds(t)
    await rounds.#furnish()
    return rounds
  }

  /** A host that has nothing of Slipway's. */
  static onNew = (t: ExecutionContext): Rounds => new Rounds(t)

  async #furnish(): Promise<void> {
    const slipway = await this.#world.open()
    await slipway.networks.create({ name: 'web', subnets: [{ subnet: '10.7.0.0/24' }, { subnet: 'fd00:7::/64' }] })
    const peer = await this.#world.create(slipway, 'peer')
    await peer.connect('web')
    await this.#world.create(slipway, 'stays', { network: 'web', publish: ['7000:80'] })
    this.#connections = new Connections(this.#t, this.#world, peer)
    await slipway.close({ wait: true })
  }

  /** Removes what calls have made: what the next one begins with is not to depend on it. */
  async clear(): Promise<void> {
    const slipway = await this.#world.open()
    const sandboxes = await slipway.sandboxes.list()
    await Promise.all(sandboxes.filter(({ name }) => !this.#isKept(name)).map((sandbox) => sandbox.remove()))
    await slipway.close({ wait: true })
  }

  /** Sees what is there before and after a call that nobody disturbs. @returns how many calls of the kernel it is. */
  async learn(name: CallName): Promise<number> {
    const begin = await this.#prepare(name)
    const before = await settledLook(this.#world, begin)
    await begin.close({ wait: true })
    const { calls: made } = await this.#victims.run(this.#order(name, NEVER))
    const end = await this.#world.open()
    const after = await settledLook(this.#world, end)
    await end.close({ wait: true })
    this.#t.true(made > 0)
    this.#states.set(name, { before, after })
    return made
  }

  /**
   * Kills a process in place of this one of its calls, and then the one that opens the host after it, where that is
   * wanted.
   *
   * @returns Nothing where the last of them has lived.
   */
  async kill(name: CallName, before: number, openerBefore?: number): Promise<Outcome | undefined> {
    const slipway = await this.#prepare(name)
    const sandboxes = await slipway.sandboxes.list()
    await slipway.close({ wait: true })
    const first = await this.#victims.run(this.#order(name, before))
    let { killed } = first
    let what = `${before} ${killed ?? 'none'}`
    if (openerBefore !== undefined) {
      ;({ killed } = await this.#victims.run({ open: this.#open, before: openerBefore, from: 'open' }))
      what += `, opener ${openerBefore} ${killed ?? 'none'}`
    }
    const outcome = await this.#isWhole(name, `${name}: ${what}`, sandboxes, first.said.includes('done'))
    return killed && `${what}: ${outcome}`
  }

  /** Kills a process that opens the host once something has been damaged, in place of this one of its calls. */
  async killHealing(damage: string, before: number): Promise<Outcome | undefined> {
    const slipway = await this.#world.open()
    await calls.disconnect.ready(slipway, this.#nameOf)
    const whole = await settledLook(this.#world, slipway)
    const sandboxes = await slipway.sandboxes.list()
    await slipway.close({ wait: true })
    execIn(this.#world.host, 'sh', '-ec', damage)
    const { killed } = await this.#victims.run({ open: this.#open, before, from: 'open' })
    const what = `${before} ${killed ?? 'none'}`
    await this.#recovers(`${damage}: ${what}`, sandboxes, () => ({ whole }))
    return killed && what
  }

  #nameOf = (name: string) => this.#world.name(name)

  #order(name: CallName, before: number): Order {
    return { call: { name, prefix: this.#world.prefix }, open: this.#open, before, from: 'call' }
  }

  /** Makes what is there before a call. */
  async #prepare(name: CallName): Promise<Slipway> {
    const slipway = await this.#world.open()
    await calls[name].ready(slipway, this.#nameOf)
    // With what goes on behind the callers' backs.
    await slipway.close({ wait: true })
    // What stays of a host once it has been used.
    if (calls[name].first)
      execIn(
        this.#world.host,
        'sh',
        '-c',
        'nft flush ruleset; ip link delete docker0 2>/dev/null; sysctl -qw net.ipv4.ip_forward=0',
      )
    return this.#world.open()
  }

  async #isWhole(name: CallName, what: string, sandboxes: readonly Sandbox[], isDone: boolean): Promise<Outcome> {
    const states = this.#states.get(name)
    if (!states) throw new Error(`nobody has seen ${name}`)
    const { before, after } = states
    const { subjects, first } = calls[name]
    // The state in which all are there is the richer one.
    const full = JSON.stringify(before).length > JSON.stringify(after).length ? before : after
    return this.#recovers(
      what,
      sandboxes.filter((sandbox) => !this.#mayGo(name, sandbox)),
      (there) =>
        subjects
          ? { some: only(full, subjects.map(this.#nameOf), there) }
          : {
              ...(isDone ? {} : { before }),
              after,
              ...(first ? firstStates(before, only(after, [this.#nameOf('app')], there)) : {}),
            },
    )
  }

  /** Whether a call may take a sandbox away. */
  #mayGo = (name: CallName, sandbox: Sandbox): boolean => name.includes('remove') && !this.#isKept(sandbox.name)

  /** One of those that are there all along. */
  #isKept = (name: string): boolean => ['stays', 'peer'].some((one) => name === this.#nameOf(one))

  /**
   * The next open() makes the host whole: it is one of these states, as far as the kernel and the records go; every
   * sandbox that had been finished is there; and real connections reach each of them, and nobody else.
   */
  async #recovers(
    what: string,
    finished: readonly Sandbox[],
    states: (there: readonly Sandbox[]) => States,
  ): Promise<Outcome> {
    const t = this.#t
    const slipway = await this.#world.open()
    const there = await slipway.sandboxes.list()
    areThere(t, what, finished, there)
    const state = await becomes(t, what, states(there), () => look(this.#world, slipway))
    await this.#connections?.reach(t, there, what)
    this.#connections?.leave(there.filter(({ name }) => this.#isKept(name)))
    await isAtRest(t, what, this.#world)
    await slipway.close({ wait: true })
    return state
  }
}

/** A look without what is of subjects that are not there. */
function only(full: Look, subjects: readonly string[], there: readonly Sandbox[]): Look {
  const absent = subjects.filter((name) => !there.some((one) => one.name === name))
  const mentions = (line: string) => absent.some((name) => new RegExp(`${name}(?![\\w-])`).test(line))
  return Object.fromEntries(
    Object.entries(full)
      .filter(([section]) => !absent.includes(section.replace('in ', '')))
      .map(([section, lines]) => [section, lines.filter((line) => !mentions(line))]),
  )
}

/** What a host is on the way to its first sandbox: it has its ruleset, and then its network. */
const firstStates = (before: Look, without: Look): States => ({
  without,
  'the ruleset': { ...before, ...pick(without, 'ruleset') },
  // Its own, whoever makes it then, and whichever it chooses.
  'the ruleset, and what its network has claimed': {
    ...before,
    ...pick(without, 'ruleset'),
    elements: (without['elements'] ?? []).filter((line) => /^inet (macs|subnets4) .*"comment":"bridge"/.test(line)),
  },
})

const pick = (look: Look, ...sections: string[]): Look =>
  Object.fromEntries(Object.entries(look).filter(([section]) => sections.includes(section)))
