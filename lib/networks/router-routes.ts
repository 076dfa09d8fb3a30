import { channel } from 'node:diagnostics_channel'
import { lstatSync, rmSync } from 'node:fs'
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
import type { StoredEndpoint } from '../store/endpoint.js'
import {
  isBusy,
  isInTheMaking,
  isLeaving,
  listAllRecords,
  listRecords,
  readRecord,
  stackPlace,
  whenIdle,
  type SandboxRecord,
} from '../store/records.js'
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
  #strange = false
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
    const stamp = this.#stampNow()
    if (stamp === this.#stamp) return
    const { text, routes, strange = false } = readRoutes(this.#path)
    this.#stamp = stamp
    this.#strange = strange
    if (text === this.#text) return
    this.#text = text
    this.#known = routes
    this.#version++
  }

  #stampNow(): string {
    const stat = lstatSync(this.#path, { throwIfNoEntry: false })
    return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` : ''
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
    // Where another process was faster, the plan is refused, and it is looked at again.
    if (this.#strange && this.#stampNow() === this.#stamp) rmSync(path, { recursive: true, force: true })
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
    const changed = [...gone, ...fresh]
    const warnings: string[] = []
    const slices = new Slices()
    for (const { record } of await listRecords(this.#records, () => undefined)) {
      if (!record.endpoints.some((endpoint) => isOn(changed, endpoint))) continue
      const pause = slices.next()
      if (pause) await pause
      warnings.push(...(await this.#renew(record, changed)))
    }
    await this.#settle(changed)
    for (const message of warnings) warn(message)
    return warnings
  }

  /** Another process may change the same routes: the one that is last to look has it as the file says. */
  async #renew({ id, name }: SandboxRecord, changed: readonly RouterRoute[]): Promise<string[]> {
    for (let tried = 1; ; tried++) {
      const now = await whenIdle(() => readRecord(this.#records, name).catch(() => undefined))
      if (now?.record.id !== id) return []
      this.look()
      const version = this.#version
      const due = this.of(now.record)
      const had = changed.filter((one) => now.record.endpoints.some((endpoint) => isOn([one], endpoint)))
      const warnings = await this.#give(now.record, {
        gone: had.filter((one) => !hasRoute(due, one)),
        fresh: due.filter((one) => hasRoute(changed, one)),
      })
      this.look()
      if (version === this.#version || tried === TRIES) return warnings
    }
  }

  /** A router was not changed after all. @param router - As it is. */
  async takeBack(router: Routed, { fresh }: RouterChange): Promise<void> {
    try {
      const change = this.change(router)
      if (change) await tryPlan(this.#host, change.plan)
      await this.spread({ gone: [...fresh, ...(change?.gone ?? [])], fresh: change?.fresh ?? [] })
    } catch {
      // The next open() does it.
    }
  }

  /** A sandbox whose plan was made while others changed routes. @param had - Those that it has. */
  async correct(sandbox: SandboxRecord, had: readonly RouterRoute[]): Promise<void> {
    const { gone, fresh } = changedRoutes(had, this.of(sandbox))
    for (const message of await this.#give(sandbox, { gone, fresh })) warn(message)
  }

  /** At once, or one by one: what its processes do inside may keep it from one route, and not from another. */
  async #give(sandbox: SandboxRecord, { gone, fresh }: RouteChange): Promise<string[]> {
    const { path } = sandbox
    const check = checkNamespace(stackPlace(sandbox))
    const warnings: string[] = []
    if (gone.length + fresh.length === 0) return warnings
    const all = [
      ...gone.map((one) => ({ ...deleteRoute(path, one), optional: true }) as const),
      ...fresh.map((one) => addRoute(path, one)),
    ]
    if (!(await tryPlan(this.#host, [...check, ...all]))) return warnings
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
   * Makes true what the records say: which routers there are, and that what another process had begun is done. What a
   * living process is at work on, it sees to itself.
   *
   * @param some - Whether there may be routers.
   */
  async heal(some: boolean): Promise<void> {
    this.look()
    if (this.#known.length === 0 && !some) return
    for (let tried = 0; tried < TRIES; tried++) {
      // The file first: a router's process says that it is at work on it before it changes the file. One that changes
      // it after this look has the plan below refused.
      this.look()
      const routers = await this.#routers()
      if (!routers) return
      let next = this.#known
      for (const router of routers) next = changeRouter(router, next)
      const isMeant = (state: RouterRoute['state']) => (one: RouterRoute) =>
        one.state === state && routers.some(({ id }) => id === one.router)
      const [gone, fresh] = [next.filter(isMeant('going')), next.filter(isMeant('coming'))]
      if (gone.length + fresh.length === 0) return
      if (printRoutes(next) !== this.#text) {
        const refused = await tryPlan(this.#host, this.#write(next))
        if (refused && this.isOvertaken(refused)) continue
      }
      await this.spread({ gone, fresh })
      return
    }
  }

  /**
   * Those that no living process is at work on, without endpoints where they have gone. Nothing is known where a record
   * cannot be read.
   */
  async #routers(): Promise<Routed[] | undefined> {
    const known = new Set(this.#known.map(({ router }) => router))
    const found: Routed[] = []
    let damaged = false
    for (const item of await listAllRecords(this.#records, () => (damaged = true))) {
      const { id, removing, forwarding } = item.record
      if (isBusy(item.record) || isLeaving(item.record) || (!removing && isInTheMaking(item))) known.delete(id)
      else if (forwarding && !removing) {
        known.delete(id)
        found.push(item.record)
      }
    }
    return damaged ? undefined : [...found, ...[...known].map((id) => ({ id, endpoints: [] }))]
  }
}

/** Whether some of them are for neighbours of an endpoint. */
const isOn = (routes: readonly RouterRoute[], endpoint: StoredEndpoint): boolean => {
  const place = neighbourhoodOf(endpoint)
  return routes.some(({ on }) => on === place)
}

const messages = channel('slipway:warning')

const warn = (message: string): void => {
  if (messages.hasSubscribers) messages.publish({ setting: '', message })
}
