import type { NetworkInspect } from '../../../api/networks/inspect.js'

/** The zero of Go's time. Clients in Go read no empty text as one. */
const NO_TIME = '0001-01-01T00:00:00Z'

/** A network as Docker's daemon answers with it. */
export const shownNetwork = (network: NetworkInspect): NetworkInspect => ({
  ...network,
  Created: network.Created === '' ? NO_TIME : network.Created,
})
