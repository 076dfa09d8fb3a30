import type { IpFamily } from '../base/addresses/ip.js'
import type { Operation, Statement } from '../plan/operation.js'
import { RESOLVER_PORT } from './resolver-elements.js'
import {
  accept,
  any,
  chain,
  counter,
  drop,
  DSTNAT,
  FILTER,
  forBoth,
  goTo,
  header,
  is,
  isFamily,
  isNot,
  jump,
  masquerade,
  none,
  reject,
  outside,
  RAW,
  set,
  setPair,
  SRCNAT,
  translate,
  type Rule,
  within,
  zone,
} from './rules.js'
import * as sets from './sets.js'

const LOOPBACK = '127.0.0.0/8'
/** Addresses of IPv6 that mean something on one link only. */
const LINK_LOCAL = is('ip6 daddr', 'fe80::/64')

/** Destination, as the sets of ports have it. */
const port = (family: IpFamily): string[] => [`${header(family)} daddr`, 'meta l4proto', 'th dport']

/** Table `inet slipway`: who may reach whom, and under which address. */
export const inetTable = (): Operation[] => [...setsAndMaps(), ...arriving(), ...leaving(), ...passing()]

const setsAndMaps = (): Operation[] => [
  set(sets.bridges, 'bridges of the networks'),
  set(sets.icc, 'bridges whose sandboxes may talk to each other'),
  set(sets.internal, 'bridges that nothing passes into or out of'),
  set(sets.trusted, 'host interface and bridge: may speak to open ports directly'),
  ...setPair(sets.masqueraded, 'bridges whose traffic leaves under an address of the host'),
  ...setPair(sets.source, 'and which address that is, where it was chosen'),
  ...setPair(sets.sameNetwork, 'subnet and bridge of each network'),
  ...setPair(sets.nearer, 'subnet and address: the sandbox there has a way of its own to clients in the subnet'),
  ...setPair(sets.unprotected, 'bridges whose sandboxes are open to the outside on every port'),
  ...setPair(sets.routed, 'bridges whose sandboxes are spoken to at their own addresses'),
  ...setPair(sets.subnets, 'subnets in use'),
  set(sets.macs, 'MAC addresses in use, by the bridge of their network'),
  ...setPair(sets.addresses, 'addresses in use'),
  ...setPair(sets.segments, 'parent and address: given to an endpoint on the segment of that link'),
  ...setPair(sets.published, 'ports published on every host address'),
  ...setPair(sets.publishedAt, 'ports published on one host address'),
  ...setPair(sets.whole, 'host addresses that lead to one sandbox, with every port'),
  ...setPair(sets.zones, 'conntrack zones of the ports published on every host address'),
  ...setPair(sets.zoned, 'which of them have a zone'),
  ...setPair(sets.zonesAt, 'conntrack zones of the ports published on one host address'),
  ...setPair(sets.zonesWhole, 'conntrack zones of whole host addresses'),
  ...setPair(
    sets.errors,
    'the same zones, for ICMP errors about what ports of UDP have sent: published on every host address',
  ),
  ...setPair(sets.errorsAt, 'and on one'),
  ...setPair(sets.open, 'ports of sandboxes that may be spoken to directly'),
  ...setPair(sets.restricted, 'ports published on every host address that not everybody may use'),
  ...setPair(sets.restrictedAt, 'ports published on one host address that not everybody may use'),
  ...setPair(sets.admitted, 'and who may'),
]

/**
 * What tells an error of ICMP about a packet of UDP that a published port has sent, and the port in that packet: the IP
 * header behind the error's own 8 bytes has no options. The error is sent to whom the packet was from.
 */
const ERROR: Readonly<Record<IpFamily, { about: readonly Statement[]; port: string }>> = {
  4: {
    about: [is('meta l4proto', 'icmp'), is('icmp type', 'destination-unreachable'), is('@th,136,8', '17')],
    port: '@th,224,16',
  },
  6: {
    about: [is('meta l4proto', 'ipv6-icmp'), none('icmpv6 type', '128'), is('@th,112,8', '17')],
    port: '@th,384,16',
  },
}

