import { bridgeEndpoint, freeInterface, type BridgeEndpoint, type EndpointRequest } from '../drivers/endpoint.js'
import type { Circumstances } from '../drivers/bridge.js'
import type { ReadyNetwork } from '../network/ready.js'
import { randomId } from '../state/random-id.js'
import { releaseTaken, settleTaken, takeAddresses, type Taken } from './addresses.js'
import type { Context } from './context.js'

/** An endpoint that is about to be made, with what it has taken in this process's tables. */
export interface EndpointDraft {
  endpoint: BridgeEndpoint
  circumstances: Circumstances
  /** The kernel has it, too. */
  settle(): void
  /** Gives it back. */
  release(): void
}

/** At once where nothing has to be asked. @param others - Endpoints that the sandbox has. */
export function draftEndpoint(context: Context, ready: ReadyNetwork, asked: EndpointRequest, others: readonly BridgeEndpoint[]): EndpointDraft | Promise<EndpointDraft> {
  const taken = takeAddresses(context, ready, asked)
  return taken instanceof Promise ? taken.then((found) => draft(ready, found, asked, others)) : draft(ready, taken, asked, others)
}

function draft(ready: ReadyNetwork, taken: Taken, asked: EndpointRequest, others: readonly BridgeEndpoint[]): EndpointDraft {
  const { spec, hairpin } = ready
  return {
    endpoint: bridgeEndpoint(spec, randomId(), freeInterface(spec.interfacePrefix, others), taken, asked),
    circumstances: { hairpin, ...(spec.record ? { network: spec.record } : {}) },
    settle: () => settleTaken(ready, taken),
    release: () => releaseTaken(ready, taken),
  }
}
