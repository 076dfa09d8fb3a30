import { wasGuessedPort } from '../claims/ports/claim-ports.js'
import type { PortGuesses } from '../claims/ports/port-guesses.js'
import { explainRefusal } from '../claims/refusals.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import { missesParts, missesSets, reconcile } from '../heal/reconcile.js'
import { wasStrayZone } from '../heal/stray-zone.js'
import { PlanRefused } from '../kernel/host.js'
import { familyOf } from '../base/addresses/ip.js'
import { claimedAddress, isAddressClaim } from '../policy/sets.js'
import type { EndpointRequest } from '../store/endpoint.js'
import type { Context } from './context.js'
import { awaitAllFree, isMacTaken, wasLeaving } from './gone.js'
import { wasStrayLead } from './stray-lead.js'

/**
 * The one loop in which plans are tried. A plan is a guess: others may have what it takes, or have taken away what it
 * stands on. What a refusal means is asked of those who know: heal, claims, the driver, and at last of the call itself.
 */

/**
 * What follows from a refusal: another try; one that does not count, as such guesses end by themselves; nothing, and
 * the caller hears of it.
 */
export type Remedy = 'again' | 'uncounted' | undefined

/** What was tried, as far as a refusal of it may have a remedy. */
export interface Tried {
  /** Of the sandbox. */
  name: string
  guesses?: Guesses | undefined
  /** An endpoint that was to be made. */
  endpoint?: { asked: EndpointRequest; network: ReadyNetwork; circumstances: { network?: { path: string } } }
}

/** What attempts before have shown. */
export interface Guesses {
  ports: PortGuesses
  /** What its address says is the MAC of another endpoint, which has chosen it. */
  randomMac: boolean
  /** What leaves has been waited for. */
  awaited?: true
}

/**
 * @param tries - So often, at most.
 * @param attempt - Makes a plan and runs it. A refusal is thrown with what was tried.
 * @param own - What the call itself knows of a refusal that nobody else has a remedy for.
 * @param isBlamed - Whether what the last attempt began with was no good, and has gone: the next begins with another.
 * @throws {SlipwayError} What the last refusal means.
 */
export async function retrying<T>(
  context: Context,
  tries: number,
  attempt: (number: number) => Promise<T>,
  tried: () => Tried,
  own: (refused: PlanRefused, number: number) => Promise<Remedy>,
  isBlamed: () => boolean = () => false,
): Promise<T> {
  // Somebody had flushed or deleted what is everybody's. That an element to be deleted is gone is looked into once.
  let healed = false
  for (let number = 1; ; number++) {
    try {
      return await attempt(number)
    } catch (error) {
      if (isBlamed()) continue
      if (!(error instanceof PlanRefused)) throw error
      // An administrator may delete the sets more than once.
      if (missesParts(error) && (!healed || (missesSets(error) && number < tries))) {
        healed = true
        await reconcile(context)
        continue
      }
      const remedy = await remedyOf(context, tried(), error, () => own(error, number))
      if (remedy === 'uncounted') number--
      else if (remedy !== 'again' || number >= tries) throw await explainRefusal(error, context.host, context.holders)
    }
  }
}

async function remedyOf(
  context: Context,
  { name, guesses, endpoint }: Tried,
  refused: PlanRefused,
  own: () => Promise<Remedy>,
): Promise<Remedy> {
  if (await wasStrayZone(context, refused)) return 'again'
  if (guesses && (await wasGuessedPort(context, guesses.ports, refused))) return 'uncounted'
  if (await wasLeaving(context, name, refused)) return 'again'
  return (endpoint && guesses && (await ofEndpoint(context, name, guesses, endpoint, refused))) ?? own()
}

async function ofEndpoint(
  context: Context,
  name: string,
  guesses: Guesses,
  { asked, network, circumstances }: NonNullable<Tried['endpoint']>,
  refused: PlanRefused,
): Promise<Remedy> {
  const { spec, use, driver } = network
  const { operation, errnoName } = refused
  if (use.full(refused)) return 'again'
  // Another process has removed the network, and perhaps made it anew: the next attempt sees.
  const isUnwritten =
    operation.op === 'file.check' &&
    operation.path === circumstances.network?.path &&
    ['ENOENT', 'ESTALE'].includes(errnoName)
  if (isUnwritten || (await driver.endpoints.isLost(context.host, refused))) {
    context.networks.forget(spec.name)
    return 'again'
  }
  if (!guesses.awaited && driver.endpoints.isKept?.(refused)) {
    guesses.awaited = true
    await awaitAllFree(context)
    return 'again'
  }
  if (asked.mac === undefined && isMacTaken(refused)) {
    guesses.randomMac = true
    return 'again'
  }
  if (await wasStrayLead(context, spec.name, name, refused)) return 'again'
  if (operation.op !== 'element.add' || errnoName !== 'EEXIST' || !isAddressClaim(operation)) return undefined
  const family = familyOf(claimedAddress(operation.elements[refused.element]?.key ?? ''))
  if ((family === 4 ? asked.ip : asked.ip6) !== undefined) return undefined
  await context.networks.overtaken(network)
  return 'again'
}
