import * as bridge from '../drivers/bridge/sandbox.js'
import * as container from '../drivers/container/sandbox.js'
import type { BridgeEndpoint } from '../store/endpoint.js'
import { mappedPorts } from '../drivers/gateway.js'
import * as hostDriver from '../drivers/host/sandbox.js'
import { leadingPorts } from '../drivers/leading-ports.js'
import * as none from '../drivers/none/sandbox.js'
import { takeSpare } from '../drivers/bridge/spare.js'
import { invalid } from '../base/errors.js'
import { addresses } from '../policy/sets.js'
import { PlanRefused } from '../kernel/host.js'
import { isFull, lostBridge } from '../drivers/bridge/lost-bridge.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import { DEFAULT_NETWORK } from '../store/network-spec.js'
import type { Namespace, Plan } from '../plan/operation.js'
import type { ReadySpare } from './pool/network-pool.js'
import { wasGuessedPort } from '../claims/ports/claim-ports.js'
import type { PortMapping } from '../base/port-mapping.js'
import { PortGuesses } from '../claims/ports/port-guesses.js'
import { missesParts, missesSets, reconcile } from '../heal/reconcile.js'
import { explainRefusal } from '../claims/refusals.js'
import { thisProcess } from '../store/maker.js'
import { asOfNow, inThisBoot } from '../store/namespace.js'
import { ownerComment } from '../store/owner.js'
import { randomId } from '../base/random-id.js'
import { idle, store, unbusy, type SandboxRecord, type StoredRecord } from '../store/records.js'
import { timestamp } from '../base/timestamp.js'
import { hostPath, NETNS_FOLDER, type Context } from './context.js'
import type { CreateRequest } from './create-request.js'
import { draftEndpoint, takeEndpoint } from './draft-endpoint.js'
import { sandboxKey } from './departures.js'
import { inheritPorts } from './inherit-ports.js'
import { findSandbox } from './find.js'
import { checkForeign } from './foreign.js'
import { isMacTaken, wasLeaving } from './gone.js'
import { choosing, claimPublished } from './publish.js'
import { joinedId } from './sharing.js'
import { wasStrayLead } from './stray-lead.js'
import { wasStrayZone } from '../heal/stray-zone.js'

/**
 * A guess (an address, a network that this process knows) that others have made wrong is made anew, this many times.
 */
const TRIES = 32
/** Spare sandboxes that turn out to be no good are replaced by others so often; then one is made from the ground up. */
const SPARE_TRIES = 4

/**
 * Makes a sandbox: all of it, or nothing. @returns Its record, and the namespace that its path was given to, if it was.
 */
export async function createSandbox(
  context: Context,
  request: CreateRequest,
): Promise<{ stored: StoredRecord; made: Namespace | undefined }> {
  const { host, turns } = context
  const guesses = new PortGuesses()
  // Somebody had flushed or deleted what is everybody's.
  let healed = false
  // What its address says is the MAC of another endpoint, which has chosen it.
  let randomMac = false
  const leaving = request.name === undefined ? undefined : context.departures.of(sandboxKey(request.name))
  if (leaving) await leaving
  const range = choosing(context, request.publish)
  // Were all who have waited to choose at once, each of them might be refused before the first knows that others choose
  // there, too.
  if (range) await turns.after(range)
  for (let attempt = 1; ; attempt++) {
    const draft = await draftSandbox(context, request, { ports: guesses, randomMac }, attempt <= SPARE_TRIES)
    if (draft.stored.record.ports.length > 0) context.holders.join()
    try {
      let made: Namespace | undefined
      turns.handOver()
      try {
        made = await host.run(draft.plan, { crowded: turns.crowded })
      } finally {
        turns.handBack()
      }
      draft.settle()
      if (draft.spare) announceLater(context, draft.spare)
      const served = context.resolvers.attend(draft.stored.record.endpoints)
      if (served) await served
      return { stored: draft.stored, made }
    } catch (error) {
      draft.release()
      const refused = error instanceof PlanRefused ? error : undefined
      if (refused && !isRefusedClaim(refused))
        context.departures.forget(leadingPorts(draft.stored.record.endpoints, draft.stored.record.ports))
      if (draft.spare && (await context.spares.refused(draft.spare, refused))) continue
      if (!refused) throw error
      if (missesParts(refused) && (!healed || (missesSets(refused) && attempt < TRIES))) {
        healed = true
        await reconcile(context)
        continue
      }
      if (attempt < TRIES && (await wasLeaving(context, draft.stored.record.name, refused))) continue
      if (attempt < TRIES && (await wasStrayZone(context, refused))) continue
      if (
        attempt < TRIES &&
        request.mode === 'bridge' &&
        (await wasStrayLead(context, draft.stored.record.network, draft.stored.record.name, refused))
      )
        continue
      if (attempt < TRIES && request.endpoint.mac === undefined && isMacTaken(refused)) {
        randomMac = true
        continue
      }
      if (attempt < TRIES && (await wasGuess(context, request, draft.stored.record, refused))) continue
      if (await wasGuessedPort(context, guesses, refused)) {
        // Guesses of ports end by themselves: there may have been a hundred when an address turns out to be taken, too.
        attempt--
        continue
      }
      throw await explainRefusal(refused, host, context.holders)
    }
  }
}

