import { invalid, SlipwayError } from '../../base/errors.js'
import type { Host } from '../../kernel/host.js'
import { PlanRefused } from '../../kernel/refusal.js'
import { explained, explainRefusal } from '../../claims/refusals.js'
import type { Plan } from '../../plan/operation.js'
import type { Context } from '../../work/context.js'
import { leaving, specOf, type StoredNetwork } from '../../store/network-records.js'
import { thisProcess } from '../../store/maker.js'
import { sayDamage, type Damaged } from '../../store/folder.js'
import { listRecords } from '../../store/records.js'
import { now, sleep } from '../../base/timers.js'
import { networksOf } from '../../drivers/index.js'
import { membersOf } from '../../networks/members.js'

/** So long, in milliseconds, an endpoint is waited for that is undone, and so long between two looks. */
const UNDOING_MS = 1000
const STEP_MS = 10

/**
 * Removes a network: its record first says so, and no further sandbox comes; then, when none is on it, all of it goes.
 * A sandbox that is being made on it this moment looks at the record after it has its link: it is seen here, or sees
 * that it is too late.
 */
export async function removeNetworkOf(
  context: Context,
  name: string,
  stored: StoredNetwork | undefined,
): Promise<void> {
  if (!stored) throw invalid(`The network "${name}" is there on every host and cannot be removed.`)
  await refuseWhileUsed(context, name)
  // A spare sandbox is no user of the network.
  context.call?.check()
  await context.spares.end(name)
  try {
    context.call?.check()
    await removeUnused(context, name, stored)
  } catch (error) {
    context.spares.begin(name)
    throw error
  }
}

async function removeUnused(context: Context, name: string, stored: StoredNetwork): Promise<void> {
  const { host } = context
  const { path, text } = stored
  const going = leaving(stored, thisProcess())
  await attempt(context, [{ op: 'file.replace', path, content: going.text, expected: text }], name)
  let forget: Plan = [
    { op: 'file.check', path, expected: going.text },
    { op: 'file.delete', path },
  ]
  try {
    await refuseWhileUsed(context, name)
    await refuseOthers(host, stored)
  } catch (error) {
    if (await giveBack(host, stored, going)) throw error
    // An administrator has taken the record away: there is none to delete.
    forget = []
    await untilUnused(context, stored, error)
  }
  context.events.didNetwork(stored, undefined)
  await context.resolvers.stop(stored.record.id)
  try {
    await removeAsFarAsThere(context, stored, forget)
  } catch (error) {
    if (await giveBack(host, stored, going)) {
      // What was refused first is what the caller is told.
      await context.resolvers.serve(specOf(stored)).catch(() => undefined)
      context.events.didNetwork(undefined, stored)
    }
    throw await explained(error, host)
  }
}

async function removeAsFarAsThere({ host, networks }: Context, stored: StoredNetwork, forget: Plan): Promise<void> {
  try {
    await networks.remove(specOf(stored), forget)
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error
    // Somebody has deleted the bridge, or flushed the ruleset: what is left of it goes by itself. So it does where the
    // bridge has gone before the refusal: a link that was deleted is not given back.
    const isGone = ['ENOENT', 'ENODEV'].includes(error.errnoName) || (await hasDeletedLink(host, error.plan))
    if (!isGone) throw error
    await networks.removeRest(specOf(stored), forget)
  }
}

async function hasDeletedLink(host: Host, plan: Plan): Promise<boolean> {
  for (const operation of plan)
    if (operation.op === 'link.delete' && (await host.find('link', { name: operation.name })) === undefined) return true
  return false
}

/** @returns Whether the network has its record again. An administrator may have taken it away. */
async function giveBack(host: Host, { path, text }: StoredNetwork, going: StoredNetwork): Promise<boolean> {
  try {
    await host.run([{ op: 'file.replace', path, content: text, expected: going.text }])
    return true
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error
    if (error.errnoName === 'ENOENT' || error.errnoName === 'ESTALE') return false
    throw await explainRefusal(error, host)
  }
}

/**
 * What is being made on a network finds its record gone, and is undone. @throws What was in the way, where that stays.
 */
async function untilUnused({ host, records }: Context, stored: StoredNetwork, error: unknown): Promise<void> {
  const isUsed = async () =>
    (await listRecords(records)).some(({ record }) =>
      record.endpoints.some(({ networkId }) => networkId === stored.record.id),
    )
  for (const deadline = now() + UNDOING_MS; await isUsed(); await sleep(STEP_MS)) if (now() > deadline) throw error
  await refuseOthers(host, stored)
}

async function refuseWhileUsed(context: Context, name: string): Promise<void> {
  // Of what is no record nobody can tell what it uses.
  const unread = (one: Damaged) => {
    throw new SlipwayError('CONFLICT', sayDamage(one))
  }
  const users = membersOf(
    name,
    (await listRecords(context.records, unread)).map(({ record }) => record),
  ).map((record) => record.name)
  if (users.length === 0) return
  throw new SlipwayError(
    'CONFLICT',
    `The network ${name} is in use by ${users.join(', ')}. Disconnect or remove ${users.length === 1 ? 'it' : 'them'} first: slipway network disconnect ${name} ${users[0]}.`,
  )
}

async function refuseOthers(host: Host, stored: StoredNetwork): Promise<void> {
  const spec = specOf(stored)
  networksOf(spec).refuseOthers(spec, await host.ask('links', {}))
}

async function attempt(context: Context, plan: Parameters<Context['host']['run']>[0], name: string): Promise<void> {
  try {
    await context.host.run(plan)
  } catch (error) {
    if (!(error instanceof PlanRefused)) throw error
    if (error.errnoName === 'ENOENT' || error.errnoName === 'ESTALE')
      throw new SlipwayError('NOT_FOUND', `The network ${name} was removed.`, {}, { cause: error })
    throw await explainRefusal(error, context.host)
  }
}
