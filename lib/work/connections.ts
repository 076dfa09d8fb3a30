import { stackNamed } from '../drivers/index.js'
import type { StackPlace } from '../drivers/stack.js'
import { deleteUnfiltered } from '../drivers/plans/delete-unfiltered.js'
import { connectEndpoint, disconnectEndpoint } from '../drivers/plans/connect.js'
import { interfaceFor } from '../drivers/free-interface.js'
import type { StoredEndpoint, EndpointRequest } from '../store/endpoint.js'
import { mappedPorts } from '../drivers/gateway.js'
import { movedPorts } from '../drivers/forwarded-ports.js'
import { waiting } from '../base/call.js'
import { invalid, SlipwayError } from '../base/errors.js'
import type { Host } from '../kernel/host.js'
import type { ForwardedPort, Namespace } from '../plan/operation.js'
import type { RecordChange } from '../drivers/record-change.js'
import type { PortMapping } from '../base/port-mapping.js'
import { PortGuesses } from '../claims/ports/port-guesses.js'
import { ownerComment } from '../store/owner.js'
import type { SandboxRecord } from '../store/records.js'
import type { Context } from './context.js'
import { draftEndpoint } from './draft-endpoint.js'
import { interfaceKey, type Removal } from './removals.js'
import { deleteUnfilteredLinks } from './delete-unfiltered-links.js'
import type { Changes, RecordUpdate } from './changes.js'
import { renewFiles } from './files.js'
import { reroute, type Reroute } from './reroute.js'
import { takeBackFresh } from './take-back.js'
import type { Guesses } from './remedies.js'
import { now, sleep } from '../base/timers.js'

/** Endpoints that come and go on a sandbox that stays. */

/** An interface that goes is gone after some 20 ms: this long it is waited for, looking at it again after so many. */
const PATIENCE_MS = 500
const STEP_MS = 5

/**
 * One more endpoint.
 *
 * @returns It, and sandboxes that could not be given the routes through a router, a sentence each.
 */
export async function connectSandbox(
  context: Context,
  changes: Changes,
  network: string,
  asked: EndpointRequest,
): Promise<{ endpoint: StoredEndpoint; warnings: readonly string[] }> {
  const guesses: EndpointGuesses = { randomMac: false, ports: new PortGuesses() }
  let endpoint: StoredEndpoint | undefined
  let left: readonly ForwardedPort[] = []
  let routes: Reroute | undefined
  try {
    await changes.make(async (record) => {
      checkConnectable(record, network, 'connect')
      const update = await connectUpdate(context, record, network, asked, guesses)
      endpoint = update.endpoint
      left = update.left
      routes = update.routes
      return update
    }, context.call)
  } catch (error) {
    await routes?.takeBack()
    await takeBackFresh(context)
    throw error
  }
  context.networks.fresh.clear()
  const { record } = changes.stored
  const warnings = (await routes?.settle(record)) ?? []
  context.removals.forget(left)
  await context.resolvers.attend(record.endpoints)
  await renewFiles(context, record)
  if (!endpoint) throw new RangeError('connected, and no endpoint')
  return { endpoint, warnings }
}

/** One endpoint less. @throws {SlipwayError} `NOT_FOUND` when the sandbox is not on the network. */
export async function disconnectSandbox(context: Context, changes: Changes, network: string): Promise<void> {
  let leave: (() => Promise<void>) | undefined
  let routes: Reroute | undefined
  const guesses = new PortGuesses()
  await changes.make((record) => {
    checkConnectable(record, network, 'disconnect')
    const endpoint = endpointOn(record, network)
    const update = disconnectUpdate(context, record, endpoint, guesses)
    const free = () => context.networks.release(endpoint)
    routes = update.routes
    leave = async () => {
      await update.off()
      context.removals.begin({ key: interfaceKey(record, endpoint.interface), ...update.left(), free })
      await context.networks.leave(endpoint)
    }
    return update
  }, context.call)
  await routes?.settle(changes.stored.record)
  await leave?.()
}

/** What can be connected to a network at all. @throws {SlipwayError} `INVALID_ARGUMENT` with docker's reasons. */
function checkConnectable(record: SandboxRecord, network: string, what: 'connect' | 'disconnect'): void {
  const { name } = record
  const stack = stackNamed(network)
  if (stack?.driver.unjoinable !== undefined) {
    throw invalid(
      what === 'connect'
        ? `connect: ${stack.driver.unjoinable}: a sandbox cannot be connected to "${network}", only created with it.`
        : `disconnect: a sandbox cannot leave the network "${network}" that it was created with. Remove it.`,
    )
  }
  const why = stackNamed(record.network)?.driver.unconnectable
  if (why)
    throw invalid(
      `${what}: the sandbox ${name} cannot be ${what}ed ${what === 'connect' ? 'to' : 'from'} ${network}: ${why}.`,
    )
}

/** What attempts before have shown: also of ports that move to the new endpoint. */
interface EndpointGuesses extends Guesses {
  /** Names of links that stand in the way: the sandbox has made them itself. */
  links?: ReadonlySet<string>
}

