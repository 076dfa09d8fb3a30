import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sandbox } from 'slipway'
import { execIn, ip, ipJson, setSysctl, type World } from './world.js'

/** What others do to a host, by name, and who notices it. */

export interface Damaged {
  world: World
  /** On the default network, with a published port. */
  one: Sandbox
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
const vethOf = ({ world, one }: Damaged) => {
  const senders = execIn(world.host, 'nft', 'list', 'set', 'bridge', 'slipway', 'senders4')
  return new RegExp(`"(veth[0-9a-f]+)"[^"]*comment "${one.name} `).exec(senders)?.[1] ?? ''
}
const portsOf = (world: World) => execIn(world.host, 'nft', 'list', 'map', 'inet', 'slipway', 'published4')
/** Where the host has its records. */
export function stateFolder({ stateDir }: Pick<World, 'stateDir'>): string {
  const [host = ''] = readdirSync(stateDir).filter((name) => /^\d+$/.test(name))
  return join(stateDir, host)
}
const folderOf = ({ world }: Pick<Damaged, 'world'>) => stateFolder(world)
const addressOf = ({ endpoints }: Sandbox) => endpoints[0]?.addresses[0]?.split('/')[0] ?? ''

const RULES = { doctor: /of the ruleset, something was changed or deleted/ }
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
    do: (scene) =>
      nft(
        scene,
        `flush chain inet slipway forward; delete chain inet slipway forward; ${listed(scene, 'chain', 'inet', 'slipway', 'forward').replace('priority filter', 'priority 10')}`,
      ),
  },
  'a chain made anew at another hook': {
    ...RULES,
    do: (scene) =>
      nft(
        scene,
        `flush chain inet slipway sent; delete chain inet slipway sent; ${listed(scene, 'chain', 'inet', 'slipway', 'sent').replace('hook output', 'hook input')}`,
      ),
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
  'docker0 without its alias': { ...NETWORK, silent: true, do: (scene) => link(scene, 'set', 'docker0', 'alias', '') },
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
  'route_localnet of docker0 off': {
    ...NETWORK,
    silent: true,
    do: ({ world }) => setSysctl(world.host, 'net.ipv4.conf.docker0.route_localnet', '0'),
  },
}

/** What of the host is to be as before, a line for each thing; numbers of links and counters may be others. */
export function conditionOf({ world, one, both, web }: Damaged): Record<string, string[]> {
  const { host } = world
  const lines = (text: string) => text.split('\n').filter((line) => line !== '')
  const settings = ['ipv4.conf.docker0.forwarding', 'ipv4.conf.docker0.route_localnet', `ipv6.conf.${web}.forwarding`]
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
    links: ipJson<{
      ifname: string
      master?: string
      flags: string[]
      mtu: number
      group: string
      ifalias?: string
    }>(host, 'link')
      .map(({ ifname, master, flags, mtu, group, ifalias }) =>
        [ifname, master, flags.includes('UP'), mtu, group, ifalias].join(' '),
      )
      .sort(),
    addresses: ipJson<{ ifname: string; addr_info: { local: string; prefixlen: number }[] }>(host, 'address')
      .flatMap(({ ifname, addr_info }) => addr_info.map(({ local, prefixlen }) => `${ifname} ${local}/${prefixlen}`))
      .sort(),
    routes: [
      ...ipJson<{ dst: string; dev: string }>(host, 'route'),
      ...ipJson<{ dst: string; dev: string }>(host, '-6', 'route'),
    ]
      .map(({ dst, dev }) => `${dst} ${dev}`)
      .sort(),
    // Elements come in any order, and stand several in a line or not.
    ruleset: lines(execIn(host, 'nft', '--stateless', 'list', 'ruleset'))
      .map((line) =>
        line
          .replace(/^\s*elements = \{/, '')
          .replace(/[,}\s]*$/, '')
          .trim(),
      )
      .sort(),
    settings: settings.map((key) => {
      try {
        return execIn(host, 'sysctl', '-e', `net.${key}`).trim()
      } catch {
        return `${key}: none`
      }
    }),
    namespaces: world.namespaces(),
  }
}
