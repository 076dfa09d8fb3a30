import { add, openElements, publishedElement, publishElements, remove } from '#lib/policy/elements.js'
import { networkElements } from '#lib/policy/network-elements.js'
import { rulesetPlan } from '#lib/policy/ruleset.js'
import * as sets from '#lib/policy/sets.js'
import type { ElementAdd, Operation, SetDefinition } from '#lib/plan/operation.js'
import type { PortMapping } from '#lib/base/port-mapping.js'
import type { Encodable } from './format.js'

/** What golden bytes are captured of, in this order: each case finds what those before it have left. */
export interface Case {
  file: string
  name: string
  operation: Encodable
  numbers?: Record<string, number>
  /** Shell commands that come first. */
  before?: string[]
  /** What to type instead of what the printer prints. */
  command?: string
  /** The kernel of the capture lacks that kind of link, and refuses the command. What the tool sent is compared. */
  refused?: true
  /** Why there is no tool whose message ours could be compared with. */
  noTool?: string
}

const docker0 = 'docker0'
const veth = 'veth0123456789a'
const app = '/run/netns/app'
// In namespaces made for the capture: lo is 1, then they count; 4 is the descriptor under which `ip` opens a namespace.
const host = { [docker0]: 2, [veth]: 3, [app]: 4, parent: 8 }
const sandbox = { eth0: 2 }

const noTool = 'ip cannot set it, and sysctl writes a file'

