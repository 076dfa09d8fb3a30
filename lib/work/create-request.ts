import type { NameOptions } from '../base/name-options.js'
import type { PortRequest } from '../base/port-mapping.js'
import type { EndpointRequest } from '../store/endpoint.js'

/** How a sandbox comes to its network stack. */
export type Mode = 'bridge' | 'host' | 'none' | 'container'

export interface CreateRequest {
  name: string | undefined
  mode: Mode
  /** With mode `bridge`, the network; with `container`, the sandbox: name or id. */
  target: string
  netns: string | undefined
  publish: PortRequest[]
  endpoint: EndpointRequest
  names: NameOptions
}
