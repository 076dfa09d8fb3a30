/** Operations on namespaces, links, addresses, routes and neighbours: rtnetlink's part of a plan. */

export interface NetnsCreate {
  op: 'netns.create'
  path: string
  /**
   * Of a spare namespace: the folder of its sandbox's record. A file there and a socket for a port of the host are made
   * ahead, too.
   */
  records?: string | undefined
}

/** A further name for a namespace: it stays until the last is deleted. */
export interface NetnsBind {
  op: 'netns.bind'
  path: string
  /** Path of the namespace, of whatever kind. */
  from: string
}

export interface NetnsDelete {
  op: 'netns.delete'
  path: string
  /** Another one that the path leads to by now is left alone. */
  namespace?: Namespace | undefined
}

/**
 * A namespace itself, whatever its path: its inode on nsfs. The kernel gives the inode's number to another namespace
 * when this one has gone, so there is a cookie, too.
 */
export interface Namespace {
  device: number
  inode: number
  /**
   * A number of 64 bits that the kernel never gives again while the machine runs. Left out where it is not known:
   * kernels before 5.14 have none.
   */
  cookie?: string | undefined
}

/**
 * Says which namespace a path leads to, to all operations of the plan that name this path: refused with ESTALE when it
 * leads to another by now. (A process's number is used again; a name is deleted and made anew.)
 */
export interface NetnsCheck {
  op: 'netns.check'
  path: string
  namespace: Namespace
  /** That it leads elsewhere is a refusal of what follows, and not of this. */
  optional?: true
}

export interface LinkCreate {
  op: 'link.create'
  /** Where the link is born, under its own name. It is not moved there. */
  netns?: string
  name: string
  /** A kind that the kernel does not have is refused with EOPNOTSUPP. */
  kind: 'bridge' | 'veth' | 'macvlan' | 'ipvlan' | 'vlan' | 'dummy'
  /** MAC address. */
  address?: string
  mtu?: number
  /**
   * Name of the parent of a macvlan, an ipvlan or a VLAN: a link of the host, wherever the new one is born. Refused
   * with EBUSY when the parent already has links of the other kind (macvlan, ipvlan), or a bridge.
   */
  link?: string
  /**
   * Of a macvlan, which of its siblings it reaches: all (`bridge`), none (`private`), those that the switch behind the
   * parent sends its frames back to (`vepa`); `passthru` has the parent to itself. Of an ipvlan: which layer decides
   * where a packet goes.
   */
  mode?: 'bridge' | 'private' | 'vepa' | 'passthru' | 'l2' | 'l3' | 'l3s'
  /** Of an ipvlan: which of its siblings it reaches, as a macvlan's mode says it. */
  flag?: 'bridge' | 'private' | 'vepa'
  /** Of a VLAN: its number, 1 to 4094. */
  id?: number
  /** Of a VLAN: it may be up while its parent is down, and works once that is up. Default: the kernel's, it may not. */
  looseBinding?: true
  /** Name of the bridge that the link becomes a port of. */
  master?: string
  group?: number
  /** Transmit and receive queues, of both ends of a veth. */
  queues?: number
  /**
   * Of a bridge: whether it sends multicast only to ports that have asked for it, as it overhears. Default: the
   * kernel's, it does.
   */
  multicastSnooping?: false
  /**
   * Of a bridge: whether frames to link-local groups (01:80:c2:00:00:0X), which pass no rule, teach it who is where.
   * Default: they do.
   */
  linkLocalLearning?: false
  /** The other end of a veth, born in its namespace. */
  peer?: { netns: string; name: string; address?: string }
}