/**
 * Before conntrack looks: a connection to a port that leads elsewhere by now, or nowhere, is not found. The first that
 * fits counts.
 */
const zoned = (family: IpFamily): Operation[] =>
  chain('inet', `zone${family}`, { comment: 'which connections packets to published ports may be of' }, [
    ['a port of one host address', zone(port(family), sets.zonesAt[family])],
    [
      'a port of every host address',
      within(['meta l4proto', 'th dport'], sets.zoned[family]),
      is('fib daddr type', 'local'),
      zone(['meta l4proto', 'th dport'], sets.zones[family]),
    ],
    ['a whole host address', zone([`${header(family)} daddr`], sets.zonesWhole[family])],
    [
      'an error about what a port of one host address has sent',
      ...ERROR[family].about,
      zone([`${header(family)} daddr`, ERROR[family].port], sets.errorsAt[family]),
    ],
    [
      'about what a port of every host address has sent',
      ...ERROR[family].about,
      is('fib daddr type', 'local'),
      zone([ERROR[family].port], sets.errors[family]),
    ],
  ])

const arriving = (): Operation[] => [
  ...chain('inet', 'user', { comment: 'rules of your own come first: slipway never touches this chain' }),
  ...zoned(4),
  ...zoned(6),
  ...chain(
    'inet',
    'zone',
    { comment: 'which connections packets may be of, for all but TCP' },
    forBoth((family) => ['by its header', isFamily(family), goTo(`zone${family}`)]),
  ),
  ...chain('inet', 'guard', { type: 'filter', hook: 'prerouting', priority: RAW }, [
    ['a neighbour may not send to loopback', is('ip daddr', LOOPBACK), isNot('iifname', 'lo'), counter, drop],
    ['a neighbour may not come from loopback', is('ip saddr', LOOPBACK), isNot('iifname', 'lo'), counter, drop],
    ['zones, for packets from other hosts and from sandboxes', isNot('meta l4proto', 'tcp'), goTo('zone')],
  ]),
  ...chain('inet', 'zone_local', { type: 'filter', hook: 'output', priority: RAW }, [
    ['zones, for packets from the host itself', isNot('meta l4proto', 'tcp'), goTo('zone')],
  ]),
  ...chain('inet', 'to_sandbox', { comment: 'where an address and port of the host lead' }, [
    ...forBoth((family) => [
      'a port of one host address',
      isFamily(family),
      translate('dnat', port(family), family, sets.publishedAt),
    ]),
    ...forBoth((family) => [
      'a port of every host address',
      isFamily(family),
      translate('dnat', ['meta l4proto', 'th dport'], family, sets.published),
    ]),
    ...forBoth((family) => [
      'a whole host address',
      isFamily(family),
      translate('dnat', [`${header(family)} daddr`], family, sets.whole),
    ]),
  ]),
  // In chains of type nat, which only new connections meet.
  ...chain('inet', 'names', { comment: 'names of a network are for its own sandboxes: they come in by its bridges' }, [
    ...forBoth((family) => [
      'from elsewhere to where the names of a network are served',
      within([`${header(family)} daddr`], sets.subnets[family]),
      outside([`${header(family)} daddr`, 'iifname'], sets.sameNetwork[family]),
      counter,
      drop,
    ]),
  ]),
  ...chain('inet', 'arriving', { comment: 'what begins with a packet to an address of the host' }, [
    ...['udp', 'tcp'].flatMap((protocol) =>
      [53, RESOLVER_PORT].map((number): Rule => [
        `names, by ${protocol} on port ${number}`,
        is('meta l4proto', protocol),
        is('th dport', `${number}`),
        jump('names'),
      ]),
    ),
    ...forBoth((family) => [
      'not on the allow-list of the port',
      isFamily(family),
      within(['meta l4proto', 'th dport'], sets.restricted[family]),
      outside([...port(family), `${header(family)} saddr`], sets.admitted[family]),
      counter,
      drop,
    ]),
    ...forBoth((family) => [
      'not on the allow-list of the port of this address',
      within(port(family), sets.restrictedAt[family]),
      outside([...port(family), `${header(family)} saddr`], sets.admitted[family]),
      counter,
      drop,
    ]),
    ['where it leads', goTo('to_sandbox')],
  ]),
  // No sandbox can answer an address that means something on one link only: what is from there is not forwarded.
  ...chain('inet', 'link_local', { comment: 'what is for a link-local address of the host is for the host itself' }, [
    ['a published port that is not of TCP: refused', within(['meta l4proto', 'th dport'], sets.zoned[6]), reject],
    ['no port leads to a sandbox from here, and where no process listens the host refuses TCP', accept],
  ]),
  ...chain('inet', 'publish', { type: 'nat', hook: 'prerouting', priority: DSTNAT }, [
    ['for a link-local address', LINK_LOCAL, goTo('link_local')],
    ['from other hosts and from sandboxes', is('fib daddr type', 'local'), goTo('arriving')],
  ]),
  ...chain('inet', 'publish_local', { type: 'nat', hook: 'output', priority: DSTNAT }, [
    [
      'what is from ::1 gets no answer from elsewhere: refused here, a client goes on to 127.0.0.1',
      is('ip6 daddr', '::1'),
      accept,
    ],
    ['for a link-local address', LINK_LOCAL, goTo('link_local')],
    ['from the host itself', is('fib daddr type', 'local'), jump('to_sandbox')],
  ]),
]

