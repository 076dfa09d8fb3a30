import { endpointsOf } from '../drivers/index.js'
import type { SandboxRecord } from '../store/records.js'

/** Names of a sandbox's links on the host. */
export const hostLinksOf = ({ endpoints }: Pick<SandboxRecord, 'endpoints'>): string[] =>
  endpoints.flatMap((endpoint) => endpointsOf(endpoint).hostLinks(endpoint))

/** Names of the links that those are ports of. */
export const bridgesOf = ({ endpoints }: Pick<SandboxRecord, 'endpoints'>): string[] =>
  endpoints.flatMap((endpoint) => endpointsOf(endpoint).rule(endpoint)?.[1] ?? [])
