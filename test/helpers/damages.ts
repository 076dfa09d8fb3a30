import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from 'slipway'
import { execIn, getSysctl, ip, ipJson, ipJsonOf, setSysctl, type World } from './world.js'

/** What others do to a host, by name, and who notices it. */

export interface Damaged {
  world: World
  /** On the default network, with a published port. */
  one: Sandbox
  /** On the same. */
  beside: Sandbox
  /** On a network of both IP versions. */
  both: Sandbox
  /** The bridge of that network. */
  web: string
}

export interface Damage {
  /** What is done, on the host. */
  do(scene: Damaged): unknown
  /** The kernel tells nobody of it: a process that is open notices it when it looks for another reason. */
  silent?: true
  /** What doctor says of it. Left out where only a process that was open before knows what was there. */
  doctor?: RegExp
}

const nft = ({ world }: Damaged, ...lines: string[]) => lines.forEach((line) => execIn(world.host, 'nft', line))
const link = ({ world }: Damaged, ...words: string[]) => execIn(world.host, 'ip', 'link', ...words)
/** As the host has it, in words that nft takes. */
const listed = ({ world }: Damaged, ...what: string[]) => execIn(world.host, 'nft', '--stateless', 'list', ...what)
/** The handle of the rule with a comment. */
const handleOf = ({ world }: Damaged, chain: string, comment: string) => {
  const rules = execIn(world.host, 'nft', '-a', 'list', 'chain', 'inet', 'slipway', chain)
  return new RegExp(`comment "${comment}".* handle (\\d+)`).exec(rules)?.[1] ?? ''
}
const vethOf = ({ world, one }: Damaged, of: Sandbox = one) => {
  const senders = execIn(world.host, 'nft', 'list', 'set', 'bridge', 'slipway', 'senders4')
  return new RegExp(`"(veth[0-9a-f]+)"[^"]*comment "${of.name} `).exec(senders)?.[1] ?? ''
}
/** The bridge's entry for the MAC address of `one`. */
const setEntry = ({ world, one }: Damaged, how: string, port: string, ...words: string[]) =>
  execIn(world.host, 'bridge', 'fdb', how, one.endpoints[0]?.mac ?? '', 'dev', port, 'master', ...words)
/** At once: who looks in between finds a link that has gone. */
function swapNames({ world }: Damaged, one: string, other: string): void {
  const renamed = [
    [one, 'between'],
    [other, one],
    ['between', other],
  ].map(([from, to]) => `link set ${from} name ${to}\n`)
  execIn(world.host, 'sh', '-ec', `printf '${renamed.join('')}' | ip -batch -`)
}
/** A sysfs shows the links of the namespace that it was mounted in. */
const inSysfs = ({ host }: World, path: string, value: string) =>
  execFileSync(
    'unshare',
    [
      ...['--mount', 'nsenter', `--net=${host.path}`, 'sh', '-ec'],
      `mount -t sysfs sysfs /sys; echo ${value} > /sys/class/net/${path}`,
    ],
    // A sanitizer is for us, not for the tools.
    { env: { ...process.env, LD_PRELOAD: '' } },
  )
const portsOf = (world: World) => execIn(world.host, 'nft', 'list', 'map', 'inet', 'slipway', 'published4')
/** Where the host has its records. */
export function stateFolder({ stateDir }: Pick<World, 'stateDir'>): string {
  const [host = ''] = readdirSync(stateDir).filter((name) => /^\d+$/.test(name))
  return join(stateDir, host)
}
const folderOf = ({ world }: Pick<Damaged, 'world'>) => stateFolder(world)
const addressOf = ({ endpoints }: Sandbox) => endpoints[0]?.addresses[0]?.split('/')[0] ?? ''

/** A chain, with its rules, and one thing otherwise. */
function makeAnew(scene: Damaged, chain: string, is: string, other: string): void {
  const text = listed(scene, 'chain', 'inet', 'slipway', chain).replace(is, other)
  nft(scene, `flush chain inet slipway ${chain}; delete chain inet slipway ${chain}; ${text}`)
}

