import { networks } from './networks.js'
import { networkShape } from './spec.js'

/** Networks on bridges of this host: Docker's `bridge`. */
export const bridge = {
  name: 'bridge',
  shapes: { network: networkShape },
  networks,
}
