/** What one side saw of one scenario, as it was: nothing is normalised yet. */
export interface Observation {
  /** What ran: `Docker Engine 28.5.2`. */
  version: string
  /** Ids, and what they are the id of. */
  ids: Record<string, string>
  /** Of each step, in order, until one was refused against expectation. */
  steps: StepResult[]
  /** By look and what was looked at: `app`, `network web`, `app (disconnected)`. */
  sightings: Record<string, Sighting>
}

export interface StepResult {
  step: string
  /** Docker's message, or the code and message of our error. */
  refused?: string
  /** Ours: it is not there yet. */
  unsupported?: string
}

export type Sighting = ContainerSighting | NetworkSighting

export interface ContainerSighting {
  kind: 'container'
  inspect: Inspected
  /** The lines of `docker port`. */
  port: string[]
  files: Files | Unsupported
  inside: Inside
}

export interface NetworkSighting {
  kind: 'network'
  network: unknown
}

/** Stands for what cannot be asked yet. */
export interface Unsupported {
  unsupported: string
}

export const isUnsupported = (value: unknown): value is Unsupported =>
  typeof value === 'object' && value !== null && typeof (value as Partial<Unsupported>).unsupported === 'string'

/** The part of `docker inspect` that is about the network. */
export interface Inspected {
  NetworkSettings: unknown
  HostConfig: { NetworkMode: string }
  Config: { Hostname: string }
}

/** The three files, as they are seen inside. */
export interface Files {
  hostname: string
  hosts: string
  resolvConf: string
}

export interface Inside {
  /** `the host's`, or `app's` after the container that has been in it longest. */
  namespace: string
  /** What `ip -j` prints inside; nothing of the host's own namespace, where everything else is to be seen too. */
  addresses: unknown[]
  routes: unknown[]
  routes6: unknown[]
  /** By the name of the interface inside: the bridge on the host that its other end is a port of. */
  bridges: Record<string, Bridge>
}

export interface Bridge {
  name: string
  mtu: number
  up: boolean
  /** With prefix; the link-local one left out. */
  addresses: string[]
}
