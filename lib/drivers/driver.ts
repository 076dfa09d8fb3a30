import type { IpFamily } from '../base/addresses/ip.js'
import type { AddressAdd, Namespace, Operation, Plan, SetDefinition } from '../plan/operation.js'
import type { Host } from '../kernel/host.js'
import type { PlanRefused } from '../kernel/refusal.js'
import type { LinkInfo } from '../kernel/native.js'
import type { DriverShapes } from '../store/driver-shapes.js'
import type { EndpointRequest, StoredEndpoint } from '../store/endpoint.js'
import type { NetworkSpec } from '../store/network-spec.js'
import type { StoredRecord } from '../store/records.js'
import type { NetworksOf } from './networks-of.js'
import type { ReadyNetwork } from './ready.js'
import type { StackKind } from './stack.js'
import type { AddressGuesses } from './address-guesses.js'

/**
 * A driver without networks of its own, by whose name a sandbox can be created all the same: what its network stack is
 * then.
 */
export interface StackDriver {
  /** As docker calls it: `host`. */
  readonly name: string
  /** The network that every host has of it. */
  readonly network?: string
  readonly stack: StackKind
  /** What a text of create's `network` names, where it is this driver's: `container:app` names `app`. */
  reads(network: string): string | undefined
  /** Options of create that do not go with it, why, and what to do instead. */
  readonly refuses: { readonly options: readonly string[]; readonly why: string; readonly instead: string }
  /** Why its sandboxes can be connected to no network. */
  readonly unconnectable: string
  /** Why nothing can be published on them. */
  readonly unpublishable: string
  /** Why no sandbox can be connected to its network. */
  readonly unjoinable?: string
}

/**
 * What a driver is. A new one is a folder with such an object in it, and a line in index.ts. What is called a plan, or
 * operations, is a pure function: it touches no socket, no clock, no file.
 */
export interface NetworkDriver<Spec extends NetworkSpec = NetworkSpec, Body = unknown> {
  /** As docker calls it: `bridge`. */
  readonly name: string
  readonly shapes: DriverShapes
  readonly networks: NetworksOf<Spec>
  readonly endpoints: EndpointsOf<Spec, Body>
  /** A network as this process begins to use it. @param missing - Where nothing is to be made: what would be. */
  use(spec: Spec, host: Host, settings: UseSettings, missing?: Operation[]): Promise<NetworkInUse<Body>>
}

/** What of the options of open() matters to networks in use. */
export interface UseSettings {
  portsPerBridge: number
}

/** What this process knows of a network, and its driver alone understands. */
export interface NetworkInUse<Body = unknown> {
  /** Learns what is there already: the network is not new. */
  learn(): Promise<void>
  /** @throws {SlipwayError} `INVALID_ARGUMENT` for what is asked of an endpoint and this network cannot give. */
  check(asked: EndpointRequest): void
  /**
   * An endpoint, its place on the network taken. At once where nothing has to be asked.
   *
   * @param random - Its MAC is not to follow from its address: another endpoint has chosen that one.
   */
  draft(
    id: string,
    name: string,
    taken: AddressGuesses,
    asked: EndpointRequest,
    random?: boolean,
  ): StoredEndpoint<Body> | Promise<StoredEndpoint<Body>>
  /** What of an address an endpoint of the network claims. */
  claimOf(family: IpFamily, address: string): EndpointElement
  /** Addresses that endpoints have claimed, those of other networks, too. */
  claimed(family: IpFamily): Promise<string[]>
  /** Gives the place of an endpoint back. */
  leave(endpoint: StoredEndpoint<Body>): void
  /** A plan was refused as the place has no room. Whether there may be another. */
  hasOtherPlace(refused: PlanRefused): boolean
  /** What the moment adds to the making of an endpoint: for {@link EndpointsOf.link}. */
  readonly moment: unknown
}

/** What the moment adds to the making of an endpoint. */
export interface Circumstances {
  /** See {@link NetworkInUse.moment}. */
  moment: unknown
  /** The record of its network, which must be there still when the endpoint is. */
  network?: { path: string; content: string }
}

/** An element, and the set that it is in. */
export type EndpointElement = readonly [set: SetDefinition, key: string]