const RULES = { doctor: /of the ruleset, something was changed or deleted/ }
/** Not every kernel has it (CONFIG_BRIDGE_VLAN_FILTERING). */
const FILTERS_VLANS =
  spawnSync('unshare', ['--net', 'ip', 'link', 'add', 'probe', 'type', 'bridge', 'vlan_filtering', '1']).status === 0

const NETWORK = { doctor: /of networks, something was changed or deleted/ }
const SANDBOX = { doctor: /of sandboxes, something was changed or deleted/ }

export const DAMAGES: Readonly<Record<string, Damage>> = {
  'nft flush ruleset': { ...RULES, do: (scene) => nft(scene, 'flush ruleset') },
  'the table inet slipway deleted': { ...RULES, do: (scene) => nft(scene, 'delete table inet slipway') },
  'the table bridge slipway deleted': { ...RULES, do: (scene) => nft(scene, 'delete table bridge slipway') },
  'the table inet slipway flushed': { ...RULES, do: (scene) => nft(scene, 'flush table inet slipway') },
  'the chain forward flushed': { ...RULES, do: (scene) => nft(scene, 'flush chain inet slipway forward') },
  'one rule deleted': {
    ...RULES,
    do(scene) {
      const rules = execIn(scene.world.host, 'nft', '-a', 'list', 'chain', 'inet', 'slipway', 'forward')
      const [, handle] = /handle (\d+)\n\t}\n}\s*$/.exec(rules) ?? []
      nft(scene, `delete rule inet slipway forward handle ${handle}`)
    },
  },
  'the table inet slipway made dormant': {
    ...RULES,
    do: (scene) => nft(scene, 'add table inet slipway { flags dormant; }'),
  },
  'the table bridge slipway made dormant': {
    ...RULES,
    do: (scene) => nft(scene, 'add table bridge slipway { flags dormant; }'),
  },
  'the policy of a chain changed': {
    ...RULES,
    do: (scene) => nft(scene, 'chain inet slipway forward { policy drop; }'),
  },
  'a chain made anew with another priority': {
    ...RULES,
    do: (scene) => makeAnew(scene, 'forward', 'priority filter', 'priority 10'),
  },
  'a chain made anew at another hook': {
    ...RULES,
    do: (scene) => makeAnew(scene, 'sent', 'hook output', 'hook input'),
  },
  'a chain renamed': { ...RULES, do: (scene) => nft(scene, 'rename chain inet slipway forward old') },
  'a chain that is jumped to renamed': { ...RULES, do: (scene) => nft(scene, 'rename chain inet slipway into old') },
  'a rule replaced under its comment': {
    ...RULES,
    do(scene) {
      const comment = 'nothing else gets into a network'
      const handle = handleOf(scene, 'into', comment)
      nft(scene, `replace rule inet slipway into handle ${handle} counter accept comment "${comment}"`)
    },
  },
  'a rule that is another in its map alone': {
    ...RULES,
    do(scene) {
      const comment = 'a port of every host address'
      const handle = handleOf(scene, 'to_sandbox', comment)
      const to = 'dnat ip to meta l4proto . udp dport map @published4'
      nft(scene, `replace rule inet slipway to_sandbox handle ${handle} ${to} comment "${comment}"`)
    },
  },
  'a rule inserted a second time': {
    ...RULES,
    do: (scene) => nft(scene, 'insert rule inet slipway forward accept comment "what has begun may go on"'),
  },
  'two rules in the other order': {
    ...RULES,
    do(scene) {
      const comment = 'a published port'
      nft(
        scene,
        `delete rule inet slipway into handle ${handleOf(scene, 'into', comment)}; insert rule inet slipway into ct status dnat accept comment "${comment}"`,
      )
    },
  },
  'a set made anew with room for few': {
    ...RULES,
    do: (scene) =>
      nft(
        scene,
        `delete table bridge slipway; ${listed(scene, 'table', 'bridge', 'slipway').replace('set senders4 {', 'set senders4 {\nsize 9')}`,
      ),
  },
  'the claim of an address deleted': {
    ...SANDBOX,
    do: (scene) => nft(scene, `delete element inet slipway addresses4 { ${addressOf(scene.one)} }`),
  },
  'a published port deleted': {
    ...SANDBOX,
    do: (scene) => nft(scene, 'delete element inet slipway published4 { tcp . 8080 }'),
  },
  'a published port led elsewhere under its comment': {
    ...SANDBOX,
    do({ world, one, both }) {
      const [, comment] = new RegExp(`tcp \\. 8080[^,}]*comment "(${one.name} [^"]*)"`).exec(portsOf(world)) ?? []
      const element = `tcp . 8080 comment "${comment}" : ${addressOf(both)} . 80`
      execIn(
        world.host,
        'nft',
        `delete element inet slipway published4 { tcp . 8080 }; add element inet slipway published4 { ${element} }`,
      )
    },
  },
  'the MAC addresses flushed': { ...SANDBOX, do: (scene) => nft(scene, 'flush set inet slipway macs') },
  'the bridges flushed': { ...NETWORK, do: (scene) => nft(scene, 'flush set inet slipway bridges') },
  'docker0 deleted': { ...SANDBOX, do: (scene) => link(scene, 'delete', 'docker0') },
  'the bridge of web deleted': {
    doctor: /the bridge of the network web was deleted/,
    do: (scene) => link(scene, 'delete', scene.web),
  },
  'docker0 down': { ...NETWORK, do: (scene) => link(scene, 'set', 'docker0', 'down') },
  'the bridge of web down': { ...NETWORK, do: (scene) => link(scene, 'set', scene.web, 'down') },
  'docker0 renamed': { ...SANDBOX, do: (scene) => link(scene, 'set', 'docker0', 'name', 'old0') },
  'the bridge of web renamed': { ...NETWORK, do: (scene) => link(scene, 'set', scene.web, 'name', 'old1') },
  'docker0 without its address': {
    ...NETWORK,
    do: ({ world }) => execIn(world.host, 'ip', 'address', 'flush', 'dev', 'docker0'),
  },
  'the bridge of web without its addresses': {
    ...NETWORK,
    do: ({ world, web }) => execIn(world.host, 'ip', 'address', 'flush', 'dev', web),
  },
  'docker0 with another MTU': { ...NETWORK, do: (scene) => link(scene, 'set', 'docker0', 'mtu', '1400') },
  'the bridge of web with another MTU': { ...NETWORK, do: (scene) => link(scene, 'set', scene.web, 'mtu', '1400') },
  'docker0 in another group': { ...NETWORK, do: (scene) => link(scene, 'set', 'docker0', 'group', '7') },
  'docker0 without its alias': { ...NETWORK, do: (scene) => link(scene, 'set', 'docker0', 'alias', '') },
  'docker0 with another MAC address': {
    ...NETWORK,
    do: (scene) => link(scene, 'set', 'docker0', 'address', '02:00:00:00:00:99'),
  },
  'the bridge of web with another MAC address': {
    ...NETWORK,
    do: (scene) => link(scene, 'set', scene.web, 'address', '02:00:00:00:00:99'),
  },
  ...Object.fromEntries(
    ['no_linklocal_learn 0', 'mcast_snooping 1', 'stp_state 1', ...(FILTERS_VLANS ? ['vlan_filtering 1'] : [])].map(
      (setting): [string, Damage] => [
        `a bridge with ${setting}`,
        {
          ...NETWORK,
          do: (scene) => link(scene, 'set', scene.web, 'type', 'bridge', ...setting.split(' ')),
        },
      ],
    ),
  ),
  "two bridges with each other's names": {
    ...SANDBOX,
    do: (scene) => swapNames(scene, 'docker0', scene.web),
  },
  'the bridge of web answers no ARP': {
    ...NETWORK,
    do: ({ world, web }) => setSysctl(world.host, `net.ipv4.conf.${web}.arp_ignore`, '8'),
  },
  'the bridge of web without IPv6': {
    ...NETWORK,
    do: ({ world, web }) => setSysctl(world.host, `net.ipv6.conf.${web}.disable_ipv6`, '1'),
  },
  'the route to the default network deleted': {
    ...NETWORK,
    do: ({ world }) => execIn(world.host, 'ip', 'route', 'delete', '172.17.0.0/16', 'dev', 'docker0'),
  },
  'the IPv6 route to web deleted': {
    ...NETWORK,
    do: ({ world, web }) => execIn(world.host, 'ip', '-6', 'route', 'delete', 'fd00:7::/64', 'dev', web),
  },
  'a link off its bridge': { ...SANDBOX, do: (scene) => link(scene, 'set', vethOf(scene), 'nomaster') },
  'a link down': { ...SANDBOX, do: (scene) => link(scene, 'set', vethOf(scene), 'down') },
  'a link in another group': { ...SANDBOX, do: (scene) => link(scene, 'set', vethOf(scene), 'group', '7') },
  'a link with another MTU': { ...SANDBOX, do: (scene) => link(scene, 'set', vethOf(scene), 'mtu', '1400') },
  ...Object.fromEntries(
    [
      'flood on',
      'group_fwd_mask 0',
      'isolated on',
      'mcast_flood off',
      'bcast_flood off',
      'proxy_arp on',
      'proxy_arp_wifi on',
      'neigh_suppress on',
    ].map((setting): [string, Damage] => [
      `a port with ${setting}`,
      {
        ...SANDBOX,
        do: (scene) => link(scene, 'set', vethOf(scene), 'type', 'bridge_slave', ...setting.split(' ')),
      },
    ]),
  ),
  'a port that is disabled': {
    ...SANDBOX,
    do: (scene) => execIn(scene.world.host, 'bridge', 'link', 'set', 'dev', vethOf(scene), 'state', '0'),
  },
  'a port that was set by bridge(8)': {
    ...SANDBOX,
    do: (scene) => execIn(scene.world.host, 'bridge', 'link', 'set', 'dev', vethOf(scene), 'flood', 'on'),
  },
  'a port that was set by its folder in /sys': {
    ...SANDBOX,
    do: (scene) => inSysfs(scene.world, `${vethOf(scene)}/brport/unicast_flood`, '1'),
  },
  "the bridge's entry for a MAC address deleted": {
    ...SANDBOX,
    do: (scene) => setEntry(scene, 'delete', vethOf(scene)),
  },
  "the bridge's entry for a MAC address led to another port": {
    ...SANDBOX,
    do: (scene) => setEntry(scene, 'replace', vethOf(scene, scene.beside), 'static', 'sticky'),
  },
  ...Object.fromEntries(
    [
      ['one that is learned', 'dynamic'],
      ['one that frames may move', 'static'],
      ["the bridge's own", 'permanent'],
    ].map(([what, how = '']): [string, Damage] => [
      `the bridge's entry for a MAC address made ${what}`,
      { ...SANDBOX, do: (scene) => setEntry(scene, 'replace', vethOf(scene), how) },
    ]),
  ),
  "two links with each other's names": {
    ...SANDBOX,
    do: (scene) => swapNames(scene, vethOf(scene), vethOf(scene, scene.both)),
  },
  'a link renamed': { ...SANDBOX, do: (scene) => link(scene, 'set', vethOf(scene), 'name', 'old2') },
  'a link deleted': { ...SANDBOX, do: (scene) => link(scene, 'delete', vethOf(scene)) },
  'forwarding of docker0 off': {
    ...NETWORK,
    do: ({ world }) => setSysctl(world.host, 'net.ipv4.conf.docker0.forwarding', '0'),
  },
  'IPv6 forwarding of web off': {
    ...NETWORK,
    do: ({ world, web }) => setSysctl(world.host, `net.ipv6.conf.${web}.forwarding`, '0'),
  },
  'the name of a namespace deleted while a process is in it': {
    doctor: /the namespace of .* is not at .* any more/,
    do: ({ one }) => ip('netns', 'delete', one.name),
  },
  'a namespace unmounted while a process is in it': {
    doctor: /the namespace of .* is not at .* any more/,
    do: ({ one }) => execFileSync('umount', [one.path]),
  },
  'the record of a sandbox deleted': {
    do: (scene) => rmSync(join(folderOf(scene), 'sandboxes', `${scene.one.name}.json`)),
  },
  'the record of a network deleted': { do: (scene) => rmSync(join(folderOf(scene), 'networks', 'web.json')) },
  'all records deleted, with their folders': { do: (scene) => rmSync(folderOf(scene), { recursive: true }) },
  'the record and the name of the namespace of a sandbox deleted': {
    do(scene) {
      ip('netns', 'delete', scene.one.name)
      rmSync(join(folderOf(scene), 'sandboxes', `${scene.one.name}.json`))
    },
  },
  'a bridge that was set by its folder in /sys': {
    ...NETWORK,
    do: ({ world, web }) => inSysfs(world, `${web}/bridge/multicast_snooping`, '1'),
  },
  'route_localnet of docker0 off': {
    ...NETWORK,
    do: ({ world }) => setSysctl(world.host, 'net.ipv4.conf.docker0.route_localnet', '0'),
  },
}

