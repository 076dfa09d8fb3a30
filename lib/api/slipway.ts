import { ForwardingWatch } from '../work/forwarding.js'
import type { InspectOptionsStylized } from 'node:util'
import { beginCall, callChecks, type Call, type CallOptions } from '../base/call.js'
import { checkOptions, checks } from '../base/checks.js'
import { descriptorLimit } from '../base/descriptor-limit.js'
import { mappedPorts } from '../drivers/gateway.js'
import { EventHub, type Doer } from '../events/hub.js'
import type { EventOptions } from '../events/filters.js'
import type { SlipwayEvent } from '../events/event.js'
import { Host } from '../kernel/host.js'
import type { NameOptions } from '../base/name-options.js'
import { Resolvers, type ServedCounts } from '../names/resolvers.js'
import { Networks } from './networks/networks.js'
import { NetworkRegistry } from '../networks/registry.js'
import { RouterRoutes } from '../networks/router-routes.js'
import { readOpenOptions, type OpenOptions } from './options.js'
import type { Settings } from '../base/settings.js'
import { Pool } from './pool.js'
import { checkDescriptors } from '../work/pool/options.js'
import { Spares } from '../work/pool/spares.js'
import { DynamicPorts } from '../claims/ports/dynamic-ports.js'
import { Holders } from '../claims/ports/holders.js'
import { PortTable } from '../claims/ports/port-table.js'
import {
  collectFormerHosts,
  DamageWatch,
  findOtherHosts,
  ParentWatch,
  reconcile,
  repairRuleset,
  type Reconciled,
} from '../heal/index.js'
import { hostPath, withCall, Work, type Context } from '../work/context.js'
import { routesFile, stateFolder, stateFolders } from '../store/state-folder.js'
import { collectFiles, listFilesFolders } from '../work/files.js'
import { isLeft, Ephemerals } from '../work/ephemerals.js'
import { Removals } from '../work/removals.js'
import { Quarantine } from '../work/quarantine.js'
import { LimitsWatch } from '../work/limits-watch.js'
import { FirewallWatch } from '../firewalls/watch.js'
import { Reaper } from '../work/reaper.js'
import { Sandboxes } from './sandboxes/sandboxes.js'
import { explained } from '../claims/refusals.js'
import { inWords } from '../base/shortage.js'
import type { StoredRecord } from '../store/records.js'
import { requireOwnFolders } from '../store/own-folder.js'
import { SHOWN, shown } from '../base/shown.js'
import { removeState, requireReadableRecords, takeDown, type TakenDown } from '../work/take-down.js'
import { SlipwayError } from '../base/errors.js'
import { Turns } from '../admission/turns.js'

/** What a {@link Slipway} says of itself to JSON.stringify(). */
export interface SlipwayFacts {
  /** Path of the namespace that is "the host". */
  netns: string
  /** Where records are kept. */
  stateDir: string
  /** Name of the default bridge. */
  bridgeName: string
  /** Whether `close()` was called. */
  closed: boolean
  /** As the property of that name. */
  reconciled: Reconciled
}

/**
 * Container networking on one host, from inside this process.
 *
 * @example
 * await using slipway = await Slipway.open()
 * const app = await slipway.sandboxes.create({ name: 'app', publish: ['8080:80'] })
 */
export class Slipway {
  readonly #context: Context
  #leaving: Promise<void> | undefined

  /** The networks of this host. */
  readonly networks: Networks
  /** The sandboxes of this host. */
  readonly sandboxes: Sandboxes
  /** Sandboxes made ahead of need, where the option `pool` asks for some. */
  readonly pool: Pool
  /** What open() found of earlier processes, and what it cleaned up after them. */
  readonly reconciled: Reconciled

  private constructor(context: Context, reconciled: Reconciled) {
    this.#context = context
    this.reconciled = reconciled
    this.networks = new Networks(context)
    this.sandboxes = new Sandboxes(context)
    this.pool = new Pool(context.spares)
  }

  /**
   * Opens a host: adopts what earlier processes left, and cleans up after those that died. Bridge and ruleset are made
   * on first use.
   *
   * @throws {SlipwayError} `INVALID_ARGUMENT`, `NOT_FOUND` (no such namespace), `PERMISSION` (which capability, and
   * how to get it), `UNSUPPORTED` (a kernel without nf_tables), `CONFLICT` (another version's ruleset)
   */
  static open(options: OpenOptions = {}): Promise<Slipway> {
    return Slipway.#called(options, true)
  }

  /**
   * As {@link open}, for a process that leaves again at once: it leaves ports that nobody holds, and names that nobody
   * serves, to one that stays.
   *
   * @param watches - Whether it listens to what others damage all the same, and tells of it (`heal: false`).
   * @internal
   */
  static visit(options: OpenOptions, watches = false): Promise<Slipway> {
    return Slipway.#called(watches ? { ...options, heal: false } : options, false, watches)
  }

