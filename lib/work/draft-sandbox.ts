import { waiting } from '../base/call.js'
import { invalid } from '../base/errors.js'
import { randomId } from '../base/random-id.js'
import { timestamp } from '../base/timestamp.js'
import type { PortMapping } from '../base/port-mapping.js'
import { mappedPorts } from '../drivers/gateway.js'
import { joiningText } from '../drivers/index.js'
import { createSandbox } from '../drivers/plans/create.js'
import { joinSandbox } from '../drivers/plans/join.js'
import { takeSpare } from '../drivers/plans/spare.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import type { Plan } from '../plan/operation.js'
import { thisPids, thisProcess } from '../store/maker.js'
import { asOfNow, inThisBoot } from '../store/namespace.js'
import { ownerComment } from '../store/owner.js'
import type { RouterRoute } from '../store/router-routes.js'
import { idle, stackPlace, toStored, whenIdle, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { hostPath, NETNS_FOLDER, type Context } from './context.js'
import type { CreateRequest } from './create-request.js'
import { draftEndpoint, takeEndpoint } from './draft-endpoint.js'
import { findSandbox } from './find.js'
import { checkGivenNamespace } from './given-namespace.js'
import { inheritPorts } from './inherit-ports.js'
import type { ReadySpare } from './pool/network-pool.js'
import { claimPublished } from './publish.js'
import type { Guesses, TriedPlan } from './remedies.js'

/** A sandbox as it would be: its plan, its record, and what it has taken in this process's tables. */
export interface Draft {
  plan: Plan
  stored: StoredRecord
  /** What it begins with, if not with nothing. */
  spare?: ReadySpare | undefined
  endpoint?: TriedPlan['endpoint']
  /** Routes through routers that are in its plan, and as of which version of them. */
  routes?: { given: readonly RouterRoute[]; version: number }
  /** The kernel has what the draft has taken in this process's tables. */
  settle(): void
  /** Gives it back, but for the spare. */
  release(): void
}

const nothing = { settle: () => undefined, release: () => undefined }

/**
 * @param spares - One that was made ahead of need will do.
 * @param preview - The network, where nothing is to be made.
 */
export async function draftSandbox(
  context: Context,
  request: CreateRequest,
  guesses: Guesses,
  spares: boolean,
  preview?: ReadyNetwork,
): Promise<Draft> {
  const { stack, netns, joinsNetwork } = request
  // What open() says of every sandbox is kept with each: other processes may have been opened with something else.
  const names = stack === 'joined' ? {} : { ...context.names, ...request.names }
  const namespace = netns === undefined ? undefined : checkGivenNamespace(context, netns)
  const id = randomId()
  const name = request.name ?? id.slice(0, 12)
  const record: SandboxRecord = {
    version: 3,
    id,
    name,
    network: request.target,
    stack,
    path: stack === 'host' ? hostPath(context.settings) : (netns ?? `${NETNS_FOLDER}/${name}`),
    created: timestamp(),
    maker: request.maker ?? thisProcess(),
    endpoints: [],
    ports: [],
  }
  if (namespace) record.namespace = inThisBoot(namespace)
  if (namespace) record.foreign = true
  if (Object.keys(names).length > 0) record.names = names
  if (request.labels) record.labels = request.labels
  if (request.forwarding) record.forwarding = true
  if (request.ephemeral) record.ephemeral = { pids: thisPids() }
  if (joinsNetwork) return draftOnNetwork(context, request, record, guesses, spares, preview)
  if (stack === 'joined') return draftJoining(context, request, record)
  const stored = toStored(context.records, record)
  const file = { path: stored.path, content: stored.text }
  const plan: Plan =
    stack === 'host'
      ? [{ op: 'file.create', ...file }]
      : createSandbox({ ...stackPlace(record), endpoints: [], ports: [], owner: ownerComment(name, id), record: file })
  return { plan, stored, ...nothing }
}

async function draftOnNetwork(
  context: Context,
  request: CreateRequest,
  record: SandboxRecord,
  guesses: Guesses,
  spares: boolean,
  preview?: ReadyNetwork,
): Promise<Draft> {
  const { name, id } = record
  const { call } = context
  const known = preview ?? context.networks.ready(request.target)
  const ready =
    known instanceof Promise ? await waiting(call, context.turns.after(known), `the network ${request.target}`) : known
  const { spec } = ready
  const spare = spares && fitsSpare(request) ? context.spares.take(ready) : undefined
  const drafted = spare
    ? takeEndpoint(context, spare, request.endpoint)
    : draftEndpoint(context, ready, request.endpoint, [], guesses.randomMac, guesses.links)
  const { endpoint, printed, circumstances, settle, release } = drafted instanceof Promise ? await drafted : drafted
  const endpoints = [endpoint]
  let ports: PortMapping[]
  try {
    const inheriting = request.publish.length > 0 ? inheritPorts(context) : undefined
    if (inheriting) await waiting(call, context.turns.after(inheriting), 'host ports of processes that have ended')
    const claimed = claimPublished(context, request.publish, name, endpoints, spec.hostIps, guesses.ports)
    ports = claimed instanceof Promise ? await claimed : claimed
  } catch (error) {
    release()
    if (spare) context.spares.giveBack(spare)
    throw error
  }
  const held = mappedPorts(endpoints, ports)
  record.network = spec.name
  record.endpoints = endpoints
  record.ports = ports
  const stored = toStored(context.records, record, printed)
  const { version } = context.routes
  const routes = context.routes.of(record)
  const sandbox = {
    ...stackPlace(record),
    endpoints,
    ports,
    owner: ownerComment(name, id),
    forwarding: record.forwarding,
    record: { path: stored.path, content: stored.text },
    routes,
  }
  return {
    plan: spare ? takeSpare(sandbox, spare, circumstances) : createSandbox(sandbox, circumstances),
    stored,
    spare,
    routes: { given: routes, version },
    endpoint: { asked: request.endpoint, network: ready, circumstances },
    settle() {
      settle()
      for (const mapping of held) context.ports.settle(mapping)
    },
    release() {
      release()
      for (const mapping of held) context.ports.release(mapping)
    },
  }
}

/**
 * Whether a sandbox that was made ahead of need is what is asked for: it has an address and a MAC, and a namespace of
 * ours.
 */
export const fitsSpare = ({ joinsNetwork, netns, endpoint, forwarding }: CreateRequest): boolean =>
  joinsNetwork &&
  !forwarding &&
  netns === undefined &&
  endpoint.ip === undefined &&
  endpoint.ip6 === undefined &&
  endpoint.mac === undefined &&
  endpoint.interface === undefined &&
  endpoint.defaultRoute === undefined

async function draftJoining(context: Context, request: CreateRequest, record: SandboxRecord): Promise<Draft> {
  const found = whenIdle(() => findSandbox(context.records, request.target))
  const owner = await waiting(context.call, found, `the sandbox ${request.target}`)
  const { id, name, network, names, stack, joined } = owner.record
  // Whose namespace it is in the end: a chain of joiners would hold on to the middle ones.
  if (joined) {
    throw invalid(
      `network ${request.target}: the sandbox ${name} has joined another itself. Join that one: --network ${network}.`,
    )
  }
  record.network = joiningText(id)
  record.joined = { id, name, network, ...(names ? { names } : {}) }
  if (stack === 'host') {
    record.path = owner.record.path
    record.foreign = true
  }
  const stored = toStored(context.records, record)
  const shared = toStored(context.records, {
    ...idle(owner.record),
    sharedBy: [...(owner.record.sharedBy ?? []), record.id],
  })
  const plan = joinSandbox(
    { ...stackPlace(record), record: { path: stored.path, content: stored.text } },
    {
      path: owner.record.path,
      namespace: owner.record.namespace && asOfNow(owner.record.namespace),
      record: { path: owner.path, before: owner.text, content: shared.text },
    },
  )
  return { plan, stored, ...nothing }
}
