import { bridgeEndpoint, freeInterface } from '../drivers/bridge/endpoint.js'
import type { BridgeEndpoint, EndpointRequest } from '../store/endpoint.js'
import type { Circumstances } from '../drivers/bridge/sandbox.js'
import { invalid } from '../base/errors.js'
import type { Place } from '../drivers/bridge/places.js'
import type { ReadyNetwork } from '../drivers/ready.js'
import { releaseTaken, settleTaken, type Taken } from '../drivers/taken.js'
import type { ReadySpare } from './pool/network-pool.js'
import { randomId } from '../base/random-id.js'
import { takeAddresses } from './addresses.js'
import type { Context } from './context.js'

/** An endpoint that is about to be made, with what it has taken in this process's tables. */
export interface EndpointDraft {
  endpoint: BridgeEndpoint
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
  others: readonly BridgeEndpoint[],
  random = false,
  links?: ReadonlySet<string>,
): EndpointDraft | Promise<EndpointDraft> {
  // The bridge would take the sandbox's frames for its own that have come back.
  if (asked.mac === ready.spec.mac)
    throw invalid(
      `mac ${asked.mac} is that of the bridge of the network ${ready.spec.name}. Choose another, or leave mac out.`,
    )
  const taken = takeAddresses(context, ready, asked)
  return taken instanceof Promise
    ? taken.then((found) => place(context, ready, found, asked, others, random, links))
    : place(context, ready, taken, asked, others, random, links)
}

/** The endpoint of a spare sandbox. Its addresses stay taken when it is given back: they are the spare's. */
export function takeEndpoint({ spares }: Context, spare: ReadySpare, asked: EndpointRequest): EndpointDraft {
  const asIs = asksNothing(asked)
  return {
    endpoint: asIs ? spare.endpoint : { ...spare.endpoint, asked },
    printed: asIs ? spare.printed : undefined,
    circumstances: spare.circumstances,
    settle() {
      settleTaken(spare.network, spare.taken)
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
  taken: Taken,
  asked: EndpointRequest,
  others: readonly BridgeEndpoint[],
  random = false,
  links?: ReadonlySet<string>,
): EndpointDraft | Promise<EndpointDraft> {
  const found = ready.bridges.take()
  if (!(found instanceof Promise)) return draft(ready, taken, found, asked, others, random, links)
  // Many may wait for the same bridge.
  return turns.after(found).then(
    (there) => draft(ready, taken, there, asked, others, random, links),
    (error: unknown) => {
      releaseTaken(ready, taken)
      throw error
    },
  )
}

function draft(
  ready: ReadyNetwork,
  taken: Taken,
  { bridge, leaf }: Place,
  asked: EndpointRequest,
  others: readonly BridgeEndpoint[],
  random = false,
  links?: ReadonlySet<string>,
): EndpointDraft {
  const { spec, hairpin, bridges } = ready
  return {
    endpoint: bridgeEndpoint(
      spec,
      randomId(),
      freeInterface(spec.interfacePrefix, others, links),
      taken,
      asked,
      leaf ? bridge : undefined,
      random,
    ),
    circumstances: { hairpin, ...(spec.record ? { network: spec.record } : {}) },
    settle: () => settleTaken(ready, taken),
    release() {
      releaseTaken(ready, taken)
      bridges.release(bridge)
    },
  }
}
