import type { NetworkDriver } from '../driver.js'
import { endpointShape, endpointsOn, type SegmentBody } from './endpoints.js'
import { SegmentInUse } from './in-use.js'
import type { SegmentKind } from './kind.js'
import { networksOn } from './networks.js'
import { networkShape, type SegmentNetwork } from './spec.js'

/** The driver of a kind of links that are a part of a parent on the host. */
export const segmentDriver = (kind: SegmentKind): NetworkDriver<SegmentNetwork, SegmentBody> => ({
  name: kind.driver,
  shapes: { network: networkShape(kind.dummyPrefix), endpoint: endpointShape },
  networks: networksOn(kind),
  endpoints: endpointsOn(kind),
  use: async (spec, host) => new SegmentInUse(kind, spec, host),
})