/** One more endpoint. @returns Also the ports that have led to another endpoint. */
async function connectUpdate(
  context: Context,
  record: SandboxRecord,
  network: string,
  asked: EndpointRequest,
  guesses: EndpointGuesses,
): Promise<RecordUpdate & { endpoint: StoredEndpoint; left: ForwardedPort[]; routes: Reroute }> {
  const { name, endpoints, ports, path } = record
  const { call } = context
  const ready = await waiting(call, Promise.resolve(context.networks.ready(network)), `the network ${network}`)
  // The interface of a network that it has left may have the name that is next.
  const leaving = context.removals.of(
    interfaceKey(record, interfaceFor(asked, ready.spec.interfacePrefix, endpoints, guesses.links)),
  )
  if (leaving) await waiting(call, leaving, 'the interface of a network that it has left')
  if (endpoints.some((endpoint) => endpoint.networkId === ready.spec.id)) {
    throw new SlipwayError(
      'CONFLICT',
      `The sandbox ${name} is on the network ${ready.spec.name} already. Disconnect it first to change its endpoint: slipway disconnect ${name} ${ready.spec.name}.`,
    )
  }
  const draft = await draftEndpoint(context, ready, asked, endpoints, guesses.randomMac, guesses.links)
  const { endpoint } = draft
  const after = [...endpoints, endpoint]
  const moved = moveMappings(context, name, mappedPorts(endpoints, ports), mappedPorts(after, ports))
  const routes = reroute(context, record, after)
  const release = () => {
    draft.release()
    moved.release()
  }
  return {
    endpoint,
    routes,
    left: movedPorts(endpoints, ports, after),
    // A process that dies in the middle leaves an endpoint that the record knows.
    during: { endpoints: after, changing: endpoint.id },
    next: { ...record, endpoints: after },
    plan: (change, namespace) =>
      connectEndpoint(changed(record, change, namespace, routes), endpoint, draft.circumstances),
    settle() {
      draft.settle()
      moved.settle()
    },
    foreign: moved.foreign,
    release,
    tried: { guesses, endpoint: { asked, network: ready, circumstances: draft.circumstances } },
    async remedy({ operation, errnoName }) {
      if (operation.op !== 'link.create' || errnoName !== 'EEXIST') return undefined
      if (!(await isGoing(context.host, record, endpoint.interface)))
        guesses.links = new Set((await context.host.find('links', { netns: path }))?.map((link) => link.name))
      return 'again'
    },
  }
}

/** The sandbox that a plan changes. */
const changed = (
  record: SandboxRecord,
  change: RecordChange,
  namespace: Namespace | undefined,
  { moves }: Reroute,
) => ({
  path: record.path,
  namespace,
  endpoints: record.endpoints,
  ports: record.ports,
  owner: ownerComment(record.name, record.id),
  forwarding: record.forwarding,
  record: change,
  routes: moves,
})

/** Whether an interface that stands in the way goes at this moment, as one that another process has disconnected. */
async function isGoing(host: Host, { path }: SandboxRecord, name: string): Promise<boolean> {
  const deadline = now() + PATIENCE_MS
  while (await host.find('link', { netns: path, name })) {
    if (now() > deadline) return false
    await sleep(STEP_MS)
  }
  return true
}

/** One endpoint less. @returns Also what comes next when that is done, and what is left to do then. */
function disconnectUpdate(
  context: Context,
  record: SandboxRecord,
  endpoint: StoredEndpoint,
  guesses: PortGuesses,
): RecordUpdate & { off: () => Promise<void>; left: () => Pick<Removal, 'plan' | 'claims'>; routes: Reroute } {
  const { name, endpoints, ports, path, foreign } = record
  const after = endpoints.filter((other) => other !== endpoint)
  const moved = moveMappings(context, name, mappedPorts(endpoints, ports), mappedPorts(after, ports))
  const routes = reroute(context, record, after)
  let left: Pick<Removal, 'plan' | 'claims'> = { plan: [] }
  let place: StackPlace = { path, foreign }
  return {
    during: { changing: endpoint.id },
    next: { ...record, endpoints: after },
    async plan(change, namespace) {
      place = { ...place, namespace }
      const leaving = disconnectEndpoint(
        changed(record, change, namespace, routes),
        endpoint,
        await deleteUnfiltered(context.host, place, [endpoint], after),
      )
      left = { plan: leaving.rest, claims: leaving.claims }
      return leaving.first
    },
    ...moved,
    tried: { guesses: { ports: guesses, randomMac: false } },
    off: () => deleteUnfilteredLinks(context.host, name, place, [endpoint], after),
    left: () => left,
    routes,
  }
}

/** Takes in this process's table what a change of endpoints maps anew, and gives back what it no longer maps. */
function moveMappings(
  { ports, holders }: Context,
  name: string,
  before: readonly PortMapping[],
  after: readonly PortMapping[],
) {
  const gone = before.filter((mapping) => !after.includes(mapping))
  // What another has is not taken: the kernel's claim says whose it is.
  const more = after.filter((mapping) => !before.includes(mapping))
  const taken = more.filter((mapping) => !ports.take(mapping, name))
  if (more.length > 0) holders.join()
  return {
    foreign: holders.foreign(gone),
    settle() {
      for (const mapping of gone) ports.release(mapping)
      for (const mapping of taken) ports.settle(mapping)
    },
    release() {
      for (const mapping of taken) ports.release(mapping)
    },
  }
}

/**
 * By the network's name, id or the beginning of its id. @throws {SlipwayError} `NOT_FOUND` when the sandbox is not on
 * it; `CONFLICT`.
 */
function endpointOn({ name, endpoints }: SandboxRecord, network: string): StoredEndpoint {
  const named = endpoints.find((endpoint) => endpoint.network === network)
  if (named) return named
  const [one, other] = /^[0-9a-f]+$/.test(network)
    ? endpoints.filter((endpoint) => endpoint.networkId.startsWith(network))
    : []
  if (one && other)
    throw new SlipwayError(
      'CONFLICT',
      `Several networks of the sandbox ${name} have an id that begins with ${network}: ${one.network}, ${other.network}. Give more digits, or a name.`,
    )
  if (one) return one
  throw new SlipwayError(
    'NOT_FOUND',
    `The sandbox ${name} is not on the network ${network}. It is on ${endpoints.map((endpoint) => endpoint.network).join(', ') || 'none'}.`,
  )
}