/** Settings of a link that the same plan made, or that is in a namespace that it made. */
export interface LinkSet {
  op: 'link.set'
  netns?: string
  name: string
  /**
   * Only the link of this number, whatever its name is by now. One that is taken down so goes up again where the plan
   * is refused.
   */
  index?: number
  /** MAC address. */
  address?: string
  /** Interface alias: a text for people and for whoever asks whose link this is. One that is empty is refused. */
  alias?: string
  /** No IPv6 link-local address of the kernel's own making. */
  noIpv6Address?: boolean
  /**
   * `false`: no IPv6 at all, whoever gives it an address. Only a file in /proc/sys can say so, which costs a visit to
   * the namespace; where nobody but us gives addresses, `noIpv6Address` does as much for nothing. `true`: IPv6,
   * whatever the host says of new links.
   */
  ipv6?: boolean
  /** Bytes. */
  mtu?: number
  group?: number
  /** Name of the bridge that the link becomes a port of. */
  master?: string
  /** Bridge port: frames may leave by the port they came in. */
  hairpin?: boolean
  /** Bridge port: no frames from and to other isolated ports. */
  isolated?: boolean
  /** Bridge port: it gets frames to MAC addresses that the bridge does not know. */
  flood?: boolean
  /**
   * Bridge port: bit X says that frames to 01:80:c2:00:00:0X are ordinary ones, which meet the rules. Without it they
   * go to the host past them.
   */
  groupForwardMask?: number
  /**
   * Bridge port: what else decides which frames pass it, as it is with a new port. It learns, is sent broadcasts and
   * multicasts, is not isolated, and the bridge answers nobody in place of it.
   */
  plainPort?: true
  /** Bridge port: it forwards. Refused with ENETDOWN while it has no carrier. */
  forwards?: true
  /** Bridge: as in {@link LinkCreate}. */
  multicastSnooping?: false
  linkLocalLearning?: false
  /** Bridge: it looks for loops, and a new port waits for half a minute. */
  stp?: false
  /** Bridge: a frame passes only where its VLAN may. */
  vlanFiltering?: false
  /** 127.0.0.0/8 may be routed through this link. */
  routeLocalnet?: boolean
  /** IPv4: what comes in by this link is passed on to others, whatever the host says of new links. */
  forwarding?: boolean
  /** IPv4: packets are taken only from addresses that are reached by this link (1), or by any (2). */
  rpFilter?: number
  /** IPv4: which requests of ARP are not answered. 8: none is. */
  arpIgnore?: number
  up?: boolean
}

/** Gives the link of a number another name. */
export interface LinkRename {
  op: 'link.rename'
  /** The name that it has. */
  name: string
  index: number
  to: string
}

/**
 * Asks for a link, which makes the kernel act at once on news of its carrier. Otherwise a bridge port may begin to
 * forward up to a second after its other end went up (linkwatch), and the first packets are lost.
 */
export interface LinkSettle {
  op: 'link.settle'
  netns?: string
  name: string
}

/**
 * Refused with ESTALE when the host's link of this name has another number than it had: somebody has deleted it, and
 * another made one of its name. With ENODEV where there is none.
 */
export interface LinkCheck {
  op: 'link.check'
  name: string
  index: number
}

export interface LinkDelete {
  op: 'link.delete'
  netns?: string
  name: string
  /** Only the link of this number, whatever its name is by now. */
  index?: number
}

/** All links of an interface group at once. One by one, each waits for a grace period of the kernel, 20 ms. */
export interface LinkDeleteGroup {
  op: 'link.deleteGroup'
  netns?: string
  group: number
}

/** An IPv6 address is there at once: nobody waits for duplicate address detection of what was given. */
export interface AddressAdd {
  op: 'address.add'
  netns?: string
  link: string
  /** With prefix: `172.17.0.2/16`. */
  address: string
  /** IPv4 only. */
  broadcast?: string
}

export interface AddressDelete {
  op: 'address.delete'
  netns?: string
  link: string
  address: string
  /** With which it is given back when the deletion is undone. */
  broadcast?: string
  /** A refusal is passed over: in a sandbox, its own processes may have deleted it, or its link. */
  optional?: true
}

/** A route through a gateway, on a link, or both. */
interface Route {
  netns?: string
  /** `default` or CIDR. */
  destination: string
  /** Of IPv6 it may be a link-local one, with a link. */
  gateway?: string
  link?: string
  /** Which default is meant where no gateway tells: IPv4 or IPv6. Default: 4. */
  family?: 4 | 6
  /** Of two routes to one destination, the kernel takes that with the lower one. Default: the kernel's. */
  metric?: number
  /** Who has made it, by a number that rtnetlink keeps with it. A deletion without one means whoever has made it. */
  protocol?: number
  /** A refusal is passed over: in a sandbox, its own processes may have changed routes and links. */
  optional?: true
}

export interface RouteAdd extends Route {
  op: 'route.add'
}

export interface RouteDelete extends Route {
  op: 'route.delete'
}

export interface NeighborAdd {
  op: 'neighbor.add'
  netns?: string
  link: string
  address: string
  /** Left out of a proxy. */
  lladdr?: string
  /** The link answers for the address, which is elsewhere. One that is there already is left as it is. */
  proxy?: true
}

/** A frame to this MAC address goes to this port of its bridge as long as it is one, whatever others send. */
export interface FdbAdd {
  op: 'fdb.add'
  link: string
  lladdr: string
  /** Refused with EEXIST where another port has the address. Otherwise it comes here from there. */
  exclusive?: true
}

export interface NeighborDelete {
  op: 'neighbor.delete'
  netns?: string
  link: string
  address: string
  proxy?: true
  /** A refusal is passed over: the link may have gone, or never known the address. */
  optional?: true
}

/**
 * Tells the neighbours on a link of the host where an address is by now. It is not undone, nor refused: they find out
 * in the end.
 */
export interface NeighborAnnounce {
  op: 'neighbor.announce'
  link: string
  address: string
  lladdr: string
}