const links: Case[] = [
  { name: 'bridge', operation: { op: 'link.create', name: docker0, kind: 'bridge', address: '02:42:ac:11:00:01', mtu: 1500 } },
  { name: 'alias', operation: { op: 'link.set', name: docker0, alias: 'slipway network bridge, records in /run/slipway' } },
  { name: 'no IPv6 address', operation: { op: 'link.set', name: docker0, noIpv6Address: true } },
  { name: 'route_localnet', operation: { op: 'link.set', name: docker0, routeLocalnet: true }, noTool },
  { name: 'no route_localnet', operation: { op: 'link.set', name: docker0, routeLocalnet: false }, noTool },
  { name: 'a bridge that forwards', operation: { op: 'link.set', name: docker0, forwarding: true }, noTool },
  { name: 'a bridge that hears nothing of IPv4', operation: { op: 'link.set', name: docker0, rpFilter: 1, arpIgnore: 8 }, noTool },
  { name: 'up', operation: { op: 'link.set', name: docker0, up: true } },
  { name: 'down', operation: { op: 'link.set', name: docker0, up: false } },
  {
    name: 'settings of a bridge',
    operation: { op: 'link.set', name: docker0, alias: 'slipway network bridge, records in /run/slipway', noIpv6Address: true, routeLocalnet: true },
  },
  {
    name: 'what lets frames pass a bridge',
    operation: { op: 'link.set', name: docker0, multicastSnooping: false, linkLocalLearning: false, stp: false },
  },
  { name: 'the MAC address of a bridge', operation: { op: 'link.set', name: docker0, address: '02:42:ac:11:00:01' } },
  { name: 'another name', operation: { op: 'link.rename', name: docker0, index: 2, to: docker0 } },
  {
    name: 'veth with its peer in a namespace',
    before: ['ip netns add app'],
    operation: {
      op: 'link.create',
      name: veth,
      kind: 'veth',
      master: docker0,
      mtu: 1500,
      group: sets.PORT_GROUP,
      queues: 1,
      peer: { netns: app, name: 'eth0', address: '02:42:ac:11:00:02' },
    },
  },
  { name: 'a port of a bridge', operation: { op: 'link.set', name: veth, master: docker0 } },
  { name: 'hairpin', operation: { op: 'link.set', name: veth, hairpin: true } },
  { name: 'no hairpin', operation: { op: 'link.set', name: veth, hairpin: false } },
  { name: 'settings of a bridge port', operation: { op: 'link.set', name: veth, noIpv6Address: true, hairpin: true, up: true } },
  { name: 'isolated', operation: { op: 'link.set', name: veth, isolated: true } },
  { name: 'not isolated', operation: { op: 'link.set', name: veth, isolated: false } },
  { name: 'hairpin and isolated', operation: { op: 'link.set', name: veth, hairpin: true, isolated: true } },
  { name: 'a port that nothing passes by', operation: { op: 'link.set', name: veth, flood: false, groupForwardMask: 0xfffd } },
  { name: 'a port as a new one', operation: { op: 'link.set', name: veth, plainPort: true } },
  { name: 'an entry of the forwarding table', operation: { op: 'fdb.add', link: veth, lladdr: '02:42:ac:11:00:02' } },
  { name: 'one that no other port has', operation: { op: 'fdb.add', link: veth, lladdr: '02:42:ac:11:00:03', exclusive: true } },
  { name: 'MTU', operation: { op: 'link.set', name: veth, mtu: 1400 } },
  { name: 'group', operation: { op: 'link.set', name: veth, group: 7 } },
  { name: 'lo up in a namespace', operation: { op: 'link.set', netns: app, name: 'lo', up: true } },
  { name: 'settings in a namespace', operation: { op: 'link.set', netns: app, name: 'eth0', noIpv6Address: true, up: true } },
  { name: 'veth with nothing asked for', operation: { op: 'link.create', name: 'veth1', kind: 'veth', peer: { netns: app, name: 'eth1' } } },
  { name: 'settle', operation: { op: 'link.settle', name: veth }, noTool: 'a question, which changes nothing: ip asks it in many ways' },
  { name: 'delete', operation: { op: 'link.delete', name: 'veth1' } },
  { name: 'delete a group', before: ['ip link add name br9 group 9 type bridge'], operation: { op: 'link.deleteGroup', group: 9 } },
  { name: 'bridge that overhears nothing', operation: { op: 'link.create', name: 'br8', kind: 'bridge', multicastSnooping: false, linkLocalLearning: false } },
  {
    name: 'macvlan, born in a namespace',
    before: ['ip link add parent type veth peer name wire'],
    operation: { op: 'link.create', netns: app, name: 'macvlan0', kind: 'macvlan', link: 'parent', mode: 'bridge', address: '02:42:ac:11:00:05', mtu: 1400 },
  },
  { name: 'macvlan of the host', operation: { op: 'link.create', name: 'shim', kind: 'macvlan', link: 'parent', mode: 'private', group: 7 } },
  { name: 'macvlan that leaves its mode to the kernel', operation: { op: 'link.create', name: 'shim2', kind: 'macvlan', link: 'parent' } },
  { name: 'ipvlan, born in a namespace', operation: { op: 'link.create', netns: app, name: 'ipvlan0', kind: 'ipvlan', link: 'parent', mode: 'l2', flag: 'bridge' }, refused: true },
  { name: 'ipvlan, of layer 3, private', operation: { op: 'link.create', netns: app, name: 'ipvlan0', kind: 'ipvlan', link: 'parent', mode: 'l3', flag: 'private' }, refused: true },
  { name: 'ipvlan, of layer 3 with netfilter, vepa', operation: { op: 'link.create', netns: app, name: 'ipvlan0', kind: 'ipvlan', link: 'parent', mode: 'l3s', flag: 'vepa' }, refused: true },
  { name: 'VLAN', operation: { op: 'link.create', name: 'parent.50', kind: 'vlan', link: 'parent', id: 50 }, refused: true },
  { name: 'VLAN that may be up before its parent', operation: { op: 'link.create', name: 'parent.51', kind: 'vlan', link: 'parent', id: 51, looseBinding: true }, refused: true },
  { name: 'dummy', operation: { op: 'link.create', name: 'dm-0', kind: 'dummy', mtu: 1500 }, refused: true },
  { name: 'down by number', operation: { op: 'link.set', netns: app, name: 'macvlan0', index: 4, up: false } },
  { name: 'delete by number', operation: { op: 'link.delete', netns: app, name: 'macvlan0', index: 4 } },
].map((one) => ({ ...one, file: 'link.json', numbers: host }) as Case)

const inSandbox = { netns: app, link: 'eth0' }

