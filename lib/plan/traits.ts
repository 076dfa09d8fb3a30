import type { Operation } from './operation.js'

/**
 * What every operation is, told once. `native/plan/operation.h` has the same list for C++, and
 * test/unit/operations.test.ts compares the two: every field of every operation, which way it goes, what takes it back.
 */

type Name = Operation['op']
/** Names of a type's own fields; of a union, those of any. */
type FieldOf<Type> = Type extends unknown ? Exclude<keyof Type & string, 'op'> : never

/** The fields that cross to C++, in the order in which it reads them. */
export interface Shape<Field extends string = string> {
  /** Of one text, number or flag each. */
  fields: readonly Field[]
  /** Fields that have fields of their own, once or as a list, behind the others. `texts`: a list of texts. */
  parts?: readonly (readonly [name: Field, of: Shape | 'texts'])[]
}

export interface Traits<Kind extends Operation = Operation> extends Shape<FieldOf<Kind>> {
  /**
   * Which way it goes to the kernel. Neighbours of one channel go together: `rtnl` in one sendmsg for each namespace,
   * `nft` in one transaction. What is `direct` is a system call or several.
   */
  channel: 'rtnl' | 'nft' | 'direct'
  /** What takes it back where the plan is refused later. Or the reason why nothing does. */
  inverse: Name | { none: string }
  /**
   * Whether JavaScript's thread may do it itself (lib/admission/short.ts): it waits for no lock of rtnetlink, no dump,
   * no unmount, no other namespace.
   */
  onCallerThread?: 'yes' | 'by its elements' | 'of a spare namespace'
  /**
   * Part of a removal, which passes over that what it is for has gone already, or has no link any more to be done on
   * (lib/claims/remove-if-there.ts).
   */
  passesOverGone?: true
  /** A text that C++ takes for left out where it is empty, though that would mean something else. */
  neverEmpty?: FieldOf<Kind>
  /** Its place where the ends of several sandboxes become one plan (drivers/removal-plans.ts); others are in none. */
  placeInEnd?: number
}

const NAMESPACE: Shape = { fields: ['device', 'inode', 'cookie'] }
const ELEMENT: Shape = { fields: ['key', 'data', 'comment', 'packets', 'bytes'] }
const STATEMENT: Shape = {
  fields: [
    'operation',
    'value',
    'verdict',
    'counter',
    'packets',
    'bytes',
    'masquerade',
    'reject',
    'nat',
    'family',
    'port',
    'set',
  ],
  parts: [['match', 'texts']],
}

const QUESTION = { none: 'it changes nothing' }
const DELETION = { none: 'what was there is not known' }

