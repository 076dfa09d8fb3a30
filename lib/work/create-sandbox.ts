import { waiting } from '../base/call.js'
import { forwardedPorts } from '../drivers/forwarded-ports.js'
import { withIpv6Inside } from '../drivers/ipv6-inside.js'
import { PlanRefused } from '../kernel/refusal.js'
import type { Namespace, Plan } from '../plan/operation.js'
import type { Trial } from '../claims/retry.js'
import { PortGuesses } from '../claims/ports/port-guesses.js'
import type { StoredRecord } from '../store/records.js'
import type { Context } from './context.js'
import type { CreateRequest } from './create-request.js'
import { sandboxKey } from './removals.js'
import { draftSandbox, type Draft } from './draft-sandbox.js'
import type { ReadySpare } from './pool/network-pool.js'
import { choosing } from './publish.js'
import { tryForSandbox, type Guesses } from './remedies.js'

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
  const { host, turns, call } = context
  const guesses: Guesses = { ports: new PortGuesses(), randomMac: false }
  const leaving = request.name === undefined ? undefined : context.removals.of(sandboxKey(request.name))
  if (leaving) await waiting(call, leaving, `what is left of the removed sandbox ${request.name}`)
  const range = choosing(context, request.publish)
  // Were all who have waited to choose at once, each of them might be refused before the first knows that others choose
  // there, too.
  if (range) await waiting(call, turns.after(range), 'the host ports that may be chosen')
  let draft: Draft | undefined
  let noGood = false
  const trial: Trial<{ stored: StoredRecord; made: Namespace | undefined }> = {
    tries: TRIES,
    async attempt(number) {
      draft = undefined
      noGood = false
      const drafted = (draft = await draftSandbox(context, request, guesses, number <= SPARE_TRIES))
      if (drafted.stored.record.ports.length > 0) context.holders.join()
      try {
        let made: Namespace | undefined
        call?.check()
        turns.handOver()
        try {
          made = await withIpv6Inside(drafted.plan, (plan) => host.run(plan, { grouped: turns.isContended, call }))
        } finally {
          turns.handBack()
        }
        drafted.settle()
        const { routes } = drafted
        if (routes && routes.version !== context.routes.version)
          await context.routes.correct(drafted.stored.record, routes.given)
        context.events.didSandbox(undefined, drafted.stored)
        if (drafted.spare) announceLater(context, drafted.spare)
        const served = context.resolvers.attend(drafted.stored.record.endpoints)
        if (served) await served
        return { stored: drafted.stored, made }
      } catch (error) {
        drafted.release()
        const refused = error instanceof PlanRefused ? error : undefined
        const { endpoints, ports } = drafted.stored.record
        if (refused && !isRefusedClaim(refused)) context.removals.forget(forwardedPorts(endpoints, ports))
        if (drafted.spare) noGood = await context.spares.refused(drafted.spare, refused)
        throw error
      }
    },
    async remedy({ operation, errnoName }) {
      // Another process has changed the record of the sandbox that is joined.
      if (request.stack === 'joined' && operation.op === 'file.replace' && errnoName === 'ESTALE') return 'again'
      if (operation.op !== 'link.create' || errnoName !== 'EEXIST' || request.netns === undefined) return undefined
      const chosen = draft?.stored.record.endpoints[0]?.interface ?? ''
      const links = new Set((await host.find('links', { netns: request.netns }))?.map(({ name }) => name))
      if (!links.has(chosen)) return undefined
      guesses.links = links
      return 'again'
    },
    isBadStart: () => noGood,
  }
  return tryForSandbox(context, trial, () => ({
    name: draft?.stored.record.name ?? '',
    guesses,
    ...(draft?.endpoint ? { endpoint: draft.endpoint } : {}),
  }))
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
  if (announcement.length > 0) void host.run(announcement, { background: true }).catch(() => undefined)
}

/** The plan that would make a sandbox, after what is missing on the host. Writes nothing and keeps nothing. */
export async function explainSandbox(context: Context, request: CreateRequest): Promise<Plan> {
  const guesses: Guesses = { ports: new PortGuesses(), randomMac: false }
  if (!request.joinsNetwork) return (await draftSandbox(context, request, guesses, false)).plan
  context.routes.look()
  const { ready, missing } = await context.networks.preview(request.target)
  const draft = await draftSandbox(context, request, guesses, false, ready)
  draft.release()
  return [...missing, ...draft.plan]
}