const addresses: Case[] = [
  { name: 'add with broadcast', operation: { op: 'address.add', ...inSandbox, address: '172.17.0.2/16', broadcast: '172.17.255.255' } },
  { name: 'add', operation: { op: 'address.add', ...inSandbox, address: '10.1.2.3/24' } },
  { name: 'add IPv6', operation: { op: 'address.add', ...inSandbox, address: 'fd00::2/64' } },
  { name: 'add IPv6, link-local', operation: { op: 'address.add', ...inSandbox, address: 'fe80::42:acff:fe11:2/64' } },
  { name: 'delete IPv6', operation: { op: 'address.delete', ...inSandbox, address: 'fd00::2/64' } },
  { name: 'delete', operation: { op: 'address.delete', ...inSandbox, address: '10.1.2.3/24' } },
].map((one) => ({ ...one, file: 'address.json', numbers: sandbox }) as Case)

const routeCases = (op: 'route.add' | 'route.delete'): Case[] => {
  const verb = op === 'route.add' ? 'add' : 'delete'
  const list = [
    { name: `${verb} default`, operation: { op, netns: app, destination: 'default', gateway: '172.17.0.1' } },
    { name: `${verb} through a gateway`, operation: { op, netns: app, destination: '10.9.0.0/16', gateway: '172.17.0.1' } },
    { name: `${verb} through a gateway on a link`, operation: { op, netns: app, destination: '10.8.0.0/16', gateway: '172.17.0.1', link: 'eth0' } },
    { name: `${verb} on a link`, operation: { op, netns: app, destination: '10.7.1.0/24', link: 'eth0' } },
    { name: `${verb} one host`, operation: { op, netns: app, destination: '10.6.1.1', link: 'eth0' } },
    // The gateway's subnet is an address case's, which is gone by now.
    {
      name: `${verb} default, IPv6`,
      before: op === 'route.add' ? ['ip -n app address add fd00::2/64 dev eth0 nodad'] : [],
      operation: { op, netns: app, destination: 'default', gateway: 'fd00::1' },
    },
    { name: `${verb} through a gateway, IPv6`, operation: { op, netns: app, destination: 'fd09::/64', gateway: 'fd00::1' } },
    { name: `${verb} through a link-local gateway`, operation: { op, netns: app, destination: 'fd08::/64', gateway: 'fe80::1', link: 'eth0' } },
    { name: `${verb} on a link, IPv6`, operation: { op, netns: app, destination: 'fd07:1::/64', link: 'eth0' } },
    { name: `${verb} one host, IPv6`, operation: { op, netns: app, destination: 'fd06:1::1', link: 'eth0' } },
  ]
  return list.map((one) => ({ ...one, file: 'route.json', numbers: sandbox }))
}

// After the others, as there is one default at a time.
const defaultsOnLink: Case[] = ([4, 6] as const).flatMap((family) =>
  (['route.add', 'route.delete'] as const).map((op) => ({
    name: `${op === 'route.add' ? 'add' : 'delete'} default on a link, IPv${family}`,
    operation: { op, netns: app, destination: 'default', link: 'eth0', ...(family === 6 ? { family } : {}) },
    file: 'route.json',
    numbers: sandbox,
  })),
)

const neighbors: Case[] = [
  { name: 'add', operation: { op: 'neighbor.add', ...inSandbox, address: '172.17.0.9', lladdr: '02:42:ac:11:00:09' } },
  { name: 'delete', operation: { op: 'neighbor.delete', ...inSandbox, address: '172.17.0.9' } },
  { name: 'add IPv6', operation: { op: 'neighbor.add', ...inSandbox, address: 'fd00::9', lladdr: '02:42:ac:11:00:09' } },
  { name: 'delete IPv6', operation: { op: 'neighbor.delete', ...inSandbox, address: 'fd00::9' } },
  { name: 'add a proxy', operation: { op: 'neighbor.add', ...inSandbox, address: 'fd00::9', proxy: true } },
  { name: 'delete a proxy', operation: { op: 'neighbor.delete', ...inSandbox, address: 'fd00::9', proxy: true } },
].map((one) => ({ ...one, file: 'neighbor.json', numbers: sandbox }) as Case)

const nameOfFile = { 'table.add': 'table.json', 'chain.add': 'chain.json', 'rule.add': 'rule.json', 'set.add': 'set.json' } as Record<string, string>

