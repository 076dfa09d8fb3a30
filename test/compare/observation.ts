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
}

export type Sighting = ContainerSighting | NetworkSighting | ListSighting | ReachSighting | AnswerSighting

export interface ContainerSighting {
  kind: 'container'
  inspect: Inspected
  /** The lines of `docker port`. */
  port: string[]
  files: Files
  inside: Inside
}

export interface NetworkSighting {
  kind: 'network'
  network: unknown
}

/** The lines of `docker network ls`, without ids. */
export interface ListSighting {
  kind: 'list'
  networks: string[]
}

/** By `app to 192.0.2.2:8080`, the address that the other saw it by, or that there was no answer. */
export interface ReachSighting {
  kind: 'reach'
  answers: Record<string, string>
}

/** What Docker's API answers. */
export interface AnswerSighting {
  kind: 'answer'
  status: number
  /** As JSON, where it is that. */
  body: unknown
}

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
