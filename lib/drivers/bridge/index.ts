import type { NetworkDriver } from '../driver.js'
import type { BridgeBody } from './endpoint.js'
import { endpoints } from './endpoints.js'
import { BridgeInUse } from './in-use.js'
import { networks } from './networks.js'
import { shapes } from './shapes.js'
import type { BridgeNetwork } from './spec.js'

/** Networks on bridges of this host: Docker's `bridge`. */
export const bridge: NetworkDriver<BridgeNetwork, BridgeBody> = {
  name: 'bridge',
  shapes,
  networks,
  endpoints,
  use: (spec, host, settings, missing) => BridgeInUse.begin(spec, host, settings, missing),
}
