import type { Operation } from '../plan/operation.js'
import {
  accept,
  any,
  chain,
  counter,
  drop,
  goTo,
  is,
  isNot,
  jump,
  none,
  outside,
  set,
  setPair,
  within,
  type Rule,
} from './rules.js'
import * as sets from './sets.js'

/** The bit of a MAC address that says: to many. */
const GROUP_BIT = '01:00:00:00:00:00'

/** Groups that bridges talk to each other by, and never forward (IEEE 802.1D, 7.12.6). */
const BRIDGE_GROUPS = '01:80:c2:00:00:00/40'

/** The bits of an offset that is not 0, in an IPv4 header: the first 6 bytes of it come first. */
const LATER_FRAGMENT = any('@nh,48,16', String(0x1fff))

/** The same in a fragment header right behind the IPv6 header: 40 bytes of that and 2 of this come first. */
const FRAGMENT_OFFSET = any('@nh,336,16', String(0xfff8))

const OWN_IPV4 = within(['iifname', 'ether saddr', 'ip saddr'], sets.senders[4])
const OWN_IPV6 = within(['iifname', 'ether saddr', 'ip6 saddr'], sets.senders[6])

const PASSED_IPV4 = within(['iifname', 'ether saddr', 'ip saddr'], sets.transit[4])
const PASSED_IPV6 = within(['iifname', 'ether saddr', 'ip6 saddr'], sets.transit[6])

// Before whatever else may change a frame or take it along: ebtables (-300), conntrack of bridges (-200), br_netfilter
// (0), which goes on with the hooks behind it only, and passes over those of its own priority.
const GUARD = -350
const SEPARATE = -250

const DISCOVERY = [is('ether type', 'ip6'), is('meta l4proto', 'ipv6-icmp')] as const

const ICMP = [is('ether type', 'ip'), is('meta l4proto', 'icmp')] as const

/** Types of ICMP that are errors: the packet that they are about is in them. */
const ERRORS = ['destination-unreachable', 'source-quench', 'redirect', 'time-exceeded', 'parameter-problem']

/** The bit of a type of ICMPv6 that is no error (RFC 4443, 2.1). */
const NO_ERROR = '128'

/**
 * Table `bridge slipway`: a sandbox speaks for itself only. The chains know our ports by interface group, which is a
 * number and costs no look-up; ports of bridges without icc have a group of their own (the name of the bridge would
 * need nft_meta_bridge, which not every kernel has).
 */
