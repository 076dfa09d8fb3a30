import type { EndpointsOf, NetworkDriver } from '../driver.js'
import type { NetworksOf } from '../networks-of.js'
import { endpointShape, endpointsOn, type SegmentBody } from './endpoints.js'
import { SegmentInUse } from './in-use.js'
import type { SegmentKind } from './kind.js'
import { networksOn } from './networks.js'
import { networkShape, type SegmentNetwork } from './spec.js'

/**
 * The driver of a kind of links that are a part of a parent on the host. What it does is made when it is first asked
 * for: that takes a millisecond, which a program without such networks need not wait for at import.
 */
export function segmentDriver(kind: SegmentKind): NetworkDriver<SegmentNetwork, SegmentBody> {
  let networks: NetworksOf<SegmentNetwork> | undefined
  let endpoints: EndpointsOf<SegmentNetwork, SegmentBody> | undefined
  return {
    name: kind.driver,
    shapes: { network: networkShape(kind.dummyPrefix), endpoint: endpointShape },
    get networks() {
      return (networks ??= networksOn(kind))
    },
    get endpoints() {
      return (endpoints ??= endpointsOn(kind))
    },
    use: async (spec, host) => new SegmentInUse(kind, spec, host),
  }
}
