import type { IpFamily } from '../base/addresses/ip.js'
import type { SubnetRequest } from '../base/addresses/subnet-request.js'
import type { AddressPoolSpec, Settings } from '../base/settings.js'
import type { Router } from '../claims/addresses/complete.js'
import type { Occupied } from '../claims/addresses/default-subnet.js'
import type { SetContents } from '../claims/set-contents.js'
import type { HostState } from '../kernel/host-state.js'
import type { Host } from '../kernel/host.js'
import type { PlanRefused } from '../kernel/refusal.js'
import type { LinkInfo } from '../kernel/native.js'
import type { Plan } from '../plan/operation.js'
import type { NetworkElement } from '../policy/network-elements.js'
import type { NetworkSpec } from '../store/network-spec.js'
import type { SandboxRecord } from '../store/records.js'

import type { NetworkDriver } from './driver.js'
import type { Misnamed } from './rename-links.js'
import type { ReadyNetwork } from './ready.js'

/**
 * What a driver does for its networks. It keeps nothing of them: what a process knows of a network is in the registry,
 * and what is remembered of it in its record.
 */
export interface NetworksOf<Spec extends NetworkSpec = NetworkSpec> {
  /** Short names of its options, and docker's names of them. */
  spellings?: Readonly<Record<string, string>>
  /**
   * Checks what does not depend on the host.
   *
   * @throws {SlipwayError} `INVALID_ARGUMENT`
   */
  check(request: NetworkRequest, settings: Pick<Settings, 'stateDir'>): void
  /**
   * What a network will be, but for its addresses.
   *
   * @throws {SlipwayError} `INVALID_ARGUMENT`, `CONFLICT`
   */
  draft(request: NetworkRequest, on: HostView, settings: Settings): Promise<NetworkDraft<Spec>>

  /** Makes all of it. Pure. */
  create(spec: Spec): Plan
  /**
   * The plan of {@link create}, with what has to be done first lest the host lose something of its own by it. Left out
   * where nothing has.
   */
  sparing?(host: Host, plan: Plan): Promise<Plan>
  /**
   * Refuses a network that the plan of {@link create} would take for its own though it is another's.
   *
   * @throws {SlipwayError} `CONFLICT`
   */
  refuseTaken(host: Host, spec: Spec): Promise<void>
  /**
   * Whether a plan was refused as another process, or an administrator, has deleted a part of the network, or of the
   * ruleset, in the middle of its making.
   */
  wasTakenAway(refused: PlanRefused): boolean
  /**
   * What the host lacks of a network; nothing where all of it is there.
   *
   * @throws {SlipwayError} `CONFLICT` where something of somebody else's stands in its place.
   */
  missing(host: Host, spec: Spec): Promise<Plan>
  /** Whether it is there, as far as this tells: asked for each network of a host when that is opened. */
  isWhole(spec: Spec, seen: Seen): Promise<boolean>
  /** Takes it away. What of it is somebody else's by now stays. */
  removal(host: Host, spec: Spec): Promise<Plan>
  /**
   * Refuses the removal of a network that something of somebody else's is on.
   *
   * @throws {SlipwayError} `CONFLICT`
   */
  refuseOthers(spec: Spec, links: readonly LinkInfo[]): void

  /**
   * What the ruleset is to hold for a network, and nothing else is of it there.
   *
   * @param links - Of the host: what is to be held for a part of the network that comes with its first sandboxes, is to
   * be held where it is there.
   */
  elements(spec: Spec, links: readonly LinkInfo[]): NetworkElement[]
  /**
   * The IP versions in which the host passes on what its sandboxes send to the world. Left out where it is not between
   * them.
   */
  forwarded?(spec: Spec): IpFamily[]
  /** Its own link on the host; `undefined` where it has none. */
  hostLink(spec: Spec): HostLink | undefined
  /**
   * Links of the host that its sandboxes' links are parts of: with such a link, the kernel deletes those. Left out
   * where there are none.
   */
  standsOn?(spec: Spec): readonly Ground[]
  /** Whether a link of the host is a part of a network: the routes by it lead to single sandboxes. */
  isPart(link: LinkInfo): boolean
  /** Links of its networks that go by other names than their own. Left out where names tell whose a link is. */
  misnamed?(
    links: readonly LinkInfo[],
    there: Pick<ExistingNetworks<Spec>, 'specs' | 'predefined' | 'stateDir'>,
  ): (Misnamed & { network: string })[]
  /** Links that are of networks of this driver, and of none that there is. */
  leftovers(links: readonly LinkInfo[], there: ExistingNetworks<Spec>): LinkInfo[]
  /**
   * Gives networks back the parts that sandboxes are on, where somebody has deleted or flushed them.
   *
   * @returns What was healed. What led to sandboxes by such a link may have gone with it.
   */
  heal?(healing: Healing): Promise<{ network: string; link: string }[]>
  /** Has the host and sandboxes forget where addresses were that endpoints of a network have left. Pure. */
  forget(spec: Spec, links: readonly LinkInfo[], addresses: readonly string[]): Plan