const leaving = (): Operation[] => [
  ...chain('inet', 'into_network', { comment: 'under which address a connection gets into a network' }, [
    ['from 127.0.0.1 to a published port', is('ip saddr', LOOPBACK), masquerade],
    ...forBoth((family) => [
      'to a sandbox that has a nearer way to its client: the answer must come back here',
      any('ct status', 'dnat'),
      within([`${header(family)} saddr`, `${header(family)} daddr`], sets.nearer[family]),
      masquerade,
    ]),
    // With br_netfilter, what goes back out of the bridge that it came by has no device that it came by.
    ['from elsewhere, under its own address', isNot('iif', '0'), outside(['iifname'], sets.bridges), accept],
    ...forBoth((family) => [
      'back into the same network: the answer must come back here',
      any('ct status', 'dnat'),
      within([`${header(family)} saddr`, 'oifname'], sets.sameNetwork[family]),
      masquerade,
    ]),
  ]),
  ...chain('inet', 'leave', { type: 'nat', hook: 'postrouting', priority: SRCNAT }, [
    ['into a network', within(['oifname'], sets.bridges), goTo('into_network')],
    ...forBoth((family) => [
      'to the world, from an address of choice',
      isFamily(family),
      translate('snat', ['iifname'], family, sets.source),
    ]),
    ...forBoth((family) => [
      'to the world',
      isFamily(family),
      within(['iifname'], sets.masqueraded[family]),
      masquerade,
    ]),
  ]),
]

