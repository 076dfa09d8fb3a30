import { channel } from 'node:diagnostics_channel'
import { statSync } from 'node:fs'
import { Slices } from '../admission/slices.js'
import { removeIfThere, tryPlan } from '../claims/remove-if-there.js'
import {
  addRoute,
  changeRouter,
  changedRoutes,
  deleteRoute,
  hasRoute,
  neighbourhoodOf,
  routesOf,
  type RouteChange,
  type Routed,
} from '../drivers/routes.js'
import { checkNamespace } from '../drivers/stack.js'
import type { Host } from '../kernel/host.js'
import type { Plan } from '../plan/operation.js'
import { listRecords, readRecord, stackPlace, whenIdle, type SandboxRecord } from '../store/records.js'
import { printRoutes, readRoutes, type RouterRoute } from '../store/router-routes.js'

/** What the routes of all routers become, and the plan that says so. */
export interface RouterChange {
  plan: Plan
  gone: readonly RouterRoute[]
  fresh: readonly RouterRoute[]
}

/** Other processes change it, too: this many times it is looked at again. */
const TRIES = 16

/**
 * The routes through all routers of a host. A file has them, which a router's plan changes before it changes nf_tables.
 * So a process that hears of no change of nf_tables by others knows them: creations look at nothing. One that hears of
 * one looks at the file before its call returns.
 *
 * Sandboxes whose record is there when the router's plan is done get its routes from the router's process; those that
 * come later have them in their plan, or get them when their process looks.
 */
export class RouterRoutes {
  readonly #host: Host
  readonly #records: string
  readonly #path: string
  #stamp = ''
  #text: string | undefined
  #known: readonly RouterRoute[] = []
  #version = 0

  /** @param records - Folder of the sandboxes' records. @param path - Of the file. */
  constructor(host: Host, records: string, path: string) {
    this.#host = host
    this.#records = records
    this.#path = path
    host.hearOfOthers(() => this.look())
  }

  /** Other than before whenever the routes are. */
  get version(): number {
    return this.#version
  }

  get known(): readonly RouterRoute[] {
    return this.#known
  }