/**
 * Whether nothing was published for a moment: what is refused before that, or together with it, leads nobody to its
 * address.
 */
const isRefusedClaim = ({ operation }: PlanRefused): boolean =>
  ['port.hold', 'file.create', 'element.add'].includes(operation.op)

/**
 * Its neighbours are told behind the caller's back: that takes a look at the bridge, by a lock that all of rtnetlink
 * waits for.
 */
function announceLater({ host }: Context, { announcement }: ReadySpare): void {
  if (announcement.length > 0) void host.run(announcement, { aside: true }).catch(() => undefined)
}

/** The plan that would make a sandbox, after what is missing on the host. Writes nothing and keeps nothing. */
export async function explainSandbox(context: Context, request: CreateRequest): Promise<Plan> {
  if (request.mode !== 'bridge')
    return (await draftSandbox(context, request, { ports: new PortGuesses(), randomMac: false }, false)).plan
  const { ready, missing } = await context.networks.preview(request.target)
  const draft = await draftSandbox(context, request, { ports: new PortGuesses(), randomMac: false }, false, ready)
  draft.release()
  return [...missing, ...draft.plan]
}

/** What attempts before have shown. */
interface Guesses {
  ports: PortGuesses
  randomMac: boolean
}

interface Draft {
  plan: Plan
  stored: StoredRecord
  /** What it begins with, if not with nothing. */
  spare?: ReadySpare | undefined
  /** The kernel has what the draft has taken in this process's tables. */
  settle(): void
  /** Gives it back, but for the spare. */
  release(): void
}

const nothing = { settle: () => undefined, release: () => undefined }

async function draftSandbox(
  context: Context,
  request: CreateRequest,
  guesses: Guesses,
  spares: boolean,
  preview?: ReadyNetwork,
): Promise<Draft> {
  const { mode, netns } = request
  // What open() says of every sandbox is kept with each: other processes may have been opened with something else.
  const names = mode === 'container' ? {} : { ...context.names, ...request.names }
  const namespace = netns === undefined ? undefined : checkForeign(context, netns)
  const id = randomId()
  const name = request.name ?? id.slice(0, 12)
  const endpoints: BridgeEndpoint[] = []
  const ports: PortMapping[] = []
  const record: SandboxRecord = {
    version: 2,
    id,
    name,
    network: request.target,
    path: mode === 'host' ? hostPath(context.settings) : (netns ?? `${NETNS_FOLDER}/${name}`),
    created: timestamp(),
    maker: thisProcess(),
    endpoints,
    ports,
  }
  if (namespace) record.namespace = inThisBoot(namespace)
  if (namespace) record.foreign = true
  if (Object.keys(names).length > 0) record.names = names
  if (mode === 'bridge') return draftBridged(context, request, record, guesses, spares, preview)
  if (mode === 'container') return draftJoining(context, request, record)
  const stored = store(context.records, record)
  const file = { path: stored.path, content: stored.text }
  const plan =
    mode === 'host'
      ? hostDriver.createSandbox({ record: file })
      : none.createSandbox({ path: record.path, foreign: netns !== undefined, namespace, record: file })
  return { plan, stored, ...nothing }
}

