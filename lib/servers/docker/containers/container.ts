import { hostname as machine } from 'node:os'
import type { NetworkSettings } from '../../../api/sandboxes/inspect.js'
import type { Sandbox } from '../../../api/sandboxes/sandbox.js'
import { SlipwayError } from '../../../base/errors.js'
import type { Labels } from '../../../base/labels.js'
import type { NameOptions } from '../../../base/name-options.js'

/** Docker's words for it, of those that a sandbox can be in. */
export type ContainerState = 'created' | 'running' | 'exited'

/** A sandbox as Docker's clients see it. */
export interface Container {
  id: string
  name: string
  /** ISO 8601. */
  created: string
  state: ContainerState
  /** When it has stopped, ISO 8601; `undefined` where it has not. */
  finished: string | undefined
  labels: Labels
  /** What it was created with: a network's name, `host`, `none` or `container:` and an id. */
  network: string
  /** Of its processes. */
  hostname: string
  domainname: string
  names: Readonly<NameOptions>
  settings: NetworkSettings
}

/** @throws {SlipwayError} `NOT_FOUND` when it has been removed. */
export function containerOf(sandbox: Sandbox, state: ContainerState): Container {
  const { id, name, created, labels, network, names } = sandbox
  const { hostname = machine(), domainname = '' } = sandbox.called
  // Go's ports have numbers: an address that leads to it as a whole has none.
  const { '*': _, ...Ports } = sandbox.inspect().Ports
  const settings = { ...sandbox.inspect(), Ports }
  return { id, name, created, state, finished: undefined, labels, network, hostname, domainname, names, settings }
}

/** `undefined` where it has been removed meanwhile. */
export function containerIfThere(sandbox: Sandbox, state: ContainerState): Container | undefined {
  try {
    return containerOf(sandbox, state)
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'NOT_FOUND') return undefined
    throw error
  }
}

const NO_ADDRESS = {
  EndpointID: '',
  Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  MacAddress: '',
} as const

/** What it is once it has stopped: its networks are named, and nothing of them is its own. */
export function stopped(container: Container, finished: string): Container {
  const networks = Object.entries(container.settings.Networks).map(
    ([name, endpoint]) => [name, { ...endpoint, ...NO_ADDRESS, DNSNames: null }] as const,
  )
  const settings: NetworkSettings = {
    ...container.settings,
    ...NO_ADDRESS,
    SandboxID: '',
    SandboxKey: '',
    Ports: {},
    Networks: Object.fromEntries(networks),
  }
  return { ...container, state: 'exited', finished, settings }
}
