/** What an event is about. */
export type EventType = 'sandbox' | 'endpoint' | 'port' | 'network' | 'host' | 'pool'

/**
 * What has become of it.
 *
 * - `created`, `changed`, `removed`: somebody has done it, this process or another.
 * - `healed`: something of it was missing, and was given back. `lost`: it could not be.
 * - `damaged`: others have changed or deleted something of it, or its record cannot be read.
 * - `warning`: a setting of the host is in the way.
 * - `claimed`, `missed`, `made`, `dropped`: of a pool, a spare sandbox.
 * - `skipped`: events that nobody took in time, and that are not told.
 */
export type EventAction =
  | 'created'
  | 'changed'
  | 'removed'
  | 'healed'
  | 'lost'
  | 'damaged'
  | 'warning'
  | 'claimed'
  | 'missed'
  | 'made'
  | 'dropped'
  | 'skipped'

/** Something that has happened on the host. */
export interface SlipwayEvent {
  /** When it was heard of: ISO 8601, to the millisecond, in UTC. */
  time: string
  /** What it is about. */
  type: EventType
  /** What has become of it. */
  action: EventAction
  /** Of the sandbox, of the endpoint or of the network; of a port, of its sandbox. Empty where there is none. */
  id: string
  /** Of the sandbox (of an endpoint or a port, too) or of the network. Empty for the host. */
  name: string
  /**
   * More of it, by type:
   *
   * - sandbox, network: its labels; `network` and `path`, or `driver` and `subnets`.
   * - endpoint: `sandbox`, `sandboxId`, `network`, `networkId`, `interface`, `mac`, `ipv4`, `ipv6`.
   * - port: `sandbox`, `hostIp`, `hostPort`, `containerPort`, `protocol`.
   * - what is lost, damaged or a warning: `message`, a sentence.
   * - pool: `ready` and `size`. skipped: `count`.
   */
  attributes: Readonly<Record<string, string>>
}

/** What filters ask of an event beside what it tells. */
export interface About {
  /** Id of the sandbox that it is about, or that it belongs to. */
  sandbox?: string
  /** Of a sandbox, the id of the network that it was made on. */
  network?: string
  /** Of a sandbox or a network. An attribute may have the same name. */
  labels?: Readonly<Record<string, string>>
}

/** An event that nobody has heard of yet. */
export type Happening = Omit<SlipwayEvent, 'time'> & { about: About }