/** What decides which frames pass a bridge or a port, as `ip -json` calls it. */
const BRIDGE_WORDS = ['stp_state', 'vlan_filtering', 'mcast_snooping', 'no_linklocal_learn']
const PORT_WORDS = [
  ...['state', 'hairpin', 'flood', 'group_fwd_mask', 'isolated', 'mcast_flood', 'bcast_flood', 'proxy_arp'],
  ...['proxy_arp_wifi', 'neigh_suppress'],
]
interface Link {
  ifname: string
  master?: string
  flags: string[]
  address: string
  mtu: number
  group: string
  ifalias?: string
  linkinfo?: {
    info_kind?: string
    info_data?: Record<string, unknown>
    info_slave_kind?: string
    info_slave_data?: Record<string, unknown>
  }
}

interface Address {
  ifname: string
  addr_info: { local: string; prefixlen: number }[]
}
interface Route {
  dst: string
  dev: string
}

/** What of the host is to be as before, a line for each thing; numbers of links and counters may be others. */
export function conditionOf({ world, one, both, web }: Damaged): Record<string, string[]> {
  const { host } = world
  const lines = (text: string) => text.split('\n').filter((line) => line !== '')
  const settings = [
    'ipv4.conf.docker0.forwarding',
    'ipv4.conf.docker0.route_localnet',
    `ipv4.conf.${web}.arp_ignore`,
    `ipv6.conf.${web}.forwarding`,
  ].map((key) => `${key} = ${getSysctl(host, `net.${key}`)}`)
  const [links, addresses, routes] = ipJsonOf(host, 'link', 'address', 'route') as unknown as [
    Link[],
    Address[],
    Route[],
  ]
  const routes6 = ipJson<Route>(host, '-6', 'route')
  const ruleset = execIn(host, 'nft', '--stateless', 'list', 'ruleset')
  const entries = execIn(host, 'bridge', 'fdb', 'show')
  const records = ['sandboxes', 'networks'].map((what) => join(folderOf({ world }), what))
  return {
    records: records
      .flatMap((folder) =>
        (existsSync(folder) ? readdirSync(folder) : [])
          .filter((name) => name.endsWith('.json'))
          .map((name) => `${name} ${statSync(join(folder, name)).mode}`),
      )
      .sort(),
    names: [one, both].map(({ path }) => (existsSync(path) ? String(statSync(path).ino) : '')),
    links: links
      .map(({ ifname, master, flags, mtu, group, ifalias }) =>
        [ifname, master, flags.includes('UP'), mtu, group, ifalias].join(' '),
      )
      .sort(),
    frames: links
      .flatMap(({ ifname, address, linkinfo: { info_kind, info_data, info_slave_kind, info_slave_data } = {} }) => [
        ...(info_kind === 'bridge'
          ? BRIDGE_WORDS.map((word) => `${ifname} ${address} ${word} ${info_data?.[word]}`)
          : []),
        ...(info_slave_kind === 'bridge'
          ? PORT_WORDS.map((word) => `${ifname} ${word} ${info_slave_data?.[word]}`)
          : []),
      ])
      .sort(),
    entries: lines(entries)
      .filter((line) => line.includes(' static'))
      .sort(),
    addresses: addresses
      .flatMap(({ ifname, addr_info }) => addr_info.map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`))
      .sort(),
    routes: [...routes, ...routes6].map(({ dst, dev }) => `${dst} ${dev}`).sort(),
    // Elements come in any order, and stand several in a line or not.
    ruleset: lines(ruleset)
      .map((line) =>
        line
          .replace(/^\s*elements = \{/, '')
          .replace(/[,}\s]*$/, '')
          .trim(),
      )
      .sort(),
    settings,
    namespaces: world.namespaces(),
  }
}
