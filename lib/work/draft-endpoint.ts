import { interfaceFor } from '../drivers/free-interface.js'
import { circumstancesOf, type ReadyNetwork } from '../drivers/ready.js'
import type { Circumstances } from '../drivers/driver.js'
import type { StoredEndpoint, EndpointRequest } from '../store/endpoint.js'
import { releaseAddresses, settleAddresses, type AddressGuesses } from '../drivers/address-guesses.js'
import type { ReadySpare } from './pool/network-pool.js'
import { randomId } from '../base/random-id.js'
import { takeAddresses } from './addresses.js'
import type { Context } from './context.js'

/** An endpoint that is about to be made, with what it has taken in this process's tables. */
export interface EndpointDraft {
  endpoint: StoredEndpoint
  /** As it is in a record, if it was printed ahead. */
  printed?: string | undefined
  circumstances: Circumstances
  /** The kernel has it, too. */
  settle(): void
  /** Gives it back. */
  release(): void
}

/**
 * At once where nothing has to be asked.
 *
 * @param others - Endpoints that the sandbox has.
 * @param random - Its MAC is not to follow from its address.
 * @param links - Names of links inside that are not ours.
 * @throws {SlipwayError} `EXHAUSTED`, `ADDRESS_IN_USE`, `INVALID_ARGUMENT`
 */
export function draftEndpoint(
  context: Context,
  ready: ReadyNetwork,
  asked: EndpointRequest,
  others: readonly StoredEndpoint[],
  random = false,
  links?: ReadonlySet<string>,
): EndpointDraft | Promise<EndpointDraft> {
  ready.use.check(asked)
  const name = interfaceFor(asked, ready.spec.interfacePrefix, others, links)
  const taken = takeAddresses(context, ready, asked)
  return taken instanceof Promise
    ? taken.then((found) => place(context, ready, found, asked, name, random))
    : place(context, ready, taken, asked, name, random)
}

/** The endpoint of a spare sandbox. Its addresses stay taken when it is given back: they are the spare's. */
export function takeEndpoint({ spares }: Context, spare: ReadySpare, asked: EndpointRequest): EndpointDraft {
  const asIs = asksNothing(asked)
  return {
    endpoint: asIs ? spare.endpoint : { ...spare.endpoint, asked },
    printed: asIs ? spare.printed : undefined,
    circumstances: spare.circumstances,
    settle() {
      settleAddresses(spare.network, spare.taken)
      spares.settle(spare)
    },
    release: () => undefined,
  }
}

function asksNothing(asked: EndpointRequest): boolean {
  for (const _ in asked) return false
  return true
}

function place(
  { turns }: Context,
  ready: ReadyNetwork,
  taken: AddressGuesses,
  asked: EndpointRequest,
  name: string,
  random: boolean,
): EndpointDraft | Promise<EndpointDraft> {
  const found = ready.use.draft(randomId(), name, taken, asked, random)
  if (!(found instanceof Promise)) return draft(ready, taken, found)
  // Many may wait for the same place.
  return turns.after(found).then(
    (endpoint) => draft(ready, taken, endpoint),
    (error: unknown) => {
      releaseAddresses(ready, taken)
      throw error
    },
  )
}

const draft = (ready: ReadyNetwork, taken: AddressGuesses, endpoint: StoredEndpoint): EndpointDraft => ({
  endpoint,
  circumstances: circumstancesOf(ready),
  settle: () => settleAddresses(ready, taken),
  release() {
    releaseAddresses(ready, taken)
    ready.use.leave(endpoint)
  },
})
