import type { Listener } from './resolver/listen.js'

/** What is said to the thread that answers names, and what it says. */

/** A host whose networks are served. */
export interface ServedHost {
  /** Path of its namespace. Default: the one of this process. */
  netns: string | undefined
  /** Folder of the sandboxes' records. */
  sandboxes: string
  /** The drivers that a record may name. */
  drivers: readonly string[]
  /** Where questions are counted, as {@link Tally} does it. */
  tally: SharedArrayBuffer
}

export interface ServedNetwork {
  id: string
  name: string
  /** CIDR. */
  subnets: readonly string[]
  /** Not the thread's: it makes itself further descriptors. */
  listeners: readonly Listener[]
}

export type ToThread = { serve: ServedNetwork } | { stop: string }

/** The network whose sockets the thread has closed. */
export interface FromThread {
  stopped: string
}