/** What a driver does for endpoints. */
export interface EndpointsOf<Spec extends NetworkSpec = NetworkSpec, Body = unknown> {
  /**
   * Its claims, which are refused when another has them; and what lets it send, which goes with them. In one
   * transaction.
   */
  elements(endpoint: StoredEndpoint<Body>): EndpointElement[]
  /**
   * What lets a router send by this endpoint what comes from subnets of its other endpoints. Left out where no rule
   * keeps what is sent from the network.
   */
  passesOn?(endpoint: StoredEndpoint<Body>, sources: readonly (readonly [IpFamily, string])[]): EndpointElement[]
  /**
   * What its neighbours have in common, any of which can be another's gateway: a link of the host, or an id. Left out,
   * or nothing, where none can.
   */
  neighbourhood?(endpoint: StoredEndpoint<Body>): string | undefined
  /**
   * Its link, from the host to the inside.
   *
   * @param netns - Where its inside is.
   * @param spare - Its address is not claimed yet.
   */
  link(netns: string, endpoint: StoredEndpoint<Body>, circumstances: Circumstances, spare: boolean): Operation[]
  /** What leads to it from elsewhere on the host: only while its addresses are claimed. */
  hostRoutes(endpoint: StoredEndpoint<Body>): Operation[]
  /** Takes that back. */
  dropHostRoutes(endpoint: StoredEndpoint<Body>): Operation[]
  /** Its link inside goes up, with its addresses and what leads to its network. */
  inside(netns: string, endpoint: StoredEndpoint<Body>): Operation[]
  /** Its addresses inside. */
  addresses(netns: string, endpoint: StoredEndpoint<Body>): AddressAdd[]
  /** The kernel has acted on all that when this is done. */
  settle(endpoint: StoredEndpoint<Body>): Operation[]
  /** Tells its neighbours where it is, where they may know it to be elsewhere. */
  announce(endpoint: StoredEndpoint<Body>): Operation[]
  /** Has the host forget where it was, and its neighbours, where they would take the next for it. */
  forget(endpoint: StoredEndpoint<Body>): Operation[]
  /** Its links on the host. They go with its namespace. */
  hostLinks(endpoint: StoredEndpoint<Body>): string[]
  /** Name of the link of the host that its link is the other end of, or a part of. */
  hostEnd(endpoint: StoredEndpoint<Body>): string
  /** Takes the links of endpoints away whose namespace stays. */
  unlink(netns: string, endpoints: readonly StoredEndpoint<Body>[]): Operation[]

  /**
   * Its links as they are called inside by now, where no rule of the host keeps what they send from the network: they
   * are deleted with the first part of a removal, by their numbers, as the sandbox may rename them meanwhile. Left out
   * where rules do.
   *
   * @param stay - The other endpoints of the sandbox, whose links are not taken.
   */
  unfilteredLinks?(endpoint: StoredEndpoint<Body>, stay: readonly StoredEndpoint[], place: Place): Promise<LinkInside[]>
  /** Whether its link is there. @param links - Those of the host that are ours, by name, where they are known. */
  isLinked(
    endpoint: StoredEndpoint<Body>,
    place: Place,
    links?: ReadonlyMap<string, LinkInfo>,
  ): boolean | Promise<boolean>
  /**
   * Those whose links are not there, or not as they are to be, as far as the host tells. Left out where it tells
   * nothing.
   *
   * @param links - Of the host, by name.
   */
  offOf?(
    endpoints: readonly StoredEndpoint<Body>[],
    host: Host,
    links: ReadonlyMap<string, LinkInfo>,
  ): Promise<ReadonlySet<StoredEndpoint<Body>>>
  /** Whether its link is known to have been finished, as far as the host's links tell. */
  isUp(endpoint: StoredEndpoint<Body>, links: ReadonlyMap<string, LinkInfo>): boolean
  /**
   * An element that the ruleset has for its network: without it, somebody has flushed that. None where it needs none.
   */
  rule(endpoint: StoredEndpoint<Body>): EndpointElement | undefined
  /** Whether a plan was refused as the endpoint's network is gone, or what its link is made on. */
  isNetworkLost(host: Host, refused: PlanRefused): Promise<boolean>
  /** Whether a plan may have been refused as a link that leaves has the place still. Left out where none keeps it. */
  mayBeHeldByLeavingLink?(refused: PlanRefused): boolean
  /** Whether what leads through this link of the host may lead to an endpoint of the network. */
  routesThrough(spec: Spec, link: string): boolean
  /** Puts links back that somebody has taken off their network. @returns Names of the sandboxes whose they are. */
  attach?(heal: Attaching<Body>): Promise<ReadonlySet<string>>

  /** Why nothing can be published at its endpoints. Left out where it can. */
  readonly unpublishable?: string
  /** What a spare sandbox, made ahead of need, is known by. Left out: none are made on networks of this driver. */
  readonly spares?: SparesOf<Body>
}

/** A link inside, by its number there. */
export type LinkInside = Pick<LinkInfo, 'name' | 'index'>

/** Where the inside of an endpoint is. */
export interface Place {
  host: Host
  path: string
  namespace?: Namespace | undefined
  /** It is somebody else's, who may have links of the same kind there. */
  foreign?: boolean | undefined
}

export interface Attaching<Body = unknown> {
  host: Host
  ready(network: string): ReadyNetwork | Promise<ReadyNetwork>
  /** Sandboxes with endpoints of this driver. */
  records: readonly StoredRecord[]
  isOwn(endpoint: StoredEndpoint): endpoint is StoredEndpoint<Body>
  /** All links of the host, as they were found. */
  found: readonly LinkInfo[]
  /** As they are by now, where some have been made again. */
  links: readonly LinkInfo[]
}

export interface SparesOf<Body = unknown> {
  /**
   * Their links stay down and without addresses until they are claimed, as no rule of the host keeps what they send
   * from the network.
   */
  readonly quiet?: true
  /** Why no spare is made as this one is. Left out, or nothing: they are. */
  unsuited?(endpoint: StoredEndpoint<Body>): string | undefined
  /** Name of a spare's namespace. */
  nameOf(endpoint: StoredEndpoint<Body>): string
  /** Operations that are refused where somebody has deleted what the spare is made of, asked for once it is made. */
  checks(host: Host, endpoint: StoredEndpoint<Body>): Promise<Plan>
  /** Whether a refused check is the fault of the network, and all spares of it are no good. */
  isOfNetwork(endpoint: StoredEndpoint<Body>, refused: PlanRefused): boolean
  /** Whether a spare was refused as another has what it was given: the next one has another. */
  isTaken(refused: PlanRefused): boolean
}
