import type { Operation } from '#lib/plan/operation.js'

/** One of each operation, with all that it may have: for what has to be right for each field of each. */

type Name = Operation['op']
type Of<Op extends Name> = Extract<Operation, { op: Op }>
/** Every field, also those that may be left out: a new one has to come here. */
type Complete<Type> = Type extends readonly (infer Item)[]
  ? readonly Complete<Item>[]
  : Type extends object
    ? { [Field in keyof Type]-?: Complete<Exclude<Type[Field], undefined>> }
    : Type

const netns = '/run/netns/app'
const namespace = { device: 4, inode: 4026532300, cookie: '18446744073709551615' }
const table = { family: 'inet', table: 'slipway' } as const
const set = { ...table, set: 'published4', type: 'inet_service', dataType: 'ipv4_addr', interval: true } as const
const elements = [
  { key: '80', data: '172.17.0.2', comment: 'app (0123456789ab)', packets: 7, bytes: 420 },
  { key: '81', data: '172.17.0.3', comment: 'web (ba9876543210)', packets: 8, bytes: 480 },
]
const route = {
  netns,
  destination: '10.9.0.0/16',
  gateway: '172.17.0.1',
  link: 'eth0',
  family: 6,
  metric: 2048,
  protocol: 115,
  optional: true,
} as const

export const everyOperation: { readonly [Op in Name]: Complete<Of<Op>> } = {
  'netns.create': { op: 'netns.create', path: netns, records: '/run/slipway/1/sandboxes' },
  'netns.bind': { op: 'netns.bind', path: netns, from: 'spare0' },
  'netns.delete': { op: 'netns.delete', path: netns, namespace },
  'netns.check': { op: 'netns.check', path: netns, namespace, optional: true },
  'link.create': {
    op: 'link.create',
    netns,
    name: 'eth0',
    kind: 'macvlan',
    address: '02:42:ac:11:00:02',
    master: 'docker0',
    mtu: 1400,
    group: 7,
    queues: 2,
    link: 'uplink',
    mode: 'private',
    flag: 'vepa',
    id: 50,
    looseBinding: true,
    multicastSnooping: false,
    linkLocalLearning: false,
    peer: { netns: '/run/netns/other', name: 'eth1', address: '02:42:ac:11:00:03' },
  },
  'link.set': {
    op: 'link.set',
    netns,
    name: 'eth0',
    index: 3,
    address: '02:42:ac:11:00:02',
    alias: 'slipway network web',
    noIpv6Address: true,
    ipv6: false,
    mtu: 1400,
    group: 7,
    master: 'docker0',
    hairpin: true,
    isolated: false,
    flood: true,
    groupForwardMask: 65533,
    plainPort: true,
    forwards: true,
    multicastSnooping: false,
    linkLocalLearning: false,
    stp: false,
    vlanFiltering: false,
    routeLocalnet: true,
    forwarding: true,
    rpFilter: 1,
    arpIgnore: 8,
    up: true,
  },
  'link.rename': { op: 'link.rename', name: 'eth0', index: 3, to: 'eth1' },
  'link.settle': { op: 'link.settle', netns, name: 'eth0' },
  'link.check': { op: 'link.check', name: 'eth0', index: 3 },
  'link.delete': { op: 'link.delete', netns, name: 'eth0', index: 3 },
  'link.deleteGroup': { op: 'link.deleteGroup', netns, group: 7 },
  'address.add': {
    op: 'address.add',
    netns,
    link: 'eth0',
    address: '172.17.0.2/16',
    broadcast: '172.17.255.255',
  },
  'address.delete': {
    op: 'address.delete',
    netns,
    link: 'eth0',
    address: '172.17.0.2/16',
    broadcast: '172.17.255.255',
    optional: true,
  },
  'route.add': { op: 'route.add', ...route },
  'route.delete': { op: 'route.delete', ...route },
  'neighbor.add': {
    op: 'neighbor.add',
    netns,
    link: 'eth0',
    address: '172.17.0.9',
    lladdr: '02:42:ac:11:00:09',
    proxy: true,
  },
  'neighbor.delete': {
    op: 'neighbor.delete',
    netns,
    link: 'eth0',
    address: '172.17.0.9',
    proxy: true,
    optional: true,
  },
  'neighbor.announce': { op: 'neighbor.announce', link: 'br0', address: '172.17.0.9', lladdr: '02:42:ac:11:00:09' },
  'fdb.add': { op: 'fdb.add', link: 'veth0', lladdr: '02:42:ac:11:00:09', exclusive: true },
  'sysctl.write': { op: 'sysctl.write', netns, key: 'net.ipv4.ip_forward', value: '1' },
  'file.create': { op: 'file.create', path: '/run/slipway/one', content: '{}\n', from: 'spare0' },
  'file.replace': { op: 'file.replace', path: '/run/slipway/one', content: '{}\n', expected: '[]\n' },
  'file.check': { op: 'file.check', path: '/run/slipway/one', expected: '[]\n' },
  'file.mark': { op: 'file.mark', path: '/run/slipway/one' },
  'file.delete': { op: 'file.delete', path: '/run/slipway/one' },
  'port.hold': { op: 'port.hold', protocol: 'tcp', address: '0.0.0.0', port: 8080, optional: true, from: 'spare0' },
  'port.release': { op: 'port.release', protocol: 'udp', address: '::1', port: 53 },
  'conntrack.flush': {
    op: 'conntrack.flush',
    addresses: ['172.17.0.2', 'fd00::2'],
    ports: [
      { address: '172.17.0.3', port: 80, hostPort: 8080 },
      { address: '172.17.0.4', port: 81, hostPort: 8081 },
    ],
  },
  'generation.check': { op: 'generation.check', generation: 4711 },
  'table.add': { op: 'table.add', ...table, comment: 'version 5' },
  'table.enable': { op: 'table.enable', ...table, comment: 'version 5' },
  'table.delete': { op: 'table.delete', ...table },
  'chain.add': {
    op: 'chain.add',
    ...table,
    chain: 'forward',
    comment: 'what is forwarded',
    type: 'filter',
    hook: 'prerouting',
    priority: -150,
    policy: 'drop',
  },
  'chain.delete': { op: 'chain.delete', ...table, chain: 'forward' },
  'chain.flush': { op: 'chain.flush', ...table, chain: 'forward' },
  'rule.add': {
    op: 'rule.add',
    ...table,
    chain: 'forward',
    comment: 'one of each',
    statements: [
      { match: ['iifname'], operation: '!=', value: 'lo' },
      { match: ['ct state'], operation: '!&', value: 'established,related' },
      { match: ['ip saddr', 'oifname'], operation: 'in', value: 'same' },
      { nat: 'dnat', family: 'ip6', match: ['meta l4proto', 'th dport'], value: 'published6', port: true },
      { set: 'ip6 saddr', match: ['iifname'], value: 'sources6' },
      { counter: true, packets: 7, bytes: 420 },
      { masquerade: true },
      { reject: true },
      { verdict: 'drop' },
    ],
  },
  'set.add': { op: 'set.add', ...set, counter: true, comment: 'published ports' },
  'set.delete': { op: 'set.delete', ...table, set: 'published4' },
  'part.copy': { op: 'part.copy', ...table, kind: 'rule', name: 'user', attributes: '0c000100736c6970776179' },
  // A set's counter is for who makes it.
  'element.add': { op: 'element.add', ...set, counter: true, elements },
  'element.delete': { op: 'element.delete', ...set, counter: true, elements, ifCommented: true },
}