export const bridgeTable = (): Operation[] => [
  ...setPair(sets.senders, 'who may send through which port'),
  ...setPair(sets.transit, 'what routers may pass on through which port'),
  set(sets.gates, 'MACs of bridges whose sandboxes may not talk to each other'),

  // Connection tracking lets an error through that is about any connection it knows, in whichever network that is, and
  // knows by it whom to tell. An honest sandbox is told of by what was sent to itself.
  ...chain('bridge', 'errors', { comment: 'ICMP, whose errors end connections of others' }, [
    [
      'what is no error, from its own address',
      ...ICMP,
      ...ERRORS.map((type) => isNot('icmp type', type)),
      OWN_IPV4,
      accept,
    ],
    ['nor what a router passes on', ...ICMP, ...ERRORS.map((type) => isNot('icmp type', type)), PASSED_IPV4, accept],
    ['later fragments, which are nothing without their first', ...ICMP, LATER_FRAGMENT, OWN_IPV4, accept],
    [
      'an error is taken to be sent from where the packet was sent to',
      ...ICMP,
      { set: 'ip saddr', match: ['@th,192,32'] },
      OWN_IPV4,
      accept,
    ],
    // It is taken to be sent from there by now.
    ['or from where a router has passed it on to', ...ICMP, PASSED_IPV4, accept],
  ]),
  ...chain(
    'bridge',
    'discovery',
    { comment: 'IPv6 neighbour discovery, which has no other guard against false claims' },
    [
      ['a sandbox is no router', ...DISCOVERY, is('icmpv6 type', 'nd-router-advert'), counter, drop],
      ['nor does it know better ones', ...DISCOVERY, is('icmpv6 type', 'nd-redirect'), counter, drop],
      // An honest one comes from the address it is about. A look-up of the target itself cannot be typed before nft
      // 1.0.8.
      [
        'who advertises an address is taken to send from it',
        ...DISCOVERY,
        is('icmpv6 type', 'nd-neighbor-advert'),
        { set: 'ip6 saddr', match: ['@th,64,128'] },
        OWN_IPV6,
        accept,
      ],
      // What is said in a later fragment cannot be looked at here, so a type, and whom an advertisement is about, has
      // to be in the first.
      [
        'anything else from its own address',
        ...DISCOVERY,
        isNot('icmpv6 type', 'nd-neighbor-advert'),
        any('icmpv6 type', NO_ERROR),
        OWN_IPV6,
        accept,
      ],
      [
        'later fragments, which are nothing without their first',
        ...DISCOVERY,
        is('ip6 nexthdr', 'ipv6-frag'),
        FRAGMENT_OFFSET,
        OWN_IPV6,
        accept,
      ],
      [
        'an error is taken to be sent from where the packet was sent to',
        ...DISCOVERY,
        none('icmpv6 type', NO_ERROR),
        { set: 'ip6 saddr', match: ['@th,256,128'] },
        OWN_IPV6,
        accept,
      ],
      ...Object.entries({ request: '128', answer: '129' }).map(([what, type]): Rule => [
        `an echo that a router passes on, the ${what}`,
        ...DISCOVERY,
        is('icmpv6 type', type),
        PASSED_IPV6,
        accept,
      ]),
      // It is taken to be sent from there by now.
      [
        'or from where a router has passed the packet on to',
        ...DISCOVERY,
        none('icmpv6 type', NO_ERROR),
        PASSED_IPV6,
        accept,
      ],
    ],
  ),
  ...chain('bridge', 'sender', { comment: 'what a port of ours may send' }, [
    ['with its own MAC and address', is('ether type', 'ip'), isNot('meta l4proto', 'icmp'), OWN_IPV4, accept],
    // A packet whose headers cannot be read to their end has no protocol, and is not accepted.
    ['with its own MAC and address', is('ether type', 'ip6'), isNot('meta l4proto', 'ipv6-icmp'), OWN_IPV6, accept],
    ['what a router passes on', is('ether type', 'ip'), isNot('meta l4proto', 'icmp'), PASSED_IPV4, accept],
    ['what a router passes on', is('ether type', 'ip6'), isNot('meta l4proto', 'ipv6-icmp'), PASSED_IPV6, accept],
    ['not to bridges as such', is('ether daddr', BRIDGE_GROUPS), counter, drop],
    ['ICMP', ...ICMP, jump('errors')],
    ['ICMP of IPv6, neighbour discovery above all', ...DISCOVERY, jump('discovery')],
    [
      'and answers for nobody else',
      is('ether type', 'arp'),
      within(['iifname', 'ether saddr', 'arp saddr ip'], sets.senders[4]),
      within(['iifname', 'arp saddr ether', 'arp saddr ip'], sets.senders[4]),
      accept,
    ],
    ['not its own', counter, drop],
  ]),
  ...chain('bridge', 'separated', { comment: 'what a port may send whose sandbox may not talk to its neighbours' }, [
    ['to the bridge alone', none('ether daddr', GROUP_BIT), outside(['ether daddr'], sets.gates), counter, drop],
    ['and as any port', goTo('sender')],
  ]),
  ...chain('bridge', 'ports', { type: 'filter', hook: 'prerouting', priority: GUARD }, [
    ['a port of ours', is('iifgroup', String(sets.PORT_GROUP)), goTo('sender')],
    ['a port of ours on a bridge without icc', is('iifgroup', String(sets.SEPARATED_PORT_GROUP)), goTo('separated')],
  ]),
  ...chain('bridge', 'separate', { type: 'filter', hook: 'forward', priority: SEPARATE }, [
    [
      'what is for many (ARP, neighbour discovery) is for the bridge alone',
      is('iifgroup', String(sets.SEPARATED_PORT_GROUP)),
      is('oifgroup', String(sets.SEPARATED_PORT_GROUP)),
      any('ether daddr', GROUP_BIT),
      drop,
    ],
  ]),
]