  /** The network of this driver that every host has. */
  readonly predefined?: PredefinedOf
}

/** What somebody asks for of a driver. */
export interface NetworkRequest {
  name: string
  internal: boolean
  options: Readonly<Record<string, string>>
  subnets: readonly SubnetRequest[]
}

export interface NetworkDraft<Spec extends NetworkSpec> extends Pick<
  NetworkSpec,
  'mtu' | 'interfacePrefix' | 'hostIps'
> {
  /** Who leads out of the network; the host where nothing is said of an IP version. */
  router: Partial<Record<IpFamily, Router>>
  /** What a subnet that is asked for may overlap. Default: nothing. */
  mayOverlap?: (one: Occupied) => boolean
  /** Nothing passes into or out of it, asked for or not. */
  internal?: true
  /** All of it, once its id and its addresses are known. */
  complete(head: NetworkSpec): Spec
}

/** What a new network finds on its host. */
export interface HostView {
  /** Address pools for some IP versions, at least. */
  pools(families: readonly IpFamily[]): readonly AddressPoolSpec[]
  /** A link of the host. */
  link(name: string): Promise<LinkInfo | undefined>
  /** What a link is a port of: a bridge, a bond. */
  masterOf(link: LinkInfo): Promise<LinkInfo | undefined>
  /** Networks that have a record. */
  networks(): Promise<NetworkSpec[]>
  /** Whether the host has an address. */
  has(address: string): Promise<boolean>
  /**
   * What networks, routes and addresses of the host cover. A network is named rather than the route that it is.
   *
   * @param except - A network whose claims do not count, as it is the one that asks.
   */
  occupied(families: readonly IpFamily[], except?: string): Promise<Occupied[]>
}

/** What a look at the host has shown. */
export interface Seen {
  links: readonly LinkInfo[]
  setContents: SetContents
  state: HostState
  /** Of the sandboxes. */
  records: readonly SandboxRecord[]
}

/** What there is of networks. */
export interface ExistingNetworks<Spec extends NetworkSpec = NetworkSpec> {
  /** Those of the driver that have a record. */
  specs: readonly Spec[]
  /** Names of those whose records cannot be read, and of those that every host has. */
  kept: ReadonlySet<string>
  /** Names of links that the ruleset has for a network's. */
  entered: ReadonlySet<string>
  /** Networks that every host has: the names of their links, by their own. */
  predefined: ReadonlyMap<string, string>
  /** Some records cannot be read. */
  unread: boolean
  stateDir: string
}

export interface HostLink {
  kind: string
  name: string
}

/** A link of the host that a network stands on. */
export interface Ground {
  link: string
  /** It can be made again. Others are somebody else's to bring back. */
  ours: boolean
}

export interface Healing extends Seen {
  host: Host
  ready(network: string): ReadyNetwork | Promise<ReadyNetwork>
}

/** A network that every host has: how a process begins with it. */
export interface PredefinedOf {
  readonly name: string
  open(on: PredefinedPlace): PredefinedNetwork
}

export interface PredefinedPlace {
  driver: NetworkDriver
  host: Host
  settings: Settings
  hostView: HostView
  /** Folder of the sandboxes' records. */
  sandboxes: string
  ensureRuleset(): Promise<unknown>
  /** Is told that the network was made, and not found. */
  made(name: string): void
}

/** A network that every host has: there is no record of it, and it is made on first use. */
export interface PredefinedNetwork {
  readonly name: string
  /** Name of its link on the host, be that there or not. */
  readonly link: string
  /** The network, made if need be. Everybody who asks meanwhile waits for the same making. */
  ensure(): ReadyNetwork | Promise<ReadyNetwork>
  /** The network if it is there, or as it would be made, and the plan that is missing. Writes nothing. */
  preview(): Promise<{ ready: ReadyNetwork; missing: Plan }>
  /**
   * What it is, or would be. Writes nothing.
   *
   * @throws {SlipwayError} `CONFLICT`, `EXHAUSTED`
   */
  look(): Promise<NetworkSpec>
  /** What it is, where it is there. */
  present(): Promise<NetworkSpec | undefined>
  /** The subnets that it will have, as long as it is not there: other networks do not get them unasked. */
  kept(): Promise<Occupied[]>
  /** The network as it is known, if it is in use by this process. */
  known(): ReadyNetwork | Promise<ReadyNetwork> | undefined
  /** Forgets what is known: the next {@link ensure} looks again. */
  forget(): void
  /** Whether its link has gone, or has its name and is another's, and what the ruleset has for it has not gone. */
  isLost(seen: Pick<Seen, 'links' | 'setContents'>): Promise<boolean>
  /**
   * How much of it somebody has deleted, where its link is there. `half made`: another process is making it, or has
   * died.
   */
  lacks(seen: Seen): Promise<'nothing' | 'some' | 'all' | 'half made'>
  /** Its options, as inspect shows them. @param spec - As {@link look} has it. */
  describe(spec: NetworkSpec): Readonly<Record<string, string>>
}