function nameOf(operation: Operation): string {
  switch (operation.op) {
    case 'table.add':
      return `add ${operation.family} ${operation.table}`
    case 'chain.add':
      return `add ${operation.family} ${operation.chain}`
    case 'set.add':
      return `add ${operation.family} ${operation.set}`
    case 'rule.add':
      return `${operation.family} ${operation.chain}: ${operation.comment ?? 'without comment'}${/ip6|ipv6/.test(JSON.stringify(operation.statements)) ? ', IPv6' : ''}`
    default:
      throw new TypeError(`${operation.op} in a ruleset`)
  }
}

const ruleset: Case[] = rulesetPlan().map((operation) => ({
  file: nameOfFile[operation.op] ?? '',
  name: nameOf(operation),
  operation,
}))

const own = { family: 'inet', table: sets.TABLE } as const

const besidesRuleset: Case[] = [
  { file: 'chain.json', name: 'add inet with policy drop', operation: { op: 'chain.add', ...own, chain: 'closed', type: 'filter', hook: 'input', priority: 10, policy: 'drop' } },
  { file: 'rule.json', name: 'return', operation: { op: 'rule.add', ...own, chain: 'user', statements: [{ verdict: 'return' }] } },
  {
    file: 'rule.json',
    name: 'no bit of several',
    operation: { op: 'rule.add', ...own, chain: 'user', statements: [{ match: ['ct state'], operation: '!&', value: 'established,related' }, { verdict: 'return' }] },
  },
  {
    file: 'rule.json',
    name: 'a counter that begins with a number',
    operation: { op: 'rule.add', ...own, chain: 'user', statements: [{ counter: true, packets: 7, bytes: 420 }, { verdict: 'return' }] },
  },
  {
    file: 'chain.json',
    name: 'one that is copied',
    // NFTA_CHAIN_TABLE and NFTA_CHAIN_NAME
    operation: { op: 'part.copy', ...own, kind: 'chain', name: 'mine', attributes: '0c000100736c697077617900090003006d696e6500000000' },
    noTool: 'it is the bytes that the kernel has told',
  },
  { file: 'set.json', name: 'add without comment', operation: { op: 'set.add', ...own, set: 'plain', type: 'ipv4_addr' } },
]

const owner = 'web'
const tcp: PortMapping = { protocol: 'tcp', containerPort: 80, hostIp: '0.0.0.0', hostPort: 8080 }
const udp: PortMapping = { protocol: 'udp', containerPort: 53, hostIp: '0.0.0.0', hostPort: 5353 }
const local: PortMapping = { ...tcp, hostIp: '127.0.0.1', hostPort: 8443, containerPort: 443 }
const target = '172.17.0.2'

const target6 = 'fd00:17::2'
const targets = { 4: { address: target, id: '3f2a' }, 6: { address: target6, id: '3f2a' } }
const mac = '02:42:ac:11:00:02'
const few: PortMapping[] = [
  { ...tcp, hostPort: 8082, allow: ['10.0.0.0/8', '192.0.2.7/32'] },
  { ...tcp, protocol: 'sctp', hostIp: '::', allow: ['2001:db8::/32'] },
  { ...local, hostIp: '2001:db8::1' },
  { protocol: 'all', containerPort: 0, hostIp: '192.0.2.5', hostPort: 0 },
  { protocol: 'all', containerPort: 0, hostIp: '2001:db8::5', hostPort: 0 },
]
const networks = [
  networkElements({
    bridge: docker0,
    mac: '02:42:ac:11:00:01',
    subnets: [{ family: 4, subnet: '172.17.0.0/16' }, { family: 6, subnet: 'fd00:17::/64' }],
    families: { 4: { mode: 'nat', masquerade: true }, 6: { mode: 'nat-unprotected', masquerade: true, source: '2001:db8::1' } },
    internal: false,
    icc: true,
    trusted: ['eth0'],
  }),
  networkElements({
    bridge: 'br1',
    mac: '02:42:ac:12:00:01',
    subnets: [{ family: 4, subnet: '172.18.0.0/16' }, { family: 6, subnet: 'fd00:18::/64' }],
    families: { 4: { mode: 'nat', masquerade: true, source: '192.0.2.1' }, 6: { mode: 'routed', masquerade: true } },
    internal: false,
    icc: false,
    trusted: [],
  }),
  [[sets.internal, { key: 'br2' }] as const],
].flatMap((elements) => elements.map(([set, element]) => [set, { ...element, comment: 'bridge' }] as const))