async function draftBridged(
  context: Context,
  request: CreateRequest,
  record: SandboxRecord,
  guesses: Guesses,
  spares: boolean,
  preview?: ReadyNetwork,
): Promise<Draft> {
  const { name, id, path, foreign, namespace } = record
  const known = preview ?? context.networks.ready(request.target)
  const ready = known instanceof Promise ? await context.turns.after(known) : known
  const { spec } = ready
  const spare = spares && fitsSpare(request) ? context.spares.take(ready) : undefined
  const drafted = spare
    ? takeEndpoint(context, spare, request.endpoint)
    : draftEndpoint(context, ready, request.endpoint, [], guesses.randomMac)
  const { endpoint, printed, circumstances, settle, release } = drafted instanceof Promise ? await drafted : drafted
  const endpoints = [endpoint]
  let ports: PortMapping[]
  try {
    const inheriting = request.publish.length > 0 ? inheritPorts(context) : undefined
    if (inheriting) await context.turns.after(inheriting)
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
  const stored = store(context.records, record, printed)
  const file = { path: stored.path, content: stored.text }
  const sandbox = {
    path,
    foreign: foreign ?? false,
    namespace,
    endpoints,
    ports,
    owner: ownerComment(name, id),
    record: file,
  }
  return {
    plan: spare ? takeSpare(sandbox, spare, circumstances) : bridge.createSandbox(sandbox, circumstances),
    stored,
    spare,
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
export const fitsSpare = ({ mode, netns, endpoint }: CreateRequest): boolean =>
  mode === 'bridge' &&
  netns === undefined &&
  endpoint.ip === undefined &&
  endpoint.ip6 === undefined &&
  endpoint.mac === undefined

async function draftJoining(context: Context, request: CreateRequest, record: SandboxRecord): Promise<Draft> {
  const owner = await unbusy(() => findSandbox(context.records, request.target))
  // Whose namespace it is in the end: a chain of joiners would hold on to the middle ones.
  if (joinedId(owner.record) !== undefined) {
    throw invalid(
      `network ${request.target}: the sandbox ${owner.record.name} has joined another itself. Join that one: --network ${owner.record.network}.`,
    )
  }
  const { name, network, names } = owner.record
  record.network = `container:${owner.record.id}`
  record.joined = { name, network, ...(names ? { names } : {}) }
  const shares = network === 'host'
  if (shares) {
    record.path = owner.record.path
    record.foreign = true
  }
  const stored = store(context.records, record)
  const shared = store(context.records, {
    ...idle(owner.record),
    sharedBy: [...(owner.record.sharedBy ?? []), record.id],
  })
  const plan = container.createSandbox(
    { path: record.path, shares, record: { path: stored.path, content: stored.text } },
    {
      path: owner.record.path,
      namespace: owner.record.namespace && asOfNow(owner.record.namespace),
      record: { path: owner.path, before: owner.text, content: shared.text },
    },
  )
  return { plan, stored, ...nothing }
}

/** Whether what was refused had been chosen by us and not by the caller; if so, what there is to learn is learned. */
async function wasGuess(
  context: Context,
  { mode, endpoint }: CreateRequest,
  { network, endpoints }: SandboxRecord,
  refused: PlanRefused,
): Promise<boolean> {
  const { operation, errnoName } = refused
  // Another process has changed the record of the sandbox that is joined.
  if (mode === 'container') return operation.op === 'file.replace' && errnoName === 'ESTALE'
  if (mode !== 'bridge') return false
  if (operation.op === 'element.add' && errnoName === 'EEXIST') {
    const family = operation.set === addresses[4].set ? 4 : operation.set === addresses[6].set ? 6 : undefined
    if (family === undefined || (family === 4 ? endpoint.ip : endpoint.ip6) !== undefined) return false
    await context.networks.overtaken(await context.networks.ready(network))
    return true
  }
  if (isFull(refused)) return (await context.networks.ready(network)).bridges.full(refused.operation.master)
  // Another process has removed the network, and perhaps made it anew.
  const lost =
    (await lostBridge(context.host, refused)) ||
    (operation.op === 'file.check' && ['ENOENT', 'ESTALE'].includes(errnoName))
  // A leaf of the network `bridge` may be lost, of which more are made when they are wanted.
  if (!lost || (network === DEFAULT_NETWORK && endpoints.every(({ leafOf }) => leafOf === undefined))) return false
  context.networks.forget(network)
  return true
}