  /** Those that a sandbox has. */
  of(sandbox: Routed): readonly RouterRoute[] {
    return routesOf(sandbox, this.#known)
  }

  /** Learns what other processes have written, with one look where that is nothing. */
  look(): void {
    try {
      this.#look()
    } catch {
      // No descriptor is left, say. A plan that changes the file is refused then, and says why.
    }
  }

  #look(): void {
    const stat = statSync(this.#path, { throwIfNoEntry: false })
    const stamp = stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` : ''
    if (stamp === this.#stamp) return
    const { text, routes } = readRoutes(this.#path)
    this.#stamp = stamp
    if (text === this.#text) return
    this.#text = text
    this.#known = routes
    this.#version++
  }

  /** What changes with a router: nothing where it leads nowhere, before and after. */
  change(router: Routed): RouterChange | undefined {
    this.look()
    const next = changeRouter(router, this.#known)
    const isMeant = (state: RouterRoute['state']) => (one: RouterRoute) =>
      one.router === router.id && one.state === state
    const [gone, fresh] = [next.filter(isMeant('going')), next.filter(isMeant('coming'))]
    return gone.length + fresh.length === 0 ? undefined : { plan: this.#write(next), gone, fresh }
  }

  #write(next: readonly RouterRoute[]): Plan {
    const [path, content, expected] = [this.#path, printRoutes(next), this.#text]
    return [
      expected === undefined ? { op: 'file.create', path, content } : { op: 'file.replace', path, content, expected },
    ]
  }

  /** Whether a plan was refused as another process has changed the file. */
  isOvertaken({ operation, errnoName }: { operation: Plan[number]; errnoName: string }): boolean {
    return 'path' in operation && operation.path === this.#path && ['EEXIST', 'ESTALE', 'ENOENT'].includes(errnoName)
  }

  /**
   * After a plan with a change: sandboxes that are there get the routes, or lose them.
   *
   * @returns On those that could not be given some, a sentence each.
   */
  async spread({ gone, fresh }: Pick<RouterChange, 'gone' | 'fresh'>): Promise<string[]> {
    this.look()
    const places = new Set([...gone, ...fresh].map(({ on }) => on))
    const isMeant = ({ endpoints }: SandboxRecord) =>
      endpoints.some((endpoint) => places.has(neighbourhoodOf(endpoint) ?? ''))
    const warnings: string[] = []
    const slices = new Slices()
    for (const { record } of await listRecords(this.#records, () => undefined)) {
      if (!isMeant(record)) continue
      const pause = slices.next()
      if (pause) await pause
      const now = await whenIdle(() => readRecord(this.#records, record.name).catch(() => undefined))
      if (now?.record.id !== record.id) continue
      const due = this.of(now.record)
      const had = gone.filter((one) => now.record.endpoints.some((endpoint) => neighbourhoodOf(endpoint) === one.on))
      warnings.push(
        ...(await this.#give(now.record, {
          gone: had.filter((one) => !hasRoute(due, one)),
          fresh: due.filter((one) => hasRoute(fresh, one)),
        })),
      )
    }
    await this.#settle([...gone, ...fresh])
    for (const message of warnings) warn(message)
    return warnings
  }

  /** The routes of a router that was not made after all. */
  async takeBack({ fresh }: RouterChange): Promise<void> {
    await this.spread({ gone: fresh, fresh: [] }).catch(() => undefined)
  }

  /** A sandbox whose plan was made while others changed routes. @param had - Those that it has. */
  async correct(sandbox: SandboxRecord, had: readonly RouterRoute[]): Promise<void> {
    const { gone, fresh } = changedRoutes(had, this.of(sandbox))
    for (const message of await this.#give(sandbox, { gone, fresh })) warn(message)
  }

  /** One by one: what its processes do inside keeps it from one route, and not from another. */
  async #give(sandbox: SandboxRecord, { gone, fresh }: RouteChange): Promise<string[]> {
    const { path } = sandbox
    const check = checkNamespace(stackPlace(sandbox))
    const warnings: string[] = []
    for (const one of gone) await removeIfThere(this.#host, [...check, deleteRoute(path, one)]).catch(() => undefined)
    for (const one of fresh) {
      const refused = await tryPlan(this.#host, [...check, addRoute(path, one)])
      if (!refused || refused.errnoName === 'EEXIST') continue
      warnings.push(
        `The sandbox ${sandbox.name} has no route to ${one.to} through the router ${one.via}: inside, the kernel refused it (${refused.errnoName}). Its processes may have changed links or routes. To give it the route: ip -n ${sandbox.name} route add ${one.to} via ${one.via}`,
      )
    }
    return warnings
  }

  /** What was being given has been given, and what was being taken is forgotten. */
  async #settle(done: readonly RouterRoute[]): Promise<void> {
    for (let tried = 0; tried < TRIES; tried++) {
      this.look()
      const next = this.#known.flatMap(({ state, ...route }): RouterRoute[] => {
        if (state === undefined || !hasRoute(done, route)) return [{ ...route, ...(state ? { state } : {}) }]
        return state === 'going' ? [] : [route]
      })
      if (this.#text === undefined || printRoutes(next) === this.#text) return
      const refused = await tryPlan(this.#host, this.#write(next))
      if (refused && this.isOvertaken(refused)) continue
      this.look()
      return
    }
  }

  /**
   * Makes true what the records say: which routers there are, and that what another process had begun is done.
   *
   * @param sandboxes - Those that there are.
   * @param busy - Ids of those that a living process is at work on, which sees to their routes itself.
   */
  async heal(sandboxes: readonly Routed[], busy: ReadonlySet<string>): Promise<void> {
    this.look()
    if (this.#known.length === 0 && !sandboxes.some(({ forwarding }) => forwarding)) return
    for (let tried = 0; tried < TRIES; tried++) {
      this.look()
      const routers = new Map<string, Routed>(this.#known.map(({ router }) => [router, { id: router, endpoints: [] }]))
      for (const sandbox of sandboxes) if (sandbox.forwarding) routers.set(sandbox.id, sandbox)
      let next = this.#known
      for (const router of routers.values()) if (!busy.has(router.id)) next = changeRouter(router, next)
      const isMeant = ({ router }: RouterRoute) => !busy.has(router)
      const gone = next.filter((one) => one.state === 'going' && isMeant(one))
      const fresh = next.filter((one) => one.state === 'coming' && isMeant(one))
      if (gone.length + fresh.length === 0) return
      if (printRoutes(next) !== this.#text) {
        const refused = await tryPlan(this.#host, this.#write(next))
        if (refused && this.isOvertaken(refused)) continue
      }
      await this.spread({ gone, fresh })
      return
    }
  }
}

const messages = channel('slipway:warning')

const warn = (message: string): void => {
  if (messages.hasSubscribers) messages.publish({ setting: '', message })
}