const passing = (): Operation[] => [
  ...chain('inet', 'into', { comment: 'what may get into a network from elsewhere' }, [
    ['nothing gets into an internal network', within(['oifname'], sets.internal), counter, drop],
    ['a published port', any('ct status', 'dnat'), accept],
    // Sandboxes of one network come by here where they may not talk to each other.
    ...forBoth((family) => [
      'ICMP, where sandboxes have addresses for the outside',
      is('meta l4proto', family === 4 ? 'icmp' : 'ipv6-icmp'),
      within(['oifname'], sets.routed[family]),
      within([`${header(family)} daddr`], sets.addresses[family]),
      outside([`${header(family)} saddr`, 'oifname'], sets.sameNetwork[family]),
      accept,
    ]),
    ...forBoth((family) => [
      'an open port, where sandboxes have addresses for the outside',
      within(['oifname'], sets.routed[family]),
      within(port(family), sets.open[family]),
      accept,
    ]),
    ...forBoth((family) => [
      'an open port, from a trusted interface',
      within(['iifname', 'oifname'], sets.trusted),
      within(port(family), sets.open[family]),
      accept,
    ]),
    ...forBoth((family) => [
      'any port, where the network is open to the outside',
      isFamily(family),
      within(['oifname'], sets.unprotected[family]),
      outside(['iifname'], sets.bridges),
      within([`${header(family)} daddr`], sets.addresses[family]),
      accept,
    ]),
    ['nothing else gets into a network', counter, drop],
  ]),
  // For an address that no sandbox has, the host would ask all the same, and the table of neighbours, one for all
  // networks, has a place for each. With br_netfilter, frames that never leave the bridge come by here too. An
  // administrator's machine on the bridge has a MAC that is not claimed, and a sandbox that routes for others is sent
  // addresses of no network.
  ...chain('inet', 'beside', { comment: 'what sandboxes of one bridge may send to each other' }, [
    ...forBoth((family) => [
      'by the gateway to an address that no sandbox has',
      isFamily(family),
      outside([`${header(family)} daddr`], sets.addresses[family]),
      is('meta iiftype', 'ether'),
      within(['iifname', 'ether daddr'], sets.macs),
      within([`${header(family)} daddr`, 'iifname'], sets.sameNetwork[family]),
      counter,
      drop,
    ]),
    ['anything else', accept],
  ]),
  ...chain('inet', 'stray', { comment: 'what conntrack takes for no part of any connection, or does not look at' }, [
    ...forBoth((family) => [
      'it would leave under its own address',
      isFamily(family),
      within(['iifname'], sets.masqueraded[family]),
      outside(['oifname'], sets.bridges),
      counter,
      drop,
    ]),
  ]),
  // Out of the window, say: it goes to the host itself, which is at the address that a sandbox is known by.
  ...chain(
    'inet',
    'resets',
    { comment: 'what the host says to packets that conntrack takes for no part of any connection' },
    [
      [
        'what a process of the host ends',
        is('meta l4proto', 'tcp'),
        any('tcp flags', 'rst'),
        isNot('meta skuid', '4294967295'),
        accept,
      ],
      [
        'what none does may be the connection of a sandbox',
        is('meta l4proto', 'tcp'),
        any('tcp flags', 'rst'),
        isNot('oifname', 'lo'),
        counter,
        drop,
      ],
    ],
  ),
  ...chain('inet', 'sent', { type: 'filter', hook: 'output', priority: FILTER }, [
    ['what the host says out of turn', any('ct state', 'invalid'), jump('resets')],
  ]),
  ...chain('inet', 'across', { comment: 'what may get from one bridge to another' }, [
    ...forBoth((family) => [
      'sandboxes of one network, on two bridges',
      within(['iifname', 'iifname'], sets.icc),
      within([`${header(family)} saddr`, 'oifname'], sets.sameNetwork[family]),
      within([`${header(family)} daddr`, 'iifname'], sets.sameNetwork[family]),
      within([`${header(family)} daddr`], sets.addresses[family]),
      accept,
    ]),
  ]),
  ...chain('inet', 'out_of', { comment: 'what may get out of a network' }, [
    ['into another, or another part of the same', within(['oifname'], sets.bridges), jump('across')],
    ['what would leave untranslated', any('ct state', 'invalid,untracked'), jump('stray')],
    ['nothing gets out of an internal network', within(['iifname'], sets.internal), counter, drop],
    ['into a network', within(['oifname'], sets.bridges), goTo('into')],
  ]),
  ...chain('inet', 'forward', { type: 'filter', hook: 'forward', priority: FILTER }, [
    ['your rules', jump('user')],
    ['what has begun may go on', any('ct state', 'established,related'), accept],
    ['sandboxes of one network', within(['iifname', 'oifname'], sets.icc), goTo('beside')],
    ['out of a network', within(['iifname'], sets.bridges), goTo('out_of')],
    ['into a network', within(['oifname'], sets.bridges), goTo('into')],
  ]),
]
