import { retryAfterLostPort } from '../claims/ports/claim-ports.js'
import type { PortGuesses } from '../claims/ports/port-guesses.js'
import { retrying, type Remedy, type Trial } from '../claims/retry.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import { repairAfterRefusal } from '../heal/index.js'
import type { PlanRefused } from '../kernel/refusal.js'
import { isTakenOnSegment } from '../claims/taken-on-segment.js'
import type { Operation } from '../plan/operation.js'
import { familyOf } from '../base/addresses/ip.js'
import { claimedAddress, isAddressClaim } from '../policy/sets.js'
import type { EndpointRequest } from '../store/endpoint.js'
import type { Context } from './context.js'
import { awaitAllFree, isMacTaken, awaitedLeavingHolder } from './await-gone.js'

/** What was tried, as far as a refusal of it may have a remedy. */
export interface TriedPlan {
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
  /** Names of links of a given namespace: its own are not ours to replace. */
  links?: ReadonlySet<string>
  /** What leaves has been waited for. */
  awaited?: true
}

/**
 * Tries a plan for a sandbox. What a refusal means is asked of heal, of claims, of the driver, and at last of the call.
 *
 * @param tried - Of the last attempt.
 * @throws {SlipwayError} What the last refusal means.
 */
export function tryForSandbox<T>(
  context: Context,
  { remedy: own, ...trial }: Trial<T>,
  tried: () => TriedPlan,
): Promise<T> {
  let wasRepaired = false
  return retrying(context, {
    ...trial,
    async remedy(refused, number) {
      const { name, guesses, endpoint } = tried()
      const made = endpoint && { sandbox: name, network: endpoint.network.spec.name }
      const repair = await repairAfterRefusal(context, refused, wasRepaired, made)
      wasRepaired ||= repair === 'all'
      if (repair) return 'again'
      if (guesses && (await retryAfterLostPort(context, guesses.ports, refused))) return 'uncounted'
      // Any other address is as good: a sandbox that is about to give this one up is not waited for.
      if (endpoint && guesses && isLostGuess(endpoint.asked, refused)) {
        await context.networks.afterLostAddress(endpoint.network)
        return 'again'
      }
      if (await awaitedLeavingHolder(context, name, refused)) return 'again'
      return (endpoint && guesses && (await ofEndpoint(context, guesses, endpoint, refused))) ?? own(refused, number)
    },
  })
}

async function ofEndpoint(
  context: Context,
  guesses: Guesses,
  { asked, network, circumstances }: NonNullable<TriedPlan['endpoint']>,
  refused: PlanRefused,
): Promise<Remedy> {
  const { spec, use, driver } = network
  const { operation, errnoName } = refused
  if (use.hasOtherPlace(refused)) return 'again'
  // Another process has removed the network, and perhaps made it anew: the next attempt sees.
  const isUnwritten =
    operation.op === 'file.check' &&
    operation.path === circumstances.network?.path &&
    ['ENOENT', 'ESTALE'].includes(errnoName)
  if (isUnwritten || (await driver.endpoints.isNetworkLost(context.host, refused))) {
    context.networks.forget(spec.name)
    return 'again'
  }
  if (!guesses.awaited && driver.endpoints.mayBeHeldByLeavingLink?.(refused)) {
    guesses.awaited = true
    await awaitAllFree(context)
    return 'again'
  }
  if (asked.mac === undefined && isMacTaken(refused)) {
    guesses.randomMac = true
    return 'again'
  }
  // It is not known who has it, and nobody here will give it up: another address is tried.
  return isTakenOnSegment(refused) && !isAsked(asked, operation) ? 'again' : undefined
}

/** Whether another was first to claim an address that was chosen for an endpoint, and not asked for. */
function isLostGuess({ ip, ip6 }: EndpointRequest, { operation, element, errnoName }: PlanRefused): boolean {
  if (operation.op !== 'element.add' || errnoName !== 'EEXIST' || !isAddressClaim(operation)) return false
  const family = familyOf(claimedAddress(operation.elements[element]?.key ?? ''))
  return (family === 4 ? ip : ip6) === undefined
}

/** Whether the address was asked for that an operation gives an endpoint: a MAC address follows from that of IPv4. */
function isAsked({ ip, ip6, mac }: EndpointRequest, operation: Operation): boolean {
  if (operation.op !== 'address.add') return mac !== undefined || ip !== undefined
  return (familyOf(operation.address.split('/')[0] ?? '') === 4 ? ip : ip6) !== undefined
}