  static async #called(options: OpenOptions, stays: boolean, watches = stays): Promise<Slipway> {
    const call = beginCall('Slipway.open', options)
    try {
      call?.check()
      return await Slipway.#open(options, stays, watches, call)
    } catch (error) {
      throw call?.isReason(error) ? error : inWords(error)
    } finally {
      call?.end()
    }
  }

  static async #open(options: OpenOptions, stays: boolean, watches: boolean, call: Call | undefined): Promise<Slipway> {
    const settings = readOpenOptions(options)
    checkDescriptors(settings.pool, descriptorLimit())
    const host = new Host(settings.netns)
    const context = makeContext(host, settings, stays)
    try {
      requireOwnFolders(settings.stateDir, stateFolders(host))
      context.holders.look()
      if (watches) context.damageWatch.listen()
      const folders = await listFilesFolders(context.files)
      const others = await findOtherHosts(settings, host)
      const { reconciled, damagedRecords, links, networks, ...found } = await reconcile(withCall(context, call), stays)
      call?.check()
      reconciled.collected.unshift(...collectFormerHosts(others))
      const kept = await withoutEphemeral(context, reconciled, found.kept)
      host.watchRuleset(() => repairRuleset(context))
      const records = kept.map(({ record }) => record)
      await collectFiles(context.files, folders, records, damagedRecords)
      if (watches) {
        const now = reconciled.healed.length > 0 ? await host.ask('links', {}) : links
        context.damageWatch.opened(links, now, kept, networks)
      }
      if (stays) {
        await context.holders.takeOver(records.flatMap(({ endpoints, ports }) => mappedPorts(endpoints, ports)))
        context.parentWatch.opened(links)
        await context.resolvers.open()
        call?.check()
        context.spares.open()
        context.ephemerals.open(context, collectLeft)
      }
      return new Slipway(context, reconciled)
    } catch (error) {
      const said = call?.isReason(error) ? error : await explained(error, host)
      await leave(context)
      throw said
    }
  }

  /**
   * What happens on the host from now on, whichever process does it: sandboxes, networks, endpoints and ports that
   * come, change and go; what was missing and is given back, or cannot be; warnings; the pool.
   *
   * It ends with {@link close}, or when the loop is left. Until then it keeps the process alive. Of what another
   * process makes and removes within a few milliseconds, nothing may be told.
   *
   * @example
   * for await (const { type, action, name } of slipway.events({ type: ['sandbox', 'network'] }))
   *   console.log(type, name, action)
   * @throws {SlipwayError} `INVALID_ARGUMENT`. What iterates rejects with the reason of an aborted `signal`.
   */
  events(options: EventOptions = {}): AsyncIterableIterator<SlipwayEvent> {
    return this.#context.events.subscribe(options)
  }

  /** @internal What has become of questions for names. */
  get resolverCounts(): ServedCounts {
    return this.#context.resolvers.served
  }

  /** @internal Folder of what runtimes have asked for while nobody could do it. */
  get queueFolder(): string {
    return stateFolder(this.#context.settings, this.#context.host, 'cni')
  }

  /**
   * Takes away all that Slipway has on this host: sandboxes, networks, bridge, tables, records; and leaves.
   *
   * @internal
   */
  async uninstall(): Promise<TakenDown> {
    const context = this.#context
    await requireReadableRecords(context)
    const removed: string[] = []
    for (const sandbox of await this.sandboxes.list())
      if (await isRemoved(sandbox)) removed.push(`sandbox ${sandbox.name}`)
    for (const network of await this.networks.list())
      if (network.userDefined && (await isRemoved(network))) removed.push(`network ${network.name}`)
    const found = await context.work.run(() => takeDown(context))
    await this.close({ wait: true })
    if (found.stays.length === 0) removeState(context.settings.stateDir, context.host.identity, found)
    return { ...found, removed: [...removed, ...found.removed] }
  }

  /**
   * Leaves: calls in flight end as they would have, further ones are refused with `CLOSED`. The networking stays as it
   * is, for the next open(). Called again, it is the same closing.
   *
   * @param options - `wait`: also for the kernel to have taken down what was removed. `signal`, `timeout`: while calls
   *   in flight are waited for. Given up then, it stays open; what comes after that comes to its end.
   * @throws {SlipwayError} With `wait`: the first thing that could not be taken down. The next open() tries again.
   */
  async close(options: { wait?: boolean } & CallOptions = {}): Promise<void> {
    checkOptions('close', options, { wait: checks.flag, ...callChecks })
    const call = beginCall('close', options)
    try {
      call?.check()
      await this.#context.work.close(call)
    } finally {
      call?.end()
    }
    return (this.#leaving ??= this.#leave(options.wait ?? false))
  }

  /** @internal Resolves once nothing has the names any more of what was removed before. */
  async awaitRemovals(): Promise<void> {
    await this.#context.removals.all()
  }

  async #leave(wait: boolean): Promise<void> {
    const { removals, reaper, ephemerals } = this.#context
    await ephemerals.close()
    const refused = await removals.close()
    await reaper.close(wait)
    await leave(this.#context)
    if (wait && refused.length > 0) throw refused[0]
  }

  /** What it is, for JSON.stringify(): which host is open, and whether it is still. */
  toJSON(): SlipwayFacts {
    const { settings } = this.#context
    return {
      netns: hostPath(settings),
      stateDir: settings.stateDir,
      bridgeName: settings.bridgeName,
      closed: this.#leaving !== undefined,
      reconciled: this.reconciled,
    }
  }

  /** @internal */
  [SHOWN](depth: number, options: InspectOptionsStylized, inspect: typeof import('node:util').inspect): string {
    const facts = this.toJSON()
    return shown('Slipway', facts.netns, facts, depth, options, inspect)
  }

  /** As {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Whether it was there. */
async function isRemoved(one: { remove(): Promise<void> }): Promise<boolean> {
  try {
    await one.remove()
    return true
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return false
    throw error
  }
}

/** Not in the scope of anything that holds the context: a timer calls it, which is not to keep a Slipway alive. */
const collectLeft = (context: Context) => context.work.run(() => context.ephemerals.collect(context))

/** Ephemeral sandboxes whose makers have ended go, and are none that were adopted. @returns The others. */
async function withoutEphemeral(
  context: Context,
  reconciled: Reconciled,
  kept: StoredRecord[],
): Promise<StoredRecord[]> {
  if (!kept.some(({ record }) => isLeft(record)) && !context.ephemerals.haveEnded()) return kept
  const gone = new Set(await context.ephemerals.collect(context))
  for (const name of gone) reconciled.collected.push(`sandbox ${name}: ephemeral, and its maker has ended, removed`)
  reconciled.adopted = reconciled.adopted.filter((name) => !gone.has(name))
  reconciled.healed = reconciled.healed.filter((name) => !gone.has(name))
  return kept.filter(({ record }) => !gone.has(record.name))
}

const defaultNames = ({ dns, dnsSearch, dnsOptions }: Settings): NameOptions => ({
  ...(dns ? { dns } : {}),
  ...(dnsSearch ? { dnsSearch } : {}),
  ...(dnsOptions ? { dnsOptions } : {}),
})

async function leave({
  spares,
  resolvers,
  parentWatch,
  damageWatch,
  firewallWatch,
  host,
  holders,
  forwarding,
  events,
}: Context): Promise<void> {
  await events.close()
  await spares.close()
  await resolvers.close()
  await parentWatch.close()
  await damageWatch.close()
  await firewallWatch.close()
  await forwarding.close()
  await host.close()
  holders.close()
}

/** @internal What the library works with on one host. */
export function makeContext(host: Host, settings: Settings, stays: boolean): Context {
  const folder = (what: Parameters<typeof stateFolder>[2]) => stateFolder(settings, host, what)
  const folders = { sandboxes: folder('sandboxes'), networks: folder('networks') }
  const events = new EventHub(folders, () => doer)
  const networks = new NetworkRegistry(host, settings, folders, events)
  const routes = new RouterRoutes(host, folders.sandboxes, routesFile(settings, host))
  const parentWatch = new ParentWatch({ host, settings, networks, records: folders.sandboxes, routes, events })
  const damageWatch = new DamageWatch({ host, settings, networks, records: folders.sandboxes, routes, events })
  const firewallWatch = new FirewallWatch({ host, networks }, events)
  const limits = new LimitsWatch(events, host)
  const doer: Doer = {
    did(before, after) {
      damageWatch.did(before, after)
      limits.did()
    },
    didNetwork: (before, after) => damageWatch.didNetwork(before, after),
    heard(isHeard) {
      firewallWatch.heard(isHeard)
      limits.heard(isHeard)
    },
  }
  const ephemerals = new Ephemerals(folder('ephemeral'), folders.sandboxes, folders.networks)
  return {
    host,
    settings,
    records: folders.sandboxes,
    files: folder('files'),
    networks,
    resolvers: new Resolvers(settings.netns, folders, stays, (specs) => {
      parentWatch.know(specs)
      ephemerals.heard()
    }),
    parentWatch,
    damageWatch,
    firewallWatch,
    names: defaultNames(settings),
    ports: new PortTable(),
    routes,
    dynamicPorts: new DynamicPorts(host),
    holders: new Holders(host, folder('holders')),
    spares: new Spares(host, networks, { pool: folder('pool'), sandboxes: folder('sandboxes') }, settings.pool, events),
    turns: new Turns(),
    reaper: new Reaper(host),
    removals: new Removals(host, new Quarantine(host)),
    forwarding: new ForwardingWatch(host, events),
    events,
    ephemerals,
    work: new Work(host),
  }
}