export const TRAITS: { readonly [Op in Name]: Traits<Extract<Operation, { op: Op }>> } = {
  'netns.create': { fields: ['path', 'records'], channel: 'direct', inverse: 'netns.delete' },
  'netns.bind': {
    fields: ['path', 'from'],
    channel: 'direct',
    inverse: 'netns.delete',
    // A mount, and two descriptors that are closed.
    onCallerThread: 'of a spare namespace',
  },
  'netns.delete': {
    fields: ['path'],
    parts: [['namespace', NAMESPACE]],
    channel: 'direct',
    inverse: DELETION,
    onCallerThread: 'of a spare namespace',
    passesOverGone: true,
    placeInEnd: 6,
  },
  'netns.check': {
    fields: ['path', 'optional'],
    parts: [['namespace', NAMESPACE]],
    channel: 'direct',
    inverse: QUESTION,
    onCallerThread: 'yes',
    // It is for what follows.
    placeInEnd: 0,
  },

  'link.create': {
    fields: [
      'netns',
      'name',
      'kind',
      'address',
      'master',
      'mtu',
      'group',
      'queues',
      'link',
      'mode',
      'flag',
      'id',
      'looseBinding',
      'multicastSnooping',
      'linkLocalLearning',
    ],
    parts: [['peer', { fields: ['netns', 'name', 'address'] }]],
    channel: 'rtnl',
    inverse: 'link.delete',
  },
  'link.set': {
    fields: [
      'netns',
      'name',
      'index',
      'address',
      'alias',
      'noIpv6Address',
      'ipv6',
      'mtu',
      'group',
      'master',
      'hairpin',
      'isolated',
      'flood',
      'groupForwardMask',
      'plainPort',
      'forwards',
      'multicastSnooping',
      'linkLocalLearning',
      'stp',
      'vlanFiltering',
      'routeLocalnet',
      'forwarding',
      'rpFilter',
      'arpIgnore',
      'up',
    ],
    channel: 'rtnl',
    // Of a link that is taken down by its number. What else is set goes with the link or the namespace, which the same
    // plan has made.
    inverse: 'link.set',
    neverEmpty: 'alias',
    passesOverGone: true,
    placeInEnd: 3,
  },
  'link.rename': { fields: ['name', 'index', 'to'], channel: 'rtnl', inverse: 'link.rename' },
  'link.settle': { fields: ['netns', 'name'], channel: 'rtnl', inverse: QUESTION },
  'link.check': { fields: ['name', 'index'], channel: 'direct', inverse: QUESTION, onCallerThread: 'yes' },
  'link.delete': {
    fields: ['netns', 'name', 'index'],
    channel: 'rtnl',
    inverse: DELETION,
    passesOverGone: true,
    placeInEnd: 5,
  },
  // Once is enough for all.
  'link.deleteGroup': {
    fields: ['netns', 'group'],
    channel: 'rtnl',
    inverse: DELETION,
    passesOverGone: true,
    placeInEnd: 4,
  },

  'address.add': {
    fields: ['netns', 'link', 'address', 'broadcast'],
    channel: 'rtnl',
    inverse: 'address.delete',
  },
  'address.delete': {
    fields: ['netns', 'link', 'address', 'broadcast', 'optional'],
    channel: 'rtnl',
    inverse: 'address.add',
    passesOverGone: true,
  },
  'route.add': {
    fields: ['netns', 'destination', 'gateway', 'link', 'family', 'metric', 'protocol', 'optional'],
    channel: 'rtnl',
    inverse: 'route.delete',
  },
  'route.delete': {
    fields: ['netns', 'destination', 'gateway', 'link', 'family', 'metric', 'protocol', 'optional'],
    channel: 'rtnl',
    inverse: 'route.add',
    passesOverGone: true,
    placeInEnd: 1,
  },
  'neighbor.add': {
    fields: ['netns', 'link', 'address', 'lladdr', 'proxy'],
    channel: 'rtnl',
    inverse: 'neighbor.delete',
  },
  // Of a proxy: an entry of the table has a MAC address that is not known here.
  'neighbor.delete': {
    fields: ['netns', 'link', 'address', 'proxy', 'optional'],
    channel: 'rtnl',
    inverse: 'neighbor.add',
    passesOverGone: true,
    placeInEnd: 2,
  },
  'neighbor.announce': {
    fields: ['link', 'address', 'lladdr'],
    channel: 'direct',
    inverse: { none: 'it is what others remember, and they find out in the end' },
  },
  'fdb.add': {
    fields: ['link', 'lladdr', 'exclusive'],
    channel: 'rtnl',
    inverse: { none: 'it goes with the port of the bridge, which the same plan has made' },
  },

  'sysctl.write': { fields: ['netns', 'key', 'value'], channel: 'direct', inverse: 'sysctl.write' },
  'file.create': {
    fields: ['path', 'content', 'from'],
    channel: 'direct',
    inverse: 'file.delete',
    onCallerThread: 'yes',
  },
  'file.replace': {
    fields: ['path', 'content', 'expected'],
    channel: 'direct',
    inverse: 'file.replace',
    onCallerThread: 'yes',
  },
  'file.check': { fields: ['path', 'expected'], channel: 'direct', inverse: QUESTION, onCallerThread: 'yes' },
  'file.mark': {
    fields: ['path'],
    channel: 'direct',
    inverse: { none: 'it is the last of its plan, or goes with the file' },
    onCallerThread: 'yes',
  },
  'file.delete': {
    fields: ['path'],
    channel: 'direct',
    inverse: 'file.create',
    onCallerThread: 'yes',
    placeInEnd: 8,
  },
  'port.hold': {
    fields: ['protocol', 'address', 'port', 'optional', 'from'],
    channel: 'direct',
    inverse: 'port.release',
    onCallerThread: 'yes',
  },
  'port.release': {
    fields: ['protocol', 'address', 'port'],
    channel: 'direct',
    inverse: 'port.hold',
    onCallerThread: 'yes',
  },
  'conntrack.flush': {
    fields: [],
    parts: [
      ['addresses', 'texts'],
      ['ports', { fields: ['address', 'port', 'hostPort'] }],
    ],
    channel: 'direct',
    inverse: DELETION,
  },

  // Tables, chains, rules and sets are not for JavaScript's thread: the kernel looks at the whole table then.
  'generation.check': { fields: ['generation'], channel: 'nft', inverse: QUESTION },
  'table.add': { fields: ['family', 'table', 'comment'], channel: 'nft', inverse: 'table.delete' },
  'table.enable': {
    fields: ['family', 'table', 'comment'],
    channel: 'nft',
    inverse: { none: 'it was to be so before' },
  },
  'table.delete': { fields: ['family', 'table'], channel: 'nft', inverse: DELETION },
  'chain.add': {
    fields: ['family', 'table', 'chain', 'comment', 'type', 'hook', 'priority', 'policy'],
    channel: 'nft',
    inverse: 'chain.delete',
  },
  'chain.delete': { fields: ['family', 'table', 'chain'], channel: 'nft', inverse: DELETION },
  'chain.flush': { fields: ['family', 'table', 'chain'], channel: 'nft', inverse: DELETION },
  'rule.add': {
    fields: ['family', 'table', 'chain', 'comment'],
    parts: [['statements', STATEMENT]],
    channel: 'nft',
    inverse: { none: 'it goes with its chain' },
  },
  'set.add': {
    fields: ['family', 'table', 'set', 'type', 'dataType', 'interval', 'counter', 'comment'],
    channel: 'nft',
    inverse: 'set.delete',
  },
  'set.delete': { fields: ['family', 'table', 'set'], channel: 'nft', inverse: DELETION },
  'part.copy': {
    fields: ['family', 'table', 'kind', 'name', 'attributes'],
    channel: 'nft',
    inverse: { none: 'it goes with its table, which the same plan has made' },
  },
  'element.add': {
    fields: ['family', 'table', 'set', 'type', 'dataType', 'interval'],
    parts: [['elements', ELEMENT]],
    channel: 'nft',
    inverse: 'element.delete',
    onCallerThread: 'by its elements',
  },
  // Not with `ifCommented`, nor without the data of a map: what was there is not known then.
  'element.delete': {
    fields: ['family', 'table', 'set', 'type', 'dataType', 'interval', 'ifCommented'],
    parts: [['elements', ELEMENT]],
    channel: 'nft',
    inverse: 'element.add',
    onCallerThread: 'by its elements',
    placeInEnd: 7,
  },
}
