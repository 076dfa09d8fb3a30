import type { StackKind } from '../drivers/stack.js'
import type { Labels } from '../base/labels.js'
import type { NameOptions } from '../base/name-options.js'
import type { PortRequest } from '../base/port-mapping.js'
import type { EndpointRequest } from '../store/endpoint.js'
import type { Maker } from '../store/maker.js'

export interface CreateRequest {
  name: string | undefined
  stack: StackKind
  /** It begins with an endpoint on a network. */
  joinsNetwork: boolean
  /** The network; or the sandbox that is joined: name or id. */
  target: string
  netns: string | undefined
  publish: PortRequest[]
  endpoint: EndpointRequest
  names: NameOptions
  labels: Labels | undefined
  ephemeral: boolean
  /** The process that it is made for, where that is not this one. */
  maker?: Maker
  /** It passes on between its networks. */
  forwarding: boolean
}