const inSets = [
  ...networks,
  [sets.addresses[4], { key: target, comment: owner }] as const,
  [sets.addresses[6], { key: target6, comment: owner }] as const,
  [sets.published[4], publishedElement(tcp, targets[4], owner)] as const,
  [sets.publishedAt[4], publishedElement(local, targets[4], owner)] as const,
  ...[...publishElements(few, targets, owner), ...openElements([tcp, ...few], [], targets, owner)].flatMap((operation) =>
    operation.elements.map((element) => [definitionOf(operation), element] as const),
  ),
  [sets.senders[4], { key: `${veth} . ${mac} . ${target}`, comment: owner }] as const,
  [sets.senders[6], { key: `${veth} . ${mac} . ${target6}`, comment: owner }] as const,
]

function definitionOf({ op: _, elements: __, ...definition }: ElementAdd): SetDefinition {
  return definition
}

const twoPorts = [publishedElement(udp, targets[4], owner), { ...publishedElement({ ...tcp, hostPort: 8081 }, targets[4], owner), comment: '' }]

const elements: Case[] = [
  ...inSets.map(([set, element]) => ({ name: `add ${element.key} to ${set.set}`, operation: add(set, element) })),
  { name: 'add two, one without comment', operation: add(sets.published[4], ...twoPorts) },
  {
    name: 'add one whose counter begins with a number',
    operation: add(sets.published[4], { key: 'tcp . 7', data: '172.17.0.2 . 7', packets: 7, bytes: 420 }),
  },
  { name: 'delete two', operation: remove(sets.published[4], ...twoPorts.map(({ key }) => ({ key }))) },
  ...inSets.map(([set, { key }]) => ({ name: `delete ${key} from ${set.set}`, operation: remove(set, { key }) })),
].map((one) => ({ ...one, file: 'element.json' }))

const deletions: Case[] = [
  { file: 'table.json', name: 'enable', operation: { op: 'table.enable', ...own, comment: 'slipway ruleset 5' } },
  { file: 'chain.json', name: 'flush', operation: { op: 'chain.flush', ...own, chain: 'closed' } },
  { file: 'chain.json', name: 'delete', operation: { op: 'chain.delete', ...own, chain: 'closed' } },
  { file: 'set.json', name: 'delete', operation: { op: 'set.delete', ...own, set: 'plain' } },
  { file: 'table.json', name: 'delete', operation: { op: 'table.delete', ...own } },
  {
    file: 'connection.json',
    name: 'delete',
    before: [
      'conntrack -I -p udp -s 192.0.2.1 --sport 4000 -d 192.0.2.2 --dport 5353 --reply-src 172.17.0.2 --reply-port-src 53 --reply-dst 192.0.2.1 --reply-port-dst 4000 --timeout 60',
    ],
    operation: { op: 'connection.delete', protocol: 17, source: '192.0.2.1', sourcePort: 4000, destination: '192.0.2.2', destinationPort: 5353, id: 0x01020304 },
    command: 'conntrack -D -p udp --orig-src 192.0.2.1 --orig-port-src 4000 --orig-dst 192.0.2.2 --orig-port-dst 5353',
  },
  {
    file: 'connection.json',
    name: 'delete, IPv6 and SCTP',
    before: [
      'conntrack -I -p sctp -s fd00::1 --sport 4000 -d fd00::2 --dport 3868 --reply-src fd00:17::2 --reply-port-src 3868 --reply-dst fd00::1 --reply-port-dst 4000 --state ESTABLISHED --orig-vtag 1 --reply-vtag 2 --timeout 60',
    ],
    operation: { op: 'connection.delete', protocol: 132, source: 'fd00::1', sourcePort: 4000, destination: 'fd00::2', destinationPort: 3868, id: 0x01020304 },
    command: 'conntrack -D -f ipv6 -p sctp --orig-src fd00::1 --orig-port-src 4000 --orig-dst fd00::2 --orig-port-dst 3868',
  },
]

export const cases: Case[] = [
  ...links,
  ...addresses,
  ...routeCases('route.add'),
  ...neighbors,
  ...routeCases('route.delete'),
  ...defaultsOnLink,
  ...ruleset,
  ...besidesRuleset,
  ...elements,
  ...deletions,
]
